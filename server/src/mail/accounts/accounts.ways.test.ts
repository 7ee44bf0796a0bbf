import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { DovecotOptions } from "../../../test/mail/dovecot.ts";
import type { FaultProxyOptions } from "../../../test/mail/faultProxy.ts";
import { AccountFailure } from "./account.failure.ts";
import { createAccountSync } from "./account.sync.ts";
import { folderIdOf, letter, startHouse, type Both, type House } from "./accounts.fixture.ts";
import { onServer, rowThatIs, sameOn } from "./accounts.server.fixture.ts";
import type { ImapSession } from "./imap.port.ts";

/** What providers do to folders while we are away or in the middle of a round. */
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
describe.each(Object.entries(servers))("with %s", (_name, options) => {
  const { withBoth, renumber } = onServer(() => house, options);

  it("folders that are renamed, swapped, deleted and made again while we are away, with mail in them", () =>
    withBoth(async (both) => {
      const { other } = both;
      for (const path of ["Old", "Left", "Right", "Doomed"]) {
        await other.mailboxCreate(path);
        await other.append(path, letter(`${path.toLowerCase()}@x`));
      }
      await both.settle();
      const ids = {
        old: await folder(both, "Old"),
        left: await row(both, "left@x"),
        right: await row(both, "right@x"),
      };
      // Renamed, and one of the old name made anew; two that swap their names; one deleted and made again.
      await other.mailboxRename("Old", "Archive/New");
      await other.mailboxCreate("Old");
      await other.append("Archive/New", letter("late1@x"));
      await other.append("Old", letter("late2@x"));
      await other.mailboxRename("Left", "Between");
      await other.mailboxRename("Right", "Left");
      await other.mailboxRename("Between", "Right");
      await other.append("Left", letter("late3@x"));
      await other.mailboxDelete("Doomed");
      await other.mailboxCreate("Doomed");
      await other.append("Doomed", letter("late4@x"));
      await both.reopen();
      await both.settle();
      expect(await same(both)).toMatchObject({
        "Archive/New": ["late1@x 0", "old@x 0"],
        Old: ["late2@x 0"],
        Left: ["late3@x 0", "right@x 0"],
        Right: ["left@x 0"],
        Doomed: ["late4@x 0"],
      });
      expect((await row(both, "old@x")).folder_id).toBe(await folder(both, "New"));
      expect([(await row(both, "left@x")).id, (await row(both, "right@x")).id]).toEqual([ids.left.id, ids.right.id]);
    }));

  it("a folder that is renamed there while messages are moved into it here, and one that is deleted there meanwhile", () =>
    withBoth(async (both) => {
      const { other } = both;
      for (const path of ["Named", "Dropped", "Both"]) await other.mailboxCreate(path);
      for (const id of ["a@x", "b@x", "c@x"]) await other.append("INBOX", letter(id));
      await other.append("Both", letter("d@x"));
      await both.settle();
      await both.change("mail.update", (await row(both, "a@x")).id, { folderId: await folder(both, "Named") });
      await both.change("mail.update", (await row(both, "b@x")).id, { folderId: await folder(both, "Dropped") });
      await both.change("folder.rename", await folder(both, "Both"), { name: "Ours" });
      await other.mailboxRename("Named", "Renamed");
      await other.append("Renamed", letter("e@x"));
      await other.mailboxDelete("Dropped");
      await other.mailboxRename("Both", "Theirs");
      await other.append("Theirs", letter("f@x"));
      await both.reopen();
      await both.settle();
      const there = await same(both);
      expect(there).toMatchObject({ INBOX: ["c@x 0"], Dropped: ["b@x 0"] });
      const lines = Object.values(there).flat();
      expect(lines.toSorted()).toEqual(["a", "b", "c", "d", "e", "f"].map((id) => `${id}@x 0`));
    }));

  it.each([
    ["while new messages are fetched", "fetchSources"],
    ["after they were told apart", "fetchIdentities"],
    ["before a flag is set", "setMarks"],
    ["before a message is moved", "move"],
  ] as const)("[ACC-4] UIDVALIDITY changes %s: nothing twice, and nothing missing", (_when, verb) =>
    withBoth(async (both) => {
      const { other, user, mailboxId } = both;
      for (let n = 1; n <= 4; n++) await other.append("INBOX", letter(`v${n}@x`));
      await both.settle();
      const before = await row(both, "v1@x");
      for (let n = 5; n <= 8; n++) await other.append("INBOX", letter(`v${n}@x`));
      await other.append("Archive", letter("v9@x"));
      await other.mailboxOpen("Archive");
      await other.messageMove("1", "INBOX", { uid: true });
      await both.change("mail.update", before.id, { flagged: true });
      const archive = await folderIdOf(house, mailboxId, "archive");
      await both.change("mail.update", (await row(both, "v2@x")).id, { folderId: archive });
      await other.mailboxOpen("Junk");
      const { session } = both.work;
      let isDone = false;
      const first = async () => {
        if (!isDone) await renumber(user, "INBOX", 4_711);
        isDone = true;
      };
      const over: Partial<ImapSession> = {
        async *fetchSources(uids) {
          for await (const source of session.fetchSources(uids)) {
            if (verb === "fetchSources") await first();
            yield source;
          }
        },
        async fetchIdentities(uids) {
          const found = await session.fetchIdentities(uids);
          if (verb === "fetchIdentities") await first();
          return found;
        },
        async setMarks(...args) {
          if (verb === "setMarks") await first();
          return session.setMarks(...args);
        },
        async move(...args) {
          if (verb === "move") await first();
          return session.move(...args);
        },
      };
      const sync = createAccountSync({ ...both.work, session: { ...session, ...over } });
      // The server ends the session, or only what was asked of this folder fails; either way the rest is another round's.
      const [round] = await Promise.allSettled([sync.round({ thorough: true })]);
      expect(round.status === "rejected" ? round.reason : undefined).toSatisfy(
        (reason) => reason === undefined || reason instanceof AccountFailure,
      );
      // One that was found again by its Message-ID is looked for only where something is lost.
      if (!isDone) await renumber(user, "INBOX", 4_711);
      await both.reopen();
      await both.settle();
      expect(await same(both)).toMatchObject({
        INBOX: ["v1@x 2", "v3@x 0", "v4@x 0", "v5@x 0", "v6@x 0", "v7@x 0", "v8@x 0", "v9@x 0"],
        Archive: ["v2@x 0"],
      });
      expect((await row(both, "v1@x")).id).toBe(before.id);
    }),
  );

  it("[ACC-4] UIDVALIDITY changes in the middle of a first filling: nothing twice, and nothing missing", () =>
    withBoth(async (both) => {
      const { other, user, work } = both;
      const ids = Array.from({ length: 120 }, (_, n) => `w${n}@x`);
      for (const id of ids) await other.append("INBOX", letter(id));
      await other.mailboxOpen("Junk");
      let fetched = 0;
      const fetchSources: ImapSession["fetchSources"] = async function* (uids) {
        for await (const source of work.session.fetchSources(uids)) {
          fetched += 1;
          // In the second batch: the first one is written by then, or is being written.
          if (fetched === 60) await renumber(user, "INBOX", 4_712);
          yield source;
        }
      };
      const sync = createAccountSync({ ...work, session: { ...work.session, fetchSources } });
      await sync.round();
      await Promise.allSettled([sync.bringRest({ goOn: () => true })]);
      expect(fetched).toBeGreaterThanOrEqual(60);
      await both.reopen();
      await both.round();
      await both.settle();
      expect(await same(both)).toMatchObject({ INBOX: ids.map((id) => `${id} 0`).toSorted() });
    }));

  it("an empty folder is a folder, however often it is looked at, and also when it becomes empty", () =>
    withBoth(async (both) => {
      const { other } = both;
      await other.mailboxCreate("Empty");
      await both.settle();
      const id = await folder(both, "Empty");
      await renumber(both.user, "Empty", 99);
      await other.append("Empty", letter("e1@x"));
      await both.settle();
      await other.mailboxOpen("Empty");
      await other.messageDelete("1:*", { uid: true });
      await other.mailboxOpen("INBOX");
      await both.settle();
      expect(await same(both)).toMatchObject({ Empty: [] });
      expect(await folder(both, "Empty")).toBe(id);
    }));

  it("a folder that only holds folders takes messages and folders from here, is renamed and deleted here", () =>
    withBoth(async (both) => {
      const { other, mailboxId } = both;
      for (const path of ["Outer", "Outer/Inner", "Shell", "Shell/Kernel"]) await other.mailboxCreate(path);
      await other.append("INBOX", letter("s1@x"));
      await other.append("Outer/Inner", letter("s2@x"));
      await other.append("Shell/Kernel", letter("s3@x"));
      for (const path of ["Outer", "Shell"]) await other.mailboxDelete(path);
      await both.settle();
      await expect(other.mailboxOpen("Outer")).rejects.toMatchObject({ responseStatus: "NO" });
      await both.change("mail.update", (await row(both, "s1@x")).id, { folderId: await folder(both, "Outer") });
      await both.settle();
      expect(await same(both)).toMatchObject({ INBOX: [], Outer: ["s1@x 0"], "Outer/Inner": ["s2@x 0"] });
      await both.change("folder.rename", await folder(both, "Shell"), { name: "Case" });
      await both.settle();
      expect(await same(both)).toMatchObject({ "Case/Kernel": ["s3@x 0"] });
      await both.change("folder.delete", await folder(both, "Case"), {});
      await both.settle();
      const there = await same(both);
      expect(there).toMatchObject({ Trash: ["s3@x 0"] });
      expect(Object.keys(there).filter((path) => /Case|Shell/.test(path))).toEqual([]);
      expect(await folderIdOf(house, mailboxId, "trash")).toBe((await row(both, "s3@x")).folder_id);
    }));
});
