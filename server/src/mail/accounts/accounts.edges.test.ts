import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { newId } from "@kontor/shared/base";
import { mailLimits } from "@kontor/shared/mail";
import { startDovecot, type Dovecot } from "../../../test/mail/dovecot.ts";
import { AccountFailure } from "./account.failure.ts";
import { createAccountSync } from "./account.sync.ts";
import type { AccountWork } from "./account.work.ts";
import {
  folderIdOf,
  letter,
  openBoth,
  picture,
  pictureThere,
  placeOurs,
  rowOf,
  startHouse,
  type Both,
  type House,
} from "./accounts.fixture.ts";
import type { ImapSession } from "./imap.port.ts";

/** What is not every day's: odd messages, providers with ways of their own, and those that refuse. */
let house: House;
let dovecot: Dovecot;
beforeAll(async () => {
  house = await startHouse();
  dovecot = await startDovecot();
});
afterAll(async () => {
  await dovecot.stop();
  await house.stop();
});

async function withBoth(test: (both: Both) => Promise<void>, options = {}): Promise<void> {
  const both = await openBoth(house, dovecot, options);
  try {
    await test(both);
  } finally {
    await both.close();
  }
}
const idOf = async ({ mailboxId }: Both, messageId: string): Promise<string> =>
  (await rowOf(house, mailboxId, messageId))?.id ?? "";
/** A round of a session that differs in something. */
const roundWith = (both: Both, over: Partial<ImapSession>, work: Partial<AccountWork> = {}) =>
  createAccountSync({ ...both.work, ...work, session: { ...both.work.session, ...over } }).round({ thorough: true });
const refuse = (): Promise<never> => Promise.reject(new AccountFailure("server", "No"));

describe("messages", () => {
  it(
    "above the limit: their beginning is here, and their size is told",
    () =>
      withBoth(async (both) => {
        const large = letter(
          "large@x",
          "x".repeat(mailLimits.maxMessageBytes + 1_000).replaceAll(/x{1000}/g, "$&\r\n"),
        );
        await both.other.append("INBOX", large);
        await both.settle();
        const { rows } = await house.test.pool.query(
          `select content.subject, content.is_cut, content.raw_size, blob.size from mail_message message
           join mail_content content on content.id = message.content_id join blob on blob.sha256 = content.raw_sha256
         where message.mailbox_id = $1`,
          [both.mailboxId],
        );
        expect(rows).toEqual([
          { subject: "About large@x", is_cut: true, raw_size: large.length, size: mailLimits.maxHeaderBytes },
        ]);
      }),
    60_000,
  );

  it("that nobody can read lie where they lie, once, with their bytes kept", () =>
    withBoth(async (both) => {
      const { other, mailboxId } = both;
      for (const bytes of ["\r\n\r\n", "   \r\n", "no header at all\r\n"]) await other.append("INBOX", bytes);
      await both.settle();
      await both.settle();
      const { rows } = await house.test.pool.query(
        "select content.raw_size from mail_message m join mail_content content on content.id = m.content_id where mailbox_id = $1 order by 1",
        [mailboxId],
      );
      expect(rows).toEqual([{ raw_size: 4 }, { raw_size: 5 }, { raw_size: 18 }]);
    }));

  it("that are the same bytes twice are two messages", () =>
    withBoth(async (both) => {
      for (let n = 0; n < 2; n++) await both.other.append("INBOX", letter("twice@x"));
      await both.settle();
      expect((await picture(house, both.mailboxId))["INBOX"]).toEqual(["twice@x 0", "twice@x 0"]);
    }));
});

