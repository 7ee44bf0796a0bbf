import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { DovecotOptions } from "../../../test/mail/dovecot.ts";
import type { FaultProxyOptions } from "../../../test/mail/faultProxy.ts";
import { AccountFailure } from "./account.failure.ts";
import { createAccountSync } from "./account.sync.ts";
import {
  folderIdOf,
  letter,
  pictureThere,
  rowOf,
  sha256,
  startHouse,
  type Both,
  type House,
} from "./accounts.fixture.ts";
import { onServer, rowThatIs, sameOn } from "./accounts.server.fixture.ts";
import type { ImapSession } from "./imap.port.ts";
import { dropEmptyFolders } from "./syncFolders.ts";

/** What happens there between two commands of a round: found by random acts, each written down by itself. */
let house: House;
beforeAll(async () => {
  house = await startHouse();
});
afterAll(() => house.stop());

const without = ["CONDSTORE", "QRESYNC", "MOVE", "UIDPLUS", "ESEARCH", "LIST-STATUS"] as const;
const servers: Readonly<Record<string, DovecotOptions & FaultProxyOptions>> = {
  QRESYNC: {},
  "neither CONDSTORE nor MOVE": { without },
  "no word of where anything lies after it was moved": { without, tellsUids: false },
};

const row = (both: Both, id: string) => rowThatIs(house, both, id);
const same = (both: Both) => sameOn(house, both);

