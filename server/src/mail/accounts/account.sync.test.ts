import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startDovecot, type Dovecot, type DovecotOptions } from "../../../test/mail/dovecot.ts";
import { startFaultProxy } from "../../../test/mail/faultProxy.ts";
import { AccountFailure } from "./account.failure.ts";
import { createAccountSync } from "./account.sync.ts";
import {
  folderIdOf,
  letter,
  openBoth,
  picture,
  pictureThere,
  rowOf,
  startHouse,
  type Both,
  type House,
} from "./accounts.fixture.ts";
import type { ImapSession } from "./imap.port.ts";

let house: House;
beforeAll(async () => {
  house = await startHouse();
});
afterAll(() => house.stop());

const servers: Readonly<Record<string, DovecotOptions>> = {
  "a server with QRESYNC": {},
  "a server without CONDSTORE, MOVE and UIDPLUS": {
    without: ["CONDSTORE", "QRESYNC", "MOVE", "UIDPLUS", "ESEARCH", "LIST-STATUS"],
  },
};

describe.each(Object.entries(servers))("two-way sync with %s", (_name, options) => {
  let dovecot: Dovecot;
  beforeAll(async () => {
    dovecot = await startDovecot(options);
  });
  afterAll(() => dovecot.stop());

  async function withBoth(test: (both: Both) => Promise<void>): Promise<void> {
    const both = await openBoth(house, dovecot);
    try {
      await test(both);
    } finally {
      await both.close();
    }
  }
  const same = async ({ mailboxId, other }: Both) =>
    expect(await picture(house, mailboxId)).toEqual(await pictureThere(other));
  const row = async ({ mailboxId }: Both, id: string) => {
    const found = await rowOf(house, mailboxId, id);
    if (!found) throw new Error(`${id} is not here`);
    return found;
  };

  it("brings folders, messages and flags", () =>
    withBoth(async (both) => {
      const { other } = both;
      await other.mailboxCreate("Projects/Ünïcode");
      await other.append("INBOX", letter("one@x"), ["\\Seen"]);
      await other.append("INBOX", letter("two@x"), ["\\Flagged", "\\Answered"]);
      await other.append("Projects/Ünïcode", letter("three@x"), ["$Forwarded"]);
      await other.append("Sent", letter("four@x"), ["\\Seen"]);
      await both.settle();
      await same(both);
      expect(await row(both, "three@x")).toMatchObject({ seen: false });
    }));

  it("[ACC-5] brings the newest of the inbox before it looks into any other folder", async () => {
    const proxy = await startFaultProxy(dovecot.imapPort, {});
    const both = await openBoth(house, dovecot, { through: proxy.port });
    try {
      for (let n = 1; n <= 3; n++) await both.other.append("INBOX", letter(`first${n}@x`));
      await both.other.append("Archive", letter("stored@x"));
      await both.sync.round();
      expect((await picture(house, both.mailboxId))["INBOX"]).toHaveLength(3);
      const isFetch = (command: string) => command.startsWith("UID FETCH");
      const isOther = (command: string) => /^(SELECT|EXAMINE) /.test(command) && !command.includes("INBOX");
      const commands = proxy.commands();
      expect(commands.findIndex(isOther)).toBeGreaterThan(commands.findLastIndex(isFetch));
      await both.settle();
      await same(both);
    } finally {
      await both.close();
      await proxy.stop();
    }
  });

  it("brings what changes there: new ones, flags, moves, deletions, folders", () =>
    withBoth(async (both) => {
      const { other, mailboxId } = both;
      for (let n = 1; n <= 6; n++) await other.append("INBOX", letter(`c${n}@x`));
      await both.settle();
      const before = await row(both, "c3@x");
      await other.mailboxOpen("INBOX");
      await other.messageFlagsAdd("1:2", ["\\Seen"], { uid: true });
      await other.messageMove("3", "Archive", { uid: true });
      await other.messageDelete("4", { uid: true });
      await other.messageFlagsAdd("5", ["\\Deleted"], { uid: true });
      await other.append("INBOX", letter("c7@x"));
      await other.mailboxCreate("New");
      await both.settle();
      await same(both);
      // [ACC-2] It is the same message, with whatever belongs to it here.
      expect(await row(both, "c3@x")).toEqual({ ...before, folder_id: await folderIdOf(house, mailboxId, "archive") });
      await other.mailboxOpen("INBOX");
      await other.messageFlagsRemove("5", ["\\Deleted"], { uid: true });
      await other.mailboxDelete("New");
      await both.settle();
      await same(both);
      expect((await picture(house, mailboxId))["INBOX"]).toContain("c5@x 0");
    }));

  it("does there what is done here, in its order", () =>
    withBoth(async (both) => {
      const { other, mailboxId } = both;
      for (let n = 1; n <= 5; n++) await other.append("INBOX", letter(`d${n}@x`));
      await both.settle();
      const id = async (n: number) => (await row(both, `d${n}@x`)).id;
      const [archive, trash] = [
        await folderIdOf(house, mailboxId, "archive"),
        await folderIdOf(house, mailboxId, "trash"),
      ];
      await both.change("mail.update", await id(1), { seen: true, flagged: true });
      await both.change("mail.update", await id(2), { folderId: archive });
      await both.change("mail.update", await id(2), { seen: true });
      await both.change("mail.update", await id(2), { folderId: trash });
      await both.change("mail.update", await id(3), { folderId: trash });
      await both.change("mail.delete", await id(3), {});
      const folderId = "019a0000-0000-7000-8000-00000000000" + (options.without ? "1" : "2");
      await both.change("folder.create", folderId, { mailboxId, name: "Ours" });
      await both.change("mail.update", await id(4), { folderId });
      await both.change("folder.rename", folderId, { name: "Ours & theirs" });
      await both.settle();
      await same(both);
      const there = await pictureThere(other);
      expect(there).toMatchObject({
        INBOX: ["d1@x 3", "d5@x 0"],
        "Ours & theirs": ["d4@x 0"],
        Trash: ["d2@x 1"],
        Archive: [],
      });
    }));

  it("[ACC-1] an older state from there does not undo what is still to be done there", () =>
    withBoth(async (both) => {
      const { other, mailboxId, work } = both;
      for (let n = 1; n <= 3; n++) await other.append("INBOX", letter(`o${n}@x`));
      await both.settle();
      const archive = await folderIdOf(house, mailboxId, "archive");
      await other.mailboxOpen("INBOX");
      // There: flagged. Here, at the same time: read, moved, and one deleted for good. What is here is refused for now.
      await other.messageFlagsAdd("1:3", ["\\Flagged"], { uid: true });
      await both.change("mail.update", (await row(both, "o1@x")).id, { seen: true });
      await both.change("mail.update", (await row(both, "o2@x")).id, { folderId: archive });
      const refusing = { ...work.session, setMarks: refuse, move: refuse };

      await createAccountSync({ ...work, session: refusing }).round({ thorough: true });
      expect(await picture(house, mailboxId)).toMatchObject({ INBOX: ["o1@x 3", "o3@x 2"], Archive: ["o2@x 2"] });
      await both.settle();
      await same(both);
      expect(await pictureThere(other)).toMatchObject({ INBOX: ["o1@x 3", "o3@x 2"], Archive: ["o2@x 2"] });
    }));

  it("[ACC-1] a flag that is still to be set there is not set here by another client", () =>
    withBoth(async (both) => {
      const { other, mailboxId, work } = both;
      await other.append("INBOX", letter("f1@x"));
      await both.settle();
      const { id } = await row(both, "f1@x");
      // Read here, and then marked as unread again; read there meanwhile.
      await both.change("mail.update", id, { seen: true });
      await both.change("mail.update", id, { seen: false });
      await other.mailboxOpen("INBOX");
      await other.messageFlagsAdd("1", ["\\Seen", "\\Answered"], { uid: true });
      const refusing = { ...work.session, setMarks: refuse };
      await createAccountSync({ ...work, session: refusing }).round({ thorough: true });
      expect(await picture(house, mailboxId)).toMatchObject({ INBOX: ["f1@x 4"] });
      await both.settle();
      await same(both);
      expect(await pictureThere(other)).toMatchObject({ INBOX: ["f1@x 4"] });
    }));

  it("[ACC-3] deleted there and moved here at once: it is kept, and whole", () =>
    withBoth(async (both) => {
      const { other, mailboxId } = both;
      for (let n = 1; n <= 4; n++) await other.append("INBOX", letter(`k${n}@x`, "Keep me"));
      await both.settle();
      const [archive, trash] = [
        await folderIdOf(house, mailboxId, "archive"),
        await folderIdOf(house, mailboxId, "trash"),
      ];
      await other.mailboxOpen("INBOX");
      await other.messageDelete("1:2", { uid: true });
      await other.messageMove("3:4", "Junk", { uid: true });
      await both.change("mail.update", (await row(both, "k1@x")).id, { folderId: archive });
      await both.change("mail.update", (await row(both, "k2@x")).id, { seen: true });
      await both.change("mail.update", (await row(both, "k3@x")).id, { folderId: archive });
      // Thrown away and deleted here, rescued into another folder there: the rescue wins.
      await both.change("mail.update", (await row(both, "k4@x")).id, { folderId: trash });
      await both.change("mail.delete", (await row(both, "k4@x")).id, {});
      await both.settle();
      await same(both);
      expect(await pictureThere(other)).toMatchObject({ INBOX: [], Archive: ["k1@x 0", "k3@x 0"], Junk: ["k4@x 0"] });
      await other.mailboxOpen("Archive");
      const source = await other.fetchOne("1", { source: true });
      expect(source && source.source?.toString()).toContain("Keep me");
    }));

  it("[ACC-2] UIDVALIDITY changes: the same messages, not fetched again", () =>
    withBoth(async (both) => {
      const { other, mailboxId, user } = both;
      for (let n = 1; n <= 5; n++) await other.append("INBOX", letter(`u${n}@x`));
      await other.append("INBOX", "Subject: no Message-ID\r\n\r\nHello\r\n");
      await both.settle();
      const ids = async () => {
        const rows = await house.test.pool.query<{ id: string }>(
          "select id from mail_message where mailbox_id = $1 order by id",
          [mailboxId],
        );
        return rows.rows.map(({ id }) => id);
      };
      const before = await ids();
      await other.mailboxOpen("INBOX");
      await other.messageDelete("2", { uid: true });
      await other.messageFlagsAdd("3", ["\\Seen"], { uid: true });
      await other.mailboxClose();
      await dovecot.doveadm("mailbox", "update", "-u", user, "--uid-validity", "77", "INBOX");
      await both.settle();
      const after = await ids();
      expect(after).toHaveLength(5);
      expect(before).toEqual(expect.arrayContaining(after));
      expect(await picture(house, mailboxId)).toMatchObject({
        INBOX: expect.arrayContaining(["u1@x 0", "u3@x 1", "u4@x 0", "u5@x 0"]) as unknown,
      });
    }));

  it("a folder that is renamed there stays the same folder here, with everything below it", () =>
    withBoth(async (both) => {
      const { other, mailboxId } = both;
      await other.mailboxCreate("A");
      await other.mailboxCreate("A/B");
      await other.append("A", letter("ra@x"));
      await other.append("A/B", letter("rb@x"));
      await both.settle();
      const [a, b] = [
        await folderIdOf(house, mailboxId, { name: "A" }),
        await folderIdOf(house, mailboxId, { name: "B" }),
      ];
      await other.mailboxRename("A", "C");
      await both.settle();
      await same(both);
      expect(await folderIdOf(house, mailboxId, { name: "C" })).toBe(a);
      expect(await folderIdOf(house, mailboxId, { name: "B" })).toBe(b);
      expect((await row(both, "rb@x")).folder_id).toBe(b);
    }));

  it("[ACC-1] UIDs that were learnt under another UIDVALIDITY are not used: the right message is flagged, and the right one goes", () =>
    withBoth(async (both) => {
      const { other, mailboxId } = both;
      await other.mailboxCreate("F");
      for (const id of ["v1@x", "v2@x", "v3@x"]) await other.append("F", letter(id));
      await both.settle();
      const trash = await folderIdOf(house, mailboxId, "trash");
      await both.change("mail.update", (await row(both, "v1@x")).id, { flagged: true });
      await both.change("mail.update", (await row(both, "v2@x")).id, { folderId: trash });
      await both.change("mail.delete", (await row(both, "v2@x")).id, {});
      await other.mailboxDelete("F");
      await other.mailboxCreate("F");
      // The same UIDs, in another order.
      for (const id of ["v3@x", "v1@x"]) await other.append("F", letter(id));
      await both.settle();
      await same(both);
      expect(await pictureThere(other)).toMatchObject({ F: ["v1@x 2", "v3@x 0"] });
    }));

  it("a folder that is deleted there while it has folders in it loses its messages, and they stay", () =>
    withBoth(async (both) => {
      const { other, mailboxId } = both;
      await other.mailboxCreate("Outer");
      await other.mailboxCreate("Outer/Inner");
      await other.append("Outer", letter("out@x"));
      await other.append("Outer/Inner", letter("in@x"));
      await both.settle();
      await other.mailboxDelete("Outer");
      await both.settle();
      await same(both);
      expect(await picture(house, mailboxId)).toMatchObject({ Outer: [], "Outer/Inner": ["in@x 0"] });
    }));

  it("a folder that is deleted here while its messages are fetched ends nothing", () =>
    withBoth(async (both) => {
      const { other, mailboxId, work } = both;
      await other.mailboxCreate("Doomed");
      await both.settle();
      const doomed = await folderIdOf(house, mailboxId, { name: "Doomed" });
      await other.append("Doomed", letter("d1@x"));
      await other.append("Archive", letter("d2@x"));
      const session: ImapSession = {
        ...work.session,
        async *fetchSources(uids) {
          if (await rowOf(house, mailboxId, "d1@x")) return;
          const { rows } = await house.test.pool.query("select from mail_folder where id = $1", [doomed]);
          if (rows.length > 0) await both.change("folder.delete", doomed, {});
          yield* work.session.fetchSources(uids);
        },
      };
      await createAccountSync({ ...work, session }).round({ thorough: true });
      await both.settle();
      await same(both);
      expect(await pictureThere(other)).toMatchObject({ Archive: ["d2@x 0"], Trash: ["d1@x 0"] });
    }));

  it("a renamed folder that cannot be opened is found again when it can", () =>
    withBoth(async (both) => {
      const { other, mailboxId, work } = both;
      await other.mailboxCreate("Before");
      await other.append("Before", letter("n1@x"));
      await both.settle();
      await other.mailboxRename("Before", "After");
      const select = (path: string) => (path === "After" ? refuse() : work.session.select(path));
      await createAccountSync({ ...work, session: { ...work.session, select } }).round({ thorough: true });
      await both.settle();
      await same(both);
      expect((await row(both, "n1@x")).folder_id).toBe(await folderIdOf(house, mailboxId, { name: "After" }));
    }));

  it("a folder that is deleted here takes with it what arrived in it meanwhile, into the trash", () =>
    withBoth(async (both) => {
      const { other, mailboxId } = both;
      await other.mailboxCreate("Old");
      await other.append("Old", letter("f1@x"));
      await both.settle();
      await both.change("folder.delete", await folderIdOf(house, mailboxId, { name: "Old" }), {});
      await other.append("Old", letter("f2@x"));
      await both.settle();
      await same(both);
      const there = await pictureThere(other);
      expect(there).toMatchObject({ Trash: ["f1@x 0", "f2@x 0"] });
      expect(Object.keys(there)).not.toContain("Old");
    }));
});

const refuse = (): Promise<never> => Promise.reject(new AccountFailure("server", "Not now"));