describe("what was sent", () => {
  it("is put into the sent folder there, once, as seen", () =>
    withBoth(async (both) => {
      await placeOurs(house, both, "sent1@x");
      await both.settle();
      await both.settle();
      expect((await pictureThere(both.other))["Sent"]).toEqual(["sent1@x 1"]);
      expect((await picture(house, both.mailboxId))["Sent"]).toEqual(["sent1@x 1"]);
    }));

  it("is not put there where the provider does it, whose copy is taken for ours", () =>
    withBoth(
      async (both) => {
        await placeOurs(house, both, "sent2@x");
        const id = await idOf(both, "sent2@x");
        await both.settle();
        expect((await pictureThere(both.other))["Sent"]).toEqual([]);
        // The provider has changed it on its way, and forgot that its author has read it.
        await both.other.append("Sent", letter("sent2@x", "Hello, with a header of the provider's"), []);
        await both.settle();
        expect((await pictureThere(both.other))["Sent"]).toEqual(["sent2@x 1"]);
        expect(await idOf(both, "sent2@x")).toBe(id);
      },
      { savesSent: true },
    ));

  it("is put there after a while all the same, when the provider did not", () =>
    withBoth(
      async (both) => {
        await placeOurs(house, both, "sent3@x");
        await roundWith(both, {}, { clock: { now: () => Date.now() + 121_000 } });
        expect((await pictureThere(both.other))["Sent"]).toEqual(["sent3@x 1"]);
      },
      { savesSent: true },
    ));
});

describe("[ACC-6] what the provider refuses for good is taken back here", () => {
  it("flags, moves and deletions", () =>
    withBoth(async (both) => {
      const { other, mailboxId } = both;
      for (let n = 1; n <= 3; n++) await other.append("INBOX", letter(`no${n}@x`));
      await other.append("Trash", letter("no4@x"));
      await both.settle();
      await both.change("mail.update", await idOf(both, "no1@x"), { flagged: true });
      await both.change("mail.update", await idOf(both, "no2@x"), {
        folderId: await folderIdOf(house, mailboxId, "archive"),
      });
      await both.change("mail.delete", await idOf(both, "no4@x"), {});
      const refusing = { setMarks: refuse, move: refuse, expunge: refuse };
      for (let n = 1; n <= 4; n++) await roundWith(both, refusing);
      expect((await picture(house, mailboxId))["INBOX"]).toEqual(["no1@x 2", "no3@x 0"]);
      await roundWith(both, refusing);
      expect(await picture(house, mailboxId)).toEqual(await pictureThere(other));
      await both.settle();
      expect(await picture(house, mailboxId)).toMatchObject({
        INBOX: ["no1@x 0", "no2@x 0", "no3@x 0"],
        Trash: ["no4@x 0"],
      });
    }));

  it("folders that are made, renamed and deleted", () =>
    withBoth(async (both) => {
      const { other, mailboxId } = both;
      for (const name of ["Keep", "Name"]) await other.mailboxCreate(name);
      await other.append("Keep", letter("kept@x"));
      await both.settle();
      await both.change("folder.create", newId(), { mailboxId, name: "Never" });
      await both.change("folder.rename", await folderIdOf(house, mailboxId, { name: "Name" }), { name: "Other" });
      await both.change("folder.delete", await folderIdOf(house, mailboxId, { name: "Keep" }), {});
      const refusing = { createFolder: refuse, renameFolder: refuse, deleteFolder: refuse };
      for (let n = 1; n <= 5; n++) await roundWith(both, refusing);
      await both.settle();
      const here = await picture(house, mailboxId);
      expect(here).toEqual(await pictureThere(other));
      expect(Object.keys(here)).toEqual(expect.arrayContaining(["Keep", "Name"]));
      expect(here).toMatchObject({ Trash: ["kept@x 0"] });
    }));

  it("and not what only a broken connection kept from being done", () =>
    withBoth(async (both) => {
      await both.other.append("INBOX", letter("later@x"));
      await both.settle();
      await both.change("mail.update", await idOf(both, "later@x"), { flagged: true });
      const cut = () => Promise.reject(new AccountFailure("closed"));
      for (let n = 1; n <= 7; n++)
        await expect(roundWith(both, { setMarks: cut })).rejects.toMatchObject({ reason: "closed" });
      await both.settle();
      expect((await pictureThere(both.other))["INBOX"]).toEqual(["later@x 2"]);
    }));
});