describe.each(Object.entries(servers))("with %s", (_name, options) => {
  const { withBoth, renumber } = onServer(() => house, options);
  const ourFolder = ({ mailboxId }: Both, role: "archive" | "junk") => folderIdOf(house, mailboxId, role);
  const roundWith = (both: Both, over: Partial<ImapSession>) =>
    createAccountSync({ ...both.work, session: { ...both.work.session, ...over } }).round({ thorough: true });
  /** Another client's act at the moment at which a round opens INBOX to look into it: Archive was looked into before. */
  const beforeInbox = ({ work }: Both, act: () => Promise<unknown>): Partial<ImapSession> => {
    let isDone = false;
    return {
      async select(path) {
        if (path === "INBOX" && !isDone) {
          isDone = true;
          await act();
        }
        return work.session.select(path);
      },
    };
  };
  const moveThere = async ({ other }: Both, from: string, to: string) => {
    await other.mailboxOpen(from);
    await other.messageMove("1", to, { uid: true });
    await other.mailboxOpen("Sent");
  };

  it.each([
    ["out of a folder that is still to be looked into, into one that was", "INBOX", "Archive"],
    ["out of a folder that was looked into, into one that is still to be", "Archive", "INBOX"],
  ])("[ACC-2] moved there during a round %s: the same message", (_what, from, to) =>
    withBoth(async (both) => {
      await both.other.append(from, letter("m1@x"));
      await both.settle();
      const before = await row(both, "m1@x");
      await roundWith(
        both,
        beforeInbox(both, () => moveThere(both, from, to)),
      );
      await both.settle();
      expect(await same(both)).toMatchObject({ [from]: [], [to]: ["m1@x 0"] });
      expect((await row(both, "m1@x")).id).toBe(before.id);
    }),
  );

  it.each([
    ["INBOX", "Archive"],
    ["Archive", "INBOX"],
  ])(
    "[ACC-3] moved there from %s to %s during a round, and here meanwhile: one message, where it was put here",
    (from, to) =>
      withBoth(async (both) => {
        await both.other.append(from, letter("b1@x"));
        await both.settle();
        const { id } = await row(both, "b1@x");
        const folderId = await ourFolder(both, "junk");
        await roundWith(
          both,
          beforeInbox(both, async () => {
            await both.change("mail.update", id, { folderId });
            await moveThere(both, from, to);
          }),
        );
        await both.settle();
        expect(await same(both)).toMatchObject({ INBOX: [], Archive: [], Junk: ["b1@x 0"] });
        expect((await row(both, "b1@x")).id).toBe(id);
      }),
  );

  it("[ACC-2] copied there: two messages, the first as it was", () =>
    withBoth(async (both) => {
      await both.other.append("INBOX", letter("c1@x"));
      await both.settle();
      const before = await row(both, "c1@x");
      await both.other.mailboxOpen("INBOX");
      await both.other.messageCopy("1", "Archive", { uid: true });
      await both.settle();
      expect(await same(both)).toMatchObject({ INBOX: ["c1@x 0"], Archive: ["c1@x 0"] });
      const { rows } = await house.test.pool.query("select folder_id from mail_message where id = $1", [before.id]);
      expect(rows).toEqual([{ folder_id: before.folder_id }]);
    }));

  it("[ACC-3] a folder that is deleted there just after a message was moved into it here: the message is kept in it", () =>
    withBoth(async (both) => {
      const { other, mailboxId, work } = both;
      await other.mailboxCreate("Doomed");
      for (const id of ["f1@x", "f2@x"]) await other.append("INBOX", letter(id));
      await other.append("Doomed", letter("old@x"));
      await both.settle();
      const folderId = await folderIdOf(house, mailboxId, { name: "Doomed" });
      await both.change("mail.update", (await row(both, "f1@x")).id, { folderId });
      await roundWith(both, {
        async move(uids, path) {
          const moved = await work.session.move(uids, path);
          await other.mailboxDelete("Doomed");
          return moved;
        },
      });
      await both.settle();
      expect(await same(both)).toMatchObject({ INBOX: ["f2@x 0"], Doomed: ["f1@x 0"] });
    }));

  it("moved there into a folder at the moment at which that is deleted here: the message is not gone with it", () =>
    withBoth(async (both) => {
      const { other, mailboxId, work } = both;
      await other.mailboxCreate("Leaving");
      await other.append("INBOX", letter("h1@x"));
      await other.append("Leaving", letter("h2@x"));
      await both.settle();
      await both.change("folder.delete", await folderIdOf(house, mailboxId, { name: "Leaving" }), {});
      await roundWith(both, {
        async deleteFolder(path) {
          await other.mailboxOpen("INBOX");
          await other.messageMove("1", "Leaving", { uid: true }).catch(() => undefined);
          await other.mailboxOpen("Sent");
          await work.session.deleteFolder(path);
        },
      });
      await both.settle();
      expect(await same(both)).toMatchObject({ INBOX: ["h1@x 0"], Trash: ["h2@x 0"] });
      expect(Object.keys(await pictureThere(other)).filter((path) => path.startsWith("Leaving"))).toEqual([]);
    }));

  it("put there into a folder while that is emptied to be deleted: in the trash, and not gone with it", () =>
    withBoth(async (both) => {
      const { other, mailboxId, work } = both;
      await other.mailboxCreate("Emptied");
      await other.append("Emptied", letter("p1@x"));
      await both.settle();
      await both.change("folder.delete", await folderIdOf(house, mailboxId, { name: "Emptied" }), {});
      await other.append("Emptied", letter("p2@x"));
      let isLate = false;
      await roundWith(both, {
        async move(uids, path) {
          const moved = await work.session.move(uids, path);
          const aside = (await other.list()).find((each) => each.path.startsWith("Emptied ("));
          if (aside && !isLate) await other.append(aside.path, letter("p3@x"));
          isLate ||= aside !== undefined;
          return moved;
        },
      });
      await both.settle();
      expect(isLate).toBe(true);
      expect(await same(both)).toMatchObject({ Trash: ["p1@x 0", "p2@x 0", "p3@x 0"] });
    }));

  it("a folder that lies nowhere there any more stays for what is put into it here at that moment", () =>
    withBoth(async (both) => {
      const { mailboxId, other, work } = both;
      const { pool } = house.test;
      await other.mailboxCreate("Dropped");
      await other.append("INBOX", letter("d1@x"));
      await both.settle();
      const [folderId, { id }] = [await folderIdOf(house, mailboxId, { name: "Dropped" }), await row(both, "d1@x")];
      await pool.query("delete from mail_remote_folder where folder_id = $1", [folderId]);
      const somebody = await pool.connect();
      try {
        await somebody.query("begin");
        await somebody.query("update mail_message set folder_id = $1 where id = $2", [folderId, id]);
        const dropping = dropEmptyFolders(work);
        dropping.catch(() => undefined);
        await vi.waitFor(async () => {
          const { rowCount } = await pool.query("select from pg_locks where not granted");
          expect(rowCount).toBeGreaterThan(0);
        });
        await somebody.query("commit");
        await dropping;
      } finally {
        somebody.release();
      }
      expect(await folderIdOf(house, mailboxId, { name: "Dropped" })).toBe(folderId);
    }));

  /** What a server without MOVE has done when the connection ends between the two commands of it. */
  const halfMove =
    ({ other, work }: Both): ImapSession["move"] =>
    async (uids, path) => {
      if (work.session.offers.move) await work.session.move(uids, path);
      else {
        await other.mailboxOpen("INBOX");
        await other.messageCopy(uids.join(","), path, { uid: true });
      }
      throw new AccountFailure("closed");
    };

  it("[ACC-4] a move that is cut off after its copy was made is one message in the end", () =>
    withBoth(async (both) => {
      for (const id of ["j1@x", "j2@x"]) await both.other.append("INBOX", letter(id));
      await both.settle();
      await both.change("mail.update", (await row(both, "j1@x")).id, { folderId: await ourFolder(both, "archive") });
      await expect(roundWith(both, { move: halfMove(both) })).rejects.toMatchObject({ reason: "closed" });
      await both.settle();
      expect(await same(both)).toMatchObject({ INBOX: ["j2@x 0"], Archive: ["j1@x 0"] });
    }));

  it("[ACC-4] so it is where UIDs mean other messages when it is resumed, with and without a Message-ID", () =>
    withBoth(async (both) => {
      const { other, mailboxId, user } = both;
      const nameless = letter("n1@x").replace(/^Message-ID:.*\r\n/m, "");
      for (const source of [letter("u1@x"), letter("u2@x"), nameless]) await other.append("INBOX", source);
      await both.settle();
      const folderId = await ourFolder(both, "archive");
      const name = `${sha256(nameless)}@missing.invalid`;
      for (const id of ["u1@x", name]) await both.change("mail.update", (await row(both, id)).id, { folderId });
      const { id } = await row(both, "u1@x");
      await expect(roundWith(both, { move: halfMove(both) })).rejects.toMatchObject({ reason: "closed" });
      await other.mailboxOpen("Junk");
      await renumber(user, "INBOX", 4_711);
      await both.reopen();
      await both.settle();
      expect(await same(both)).toMatchObject({ INBOX: ["u2@x 0"], Archive: [`${name} 0`, "u1@x 0"].toSorted() });
      expect((await rowOf(house, mailboxId, "u1@x"))?.id).toBe(id);
    }));

  it("[ACC-3] deleted there after it was seen where it was moved to here: it goes here, too", () =>
    withBoth(async (both) => {
      const { other } = both;
      await other.append("INBOX", letter("g1@x"));
      await both.settle();
      await both.change("mail.update", (await row(both, "g1@x")).id, { folderId: await ourFolder(both, "archive") });
      await both.settle();
      await other.mailboxOpen("Archive");
      await other.messageDelete("1:*", { uid: true });
      await both.settle();
      expect(await same(both)).toMatchObject({ INBOX: [], Archive: [] });
    }));

  it.each([
    ["before", "it was moved there"],
    ["after", "it was moved there, whose answer was lost"],
  ])("[ACC-4] deleted for good here %s %s: it does not come again", (when) =>
    withBoth(async (both) => {
      const { other, work, mailboxId } = both;
      for (const id of ["k1@x", "k2@x"]) await other.append("INBOX", letter(id));
      await both.settle();
      const { id } = await row(both, "k1@x");
      await both.change("mail.update", id, { folderId: await folderIdOf(house, mailboxId, "trash") });
      if (when === "before") await both.change("mail.delete", id, {});
      const move: ImapSession["move"] = async (...args) => {
        await work.session.move(...args);
        throw new AccountFailure("closed");
      };
      const [round] = await Promise.allSettled([roundWith(both, { move })]);
      // Without MOVE it is not copied first.
      expect(round.status).toBe(when === "before" && !work.session.offers.move ? "fulfilled" : "rejected");
      if (when === "after") await both.change("mail.delete", id, {});
      await both.settle();
      expect(await same(both)).toMatchObject({ INBOX: ["k2@x 0"], Trash: [] });
    }),
  );

  it("[ACC-4] deleted for good here at the moment at which it is found where it was moved to: it does not come again", () =>
    withBoth(async (both) => {
      const { other, work, mailboxId } = both;
      for (const id of ["n1@x", "n2@x"]) await other.append("INBOX", letter(id));
      await both.settle();
      const { id } = await row(both, "n1@x");
      await both.change("mail.update", id, { folderId: await folderIdOf(house, mailboxId, "trash") });
      const move: ImapSession["move"] = async (...args) => {
        await work.session.move(...args);
        return { uids: new Map(), uidValidity: undefined };
      };
      await roundWith(both, {
        move,
        async fetchIdentities(uids) {
          const found = await work.session.fetchIdentities(uids);
          if (await rowOf(house, mailboxId, "n1@x")) await both.change("mail.delete", id, {});
          return found;
        },
      });
      await both.settle();
      expect(await same(both)).toMatchObject({ INBOX: ["n2@x 0"], Trash: [] });
    }));
});
