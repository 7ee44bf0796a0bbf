import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sql } from "kysely";
import type { DovecotOptions } from "../../../test/mail/dovecot.ts";
import type { FaultProxyOptions } from "../../../test/mail/faultProxy.ts";
import { AccountFailure } from "./account.failure.ts";
import { createAccountSync } from "./account.sync.ts";
import { folderIdOf, letter, startHouse, type Both, type House } from "./accounts.fixture.ts";
import { onServer, rowThatIs, sameOn } from "./accounts.server.fixture.ts";
import type { ImapSession } from "./imap.port.ts";
import { toMarks } from "./marks.ts";

/** Messages that are alike: of the same Message-ID, without any, or in several folders. */
let house: House;
beforeAll(async () => {
  house = await startHouse();
});
afterAll(() => house.stop());

const old = ["CONDSTORE", "QRESYNC", "MOVE", "UIDPLUS", "ESEARCH", "LIST-STATUS"] as const;
const servers: Readonly<Record<string, DovecotOptions & FaultProxyOptions>> = {
  QRESYNC: {},
  "no word of where anything lies after it was moved": { without: old, tellsUids: false },
};

const same = (both: Both) => sameOn(house, both);
const row = (both: Both, id: string) => rowThatIs(house, both, id);
const folder = ({ mailboxId }: Both, name: string) => folderIdOf(house, mailboxId, { name });

/** What lies where, by what it says: `folder body marks`. */
async function bodies({ mailboxId }: Both): Promise<readonly string[]> {
  const { rows } = await sql<{ id: string; folder: string; body: string; seen: boolean; flagged: boolean }>`
    select message.id, coalesce(folder.role, folder.name) as folder, content.snippet as body, message.seen, message.flagged
    from mail_message message join mail_content content on content.id = message.content_id
      join mail_folder folder on folder.id = message.folder_id
    where message.mailbox_id = ${mailboxId}`.execute(house.db);
  return rows.map((each) => `${each.folder} ${each.body} ${toMarks(each)}`).toSorted();
}

async function bodiesThere({ other }: Both): Promise<readonly string[]> {
  const found: string[] = [];
  for (const { path } of await other.list()) {
    await other.mailboxOpen(path);
    for await (const { source, flags } of other.fetch("1:*", { source: true, flags: true }, { uid: true })) {
      if (flags?.has("\\Deleted")) continue;
      const body = source?.toString().split("\r\n\r\n")[1]?.trim();
      const marks = toMarks({ seen: flags?.has("\\Seen") ?? false, flagged: flags?.has("\\Flagged") ?? false });
      found.push(`${path.toLowerCase()} ${body} ${marks}`);
    }
  }
  return found.toSorted();
}

const idOfBody = async ({ mailboxId }: Both, body: string): Promise<string> => {
  const { rows } = await sql<{ id: string }>`select message.id from mail_message message
    join mail_content content on content.id = message.content_id
    where message.mailbox_id = ${mailboxId} and content.snippet = ${body}`.execute(house.db);
  expect(rows).toHaveLength(1);
  return rows[0]?.id ?? "";
};

const nameless = (body: string): string =>
  `Subject: no name\r\nDate: Mon, 1 Jun 2026 10:00:00 +0000\r\n\r\n${body}\r\n`;