describe("a folder that cannot be opened", () => {
  it("keeps no other from being looked at, and what was lost from it is not taken for deleted", () =>
    withBoth(async (both) => {
      const { other, mailboxId } = both;
      await other.mailboxCreate("Locked");
      await other.append("Locked", letter("l1@x"));
      await other.append("INBOX", letter("l2@x"));
      await both.settle();
      await other.mailboxOpen("INBOX");
      await other.messageMove("1", "Locked", { uid: true });
      await other.append("Archive", letter("l3@x"));
      const { session } = both.work;
      const select = (path: string) => (path === "Locked" ? refuse() : session.select(path));
      await roundWith(both, { select });
      // It may lie where we cannot look.
      expect(await picture(house, mailboxId)).toMatchObject({ INBOX: ["l2@x 0"], Archive: ["l3@x 0"] });
      await both.settle();
      expect(await picture(house, mailboxId)).toEqual(await pictureThere(other));
    }));
});

describe("Gmail", () => {
  /** Every message lies in "All" as well; of it, a search leaves what has no other place. */
  const gmailOf = ({ other, work }: Both): Partial<ImapSession> => ({
    async listFolders() {
      const folders = await work.session.listFolders();
      return folders.map((folder) => ({
        ...folder,
        role:
          folder.path === "All"
            ? "all"
            : folder.path === "Starred"
              ? "view"
              : folder.path === "Archive"
                ? undefined
                : folder.role,
      }));
    },
    async listUids(range, only) {
      const uids = await work.session.listUids(range);
      if (!only) return uids;
      const labelled = new Set<string>();
      for (const path of ["INBOX", "Sent"]) {
        await other.mailboxOpen(path);
        for await (const row of other.fetch("1:*", { envelope: true }, { uid: true }))
          labelled.add(row.envelope?.messageId ?? "");
      }
      await other.mailboxOpen("All");
      const kept: number[] = [];
      for await (const row of other.fetch("1:*", { envelope: true }, { uid: true }))
        if (uids.includes(row.uid) && !labelled.has(row.envelope?.messageId ?? "")) kept.push(row.uid);
      return kept.toSorted((a, b) => a - b);
    },
  });

  it("of all mail, what lies nowhere else is the archive; a view of what is starred is no folder", () =>
    withBoth(async (both) => {
      const { other, mailboxId } = both;
      for (const name of ["All", "Starred"]) await other.mailboxCreate(name);
      for (const id of ["g1@x", "g2@x", "g3@x"]) await other.append("All", letter(id));
      for (const id of ["g1@x", "g2@x"]) await other.append("INBOX", letter(id));
      await other.append("Starred", letter("g1@x"));
      const session = { ...both.work.session, ...gmailOf(both) };
      const sync = createAccountSync({ ...both.work, session });
      const round = async () => {
        await sync.round({ thorough: true });
        await sync.bringRest({ goOn: () => true });
        await sync.round({ thorough: true });
        const { INBOX, Archive } = await picture(house, mailboxId);
        return { INBOX, archive: Archive };
      };
      // Our archive is "All"; the folder of that name there is any other folder.
      expect((await round()).INBOX).toEqual(["g1@x 0", "g2@x 0"]);
      const archive = await folderIdOf(house, mailboxId, "archive");
      expect((await rowOf(house, mailboxId, "g3@x"))?.folder_id).toBe(archive);
      const before = await rowOf(house, mailboxId, "g1@x");
      // Archived there: it loses its label, and lies in "All" as it did.
      await other.mailboxOpen("INBOX");
      await other.messageDelete("1", { uid: true });
      await round();
      expect(await rowOf(house, mailboxId, "g1@x")).toEqual({ ...before, folder_id: archive });
      const { rows } = await house.test.pool.query("select name from mail_folder where mailbox_id = $1", [mailboxId]);
      expect(rows.map((row: { name: string }) => row.name)).not.toContain("Starred");
    }));
});