describe.each(Object.entries(servers))("with %s", (_name, options) => {
  const { withBoth, renumber } = onServer(() => house, options);

  it("[ACC-2] several of one Message-ID in one folder, each with its own text: none is taken for another", () =>
    withBoth(async (both) => {
      const { other, mailboxId, user } = both;
      const at = new Date("2026-06-01T10:00:00Z");
      for (const body of ["one", "two", "six", "ten"]) await other.append("INBOX", letter("dup@x", body), [], at);
      await both.settle();
      const ids = await Promise.all(["one", "two", "six", "ten"].map((body) => idOfBody(both, body)));
      await both.change("mail.update", ids[0] ?? "", { flagged: true });
      await both.change("mail.update", ids[1] ?? "", { folderId: await folderIdOf(house, mailboxId, "archive") });
      await other.mailboxOpen("INBOX");
      await other.messageDelete("3", { uid: true });
      await other.mailboxOpen("Junk");
      await both.settle();
      expect(await bodies(both)).toEqual(["archive two 0", "inbox one 2", "inbox ten 0"]);
      expect(await bodiesThere(both)).toEqual(await bodies(both));
      // Under new UIDs, in another order, and one of them read meanwhile.
      await other.mailboxOpen("INBOX");
      await other.messageFlagsAdd("4", ["\\Seen"], { uid: true });
      await other.messageMove("1", "Junk", { uid: true });
      await other.mailboxOpen("Sent");
      await renumber(user, "INBOX", 88);
      await renumber(user, "Archive", 89);
      await both.reopen();
      await both.settle();
      expect(await bodies(both)).toEqual(["archive two 0", "inbox ten 1", "junk one 2"]);
      expect(await bodiesThere(both)).toEqual(await bodies(both));
      expect([await idOfBody(both, "one"), await idOfBody(both, "two"), await idOfBody(both, "ten")]).toEqual([
        ids[0],
        ids[1],
        ids[3],
      ]);
    }));

  it("[ACC-2] another message of the same Message-ID and size is not taken for one that moved there", () =>
    withBoth(async (both) => {
      const { other } = both;
      await other.append("INBOX", letter("again@x", "one"), [], new Date("2026-06-01T10:00:00Z"));
      await both.settle();
      const id = await idOfBody(both, "one");
      await other.mailboxOpen("INBOX");
      await other.messageMove("1", "Sent", { uid: true });
      await other.append("Archive", letter("again@x", "two"), [], new Date("2026-06-02T10:00:00Z"));
      await both.settle();
      expect(await bodies(both)).toEqual(["archive two 0", "sent one 0"]);
      expect(await bodiesThere(both)).toEqual(await bodies(both));
      expect(await idOfBody(both, "one")).toBe(id);
    }));

  it("[ACC-4] another message of the same Message-ID is not taken for what a cut off move has copied", () =>
    withBoth(async (both) => {
      const { other, work, mailboxId } = both;
      await other.append("INBOX", letter("list@x", "to me"));
      await both.settle();
      const folderId = await folderIdOf(house, mailboxId, "archive");
      await both.change("mail.update", await idOfBody(both, "to me"), { folderId });
      const move: ImapSession["move"] = async () => {
        await other.append("Archive", letter("list@x", "to the list"));
        throw new AccountFailure("closed");
      };
      const sync = createAccountSync({ ...work, session: { ...work.session, move } });
      await expect(sync.round({ thorough: true })).rejects.toMatchObject({ reason: "closed" });
      await both.settle();
      expect(await bodies(both)).toEqual(["archive to me 0", "archive to the list 0"]);
      expect(await bodiesThere(both)).toEqual(await bodies(both));
    }));

  it("[ACC-4] a copy in the same folder is not taken for what a cut off APPEND has put there", () =>
    withBoth(async (both) => {
      const { other, work, mailboxId } = both;
      await other.append("INBOX", letter("copied@x"));
      await both.settle();
      const { id } = await row(both, "copied@x");
      await other.mailboxOpen("INBOX");
      await other.messageCopy("1", "Archive", { uid: true });
      await both.settle();
      await other.messageDelete("1", { uid: true });
      await other.mailboxOpen("Sent");
      await both.change("mail.update", id, { folderId: await folderIdOf(house, mailboxId, "archive") });
      const append: ImapSession["append"] = async (...args) => {
        await work.session.append(...args);
        throw new AccountFailure("closed");
      };
      const sync = createAccountSync({ ...work, session: { ...work.session, append } });
      await expect(sync.round({ thorough: true })).rejects.toMatchObject({ reason: "closed" });
      await both.settle();
      expect(await same(both)).toMatchObject({ INBOX: [], Archive: ["copied@x 0", "copied@x 0"] });
    }));

  it("[ACC-2] messages without a Message-ID are moved, flagged and deleted from both sides as any", () =>
    withBoth(async (both) => {
      const { other, mailboxId } = both;
      for (const body of ["m1", "m2", "m3", "m4", "m5"]) await other.append("INBOX", nameless(body));
      await both.settle();
      const ids = new Map<string, string>();
      for (const body of ["m1", "m2", "m3", "m4", "m5"]) ids.set(body, await idOfBody(both, body));
      const [archive, trash] = [
        await folderIdOf(house, mailboxId, "archive"),
        await folderIdOf(house, mailboxId, "trash"),
      ];
      await both.change("mail.update", ids.get("m1") ?? "", { folderId: archive, flagged: true });
      await both.change("mail.update", ids.get("m2") ?? "", { folderId: trash });
      await both.change("mail.delete", ids.get("m2") ?? "", {});
      await other.mailboxOpen("INBOX");
      await other.messageMove("3", "Junk", { uid: true });
      await other.messageDelete("4", { uid: true });
      await other.mailboxOpen("Sent");
      await both.settle();
      expect(await bodies(both)).toEqual(["archive m1 2", "inbox m5 0", "junk m3 0"]);
      expect(await bodiesThere(both)).toEqual(await bodies(both));
      for (const body of ["m1", "m3", "m5"]) expect(await idOfBody(both, body)).toBe(ids.get(body));
    }));

  it("[ACC-4] without a Message-ID, a move or a putting there that is cut off is one message in the end", () =>
    withBoth(async (both) => {
      const { other, work, mailboxId } = both;
      for (const body of ["n1", "n2", "n3"]) await other.append("INBOX", nameless(body));
      await both.settle();
      const archive = await folderIdOf(house, mailboxId, "archive");
      await both.change("mail.update", await idOfBody(both, "n1"), { folderId: archive });
      // Deleted there while it is moved here: it is put there again (ACC-3).
      await other.mailboxOpen("INBOX");
      await other.messageDelete("2", { uid: true });
      await other.mailboxOpen("Sent");
      await both.change("mail.update", await idOfBody(both, "n2"), { folderId: archive });
      const roundWith = (over: Partial<ImapSession>) =>
        createAccountSync({ ...work, session: { ...work.session, ...over } }).round({ thorough: true });
      const move: ImapSession["move"] = async (uids, path) => {
        // What a server without MOVE has done when the connection ends between the two commands of it.
        if (work.session.offers.move) await work.session.move(uids, path);
        else {
          await other.mailboxOpen("INBOX");
          await other.messageCopy(uids.join(","), path, { uid: true });
          await other.mailboxOpen("Sent");
        }
        throw new AccountFailure("closed");
      };
      await expect(roundWith({ move })).rejects.toMatchObject({ reason: "closed" });
      const append: ImapSession["append"] = async (...args) => {
        await work.session.append(...args);
        throw new AccountFailure("closed");
      };
      await expect(roundWith({ append })).rejects.toMatchObject({ reason: "closed" });
      await both.settle();
      expect(await bodies(both)).toEqual(["archive n1 0", "archive n2 0", "inbox n3 0"]);
      expect(await bodiesThere(both)).toEqual(await bodies(both));
    }));

  it("[ACC-4] without a Message-ID, deleted for good here after a move whose answer was lost: it does not come again", () =>
    withBoth(async (both) => {
      const { other, work, mailboxId } = both;
      for (const body of ["t1", "t2"]) await other.append("INBOX", nameless(body));
      await both.settle();
      const id = await idOfBody(both, "t1");
      await both.change("mail.update", id, { folderId: await folderIdOf(house, mailboxId, "trash") });
      const move: ImapSession["move"] = async (...args) => {
        await work.session.move(...args);
        throw new AccountFailure("closed");
      };
      const sync = createAccountSync({ ...work, session: { ...work.session, move } });
      await expect(sync.round({ thorough: true })).rejects.toMatchObject({ reason: "closed" });
      await both.change("mail.delete", id, {});
      await both.settle();
      expect(await bodies(both)).toEqual(["inbox t2 0"]);
      expect(await bodiesThere(both)).toEqual(["inbox t2 0"]);
    }));

  it("one message in several folders is several: what is done to one of them is done to that one", () =>
    withBoth(async (both) => {
      const { other, mailboxId, user } = both;
      for (const path of ["One", "Two"]) await other.mailboxCreate(path);
      await other.append("INBOX", letter("g@x"));
      await other.mailboxOpen("INBOX");
      for (const path of ["One", "Two", "Archive"]) await other.messageCopy("1", path, { uid: true });
      await both.settle();
      expect(await same(both)).toMatchObject({ INBOX: ["g@x 0"], One: ["g@x 0"], Two: ["g@x 0"], Archive: ["g@x 0"] });
      const { rows } = await house.test.pool.query<{ id: string; folder_id: string }>(
        "select id, folder_id from mail_message where mailbox_id = $1",
        [mailboxId],
      );
      const inFolder = (id: string) => rows.find(({ folder_id }) => folder_id === id)?.id ?? "";
      const inOne = inFolder(await folder(both, "One"));
      await both.change("mail.update", inOne, { folderId: await folderIdOf(house, mailboxId, "junk") });
      await both.change("mail.update", inFolder(await folderIdOf(house, mailboxId, "archive")), { flagged: true });
      await other.mailboxOpen("Two");
      await other.messageDelete("1:*", { uid: true });
      await other.mailboxOpen("Sent");
      await renumber(user, "INBOX", 66);
      await both.reopen();
      await both.settle();
      expect(await same(both)).toMatchObject({
        INBOX: ["g@x 0"],
        One: [],
        Two: [],
        Archive: ["g@x 2"],
        Junk: ["g@x 0"],
      });
    }));
});
