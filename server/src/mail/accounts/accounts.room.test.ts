import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sql } from "kysely";
import { noteRemoteChanges } from "../messages/messages.repo.ts";
import { createAccountSync } from "./account.sync.ts";
import {
  folderIdOf,
  letter,
  picture,
  pictureThere,
  placeOurs,
  startHouse,
  type Both,
  type House,
} from "./accounts.fixture.ts";
import { onServer, rowThatIs, sameOn } from "./accounts.server.fixture.ts";
import type { ImapSession } from "./imap.port.ts";

/** What a provider does not keep, does not give away, or has no room for. */
let house: House;
beforeAll(async () => {
  house = await startHouse();
});
afterAll(() => house.stop());

const same = (both: Both) => sameOn(house, both);
const row = (both: Both, id: string) => rowThatIs(house, both, id);

describe("with folders that keep no keywords", () => {
  const { withBoth } = onServer(() => house, { takesKeywords: false });

  it("labels and that it was forwarded are kept here alone, through whatever another client does to it", () =>
    withBoth(async (both) => {
      const { other, mailboxId } = both;
      for (const id of ["k1@x", "k2@x"]) await other.append("INBOX", letter(id));
      await both.settle();
      const { id } = await row(both, "k1@x");
      await both.change("mail.update", id, { seen: true, addLabels: ["work"] });
      await house.db.transaction().execute(async (trx) => {
        await sql`update mail_message set forwarded = true where id = ${id}`.execute(trx);
        await noteRemoteChanges(trx, [{ mailboxId, kind: "flags", messageId: id, args: { forwarded: true } }]);
      });
      for (let turn = 0; turn < 6; turn++) await both.round({ thorough: true });
      await other.mailboxOpen("INBOX");
      await other.messageFlagsAdd("1", ["\\Answered"], { uid: true });
      await other.messageFlagsRemove("1", ["\\Seen"], { uid: true });
      await both.settle();
      expect((await picture(house, mailboxId))["INBOX"]).toEqual(["k1@x 12 work", "k2@x 0"]);
      expect((await pictureThere(other))["INBOX"]).toEqual(["k1@x 4", "k2@x 0"]);
    }));
});

describe("with a mailbox that is full", () => {
  const extra = `
mail_plugins = quota
protocol imap {
  mail_plugins = quota imap_quota
}
plugin {
  quota = count:User quota
  quota_vsizes = yes
  quota_rule = *:messages=3
}`;
  const { withBoth } = onServer(() => house, { extra });
  const noMove = onServer(() => house, { extra, without: ["MOVE"] });
  const fill = async ({ other, settle }: Both) => {
    for (let n = 1; n <= 3; n++) await other.append("INBOX", letter(`q${n}@x`));
    await settle();
  };
  const makeRoom = async ({ other }: Both) => {
    await other.mailboxOpen("INBOX");
    await other.messageDelete("3", { uid: true });
    await other.mailboxOpen("Junk");
  };

  it("what was sent is put there once there is room; nothing else waits for that", () =>
    withBoth(async (both) => {
      await fill(both);
      await placeOurs(house, both, "sent@x");
      await both.change("mail.update", (await row(both, "q1@x")).id, { flagged: true });
      let now = Date.now();
      let asked = 0;
      const { session } = both.work;
      const append: ImapSession["append"] = (...args) => {
        asked += 1;
        return session.append(...args);
      };
      const work = { ...both.work, clock: { now: () => now }, session: { ...session, append } };
      const sync = createAccountSync(work);
      for (let turn = 0; turn < 9; turn++) await sync.round({ thorough: true });
      expect(asked).toBe(1);
      expect(await pictureThere(both.other)).toMatchObject({ INBOX: ["q1@x 2", "q2@x 0", "q3@x 0"], Sent: [] });
      for (let turn = 0; turn < 9; turn++) {
        now += 11 * 60_000;
        await sync.round({ thorough: true });
      }
      expect(asked).toBe(10);
      await makeRoom(both);
      now += 11 * 60_000;
      await sync.round({ thorough: true });
      await both.settle();
      expect(await same(both)).toMatchObject({ INBOX: ["q1@x 2", "q2@x 0"], Sent: ["sent@x 1"] });
    }));

  it("without MOVE: what is deleted for good makes room, and what was moved is moved when there is some", () =>
    noMove.withBoth(async (both) => {
      const { mailboxId } = both;
      await fill(both);
      const [archive, trash] = [
        await folderIdOf(house, mailboxId, "archive"),
        await folderIdOf(house, mailboxId, "trash"),
      ];
      const { id } = await row(both, "q1@x");
      await both.change("mail.update", (await row(both, "q2@x")).id, { folderId: archive });
      for (let turn = 0; turn < 9; turn++) await both.round({ thorough: true });
      expect(await pictureThere(both.other)).toMatchObject({ INBOX: ["q1@x 0", "q2@x 0", "q3@x 0"], Archive: [] });
      await both.change("mail.update", id, { folderId: trash });
      await both.change("mail.delete", id, {});
      await both.settle();
      expect(await same(both)).toMatchObject({ INBOX: ["q3@x 0"], Archive: ["q2@x 0"], Trash: [] });
    }));
});

describe.each([
  ["MOVE", {}],
  ["COPY and COPYUID", { without: ["MOVE"] }],
  ["COPY and no word of where anything lies", { without: ["MOVE", "UIDPLUS"], tellsUids: false }],
] as const)("with %s, and with a folder whose messages may not be removed", (_name, options) => {
  const extra = `
mail_plugins = acl
protocol imap {
  mail_plugins = acl imap_acl
}
plugin {
  acl = vfile
}`;
  const { withBoth, allow } = onServer(() => house, { extra, ...options });

  it("[ACC-6] what is moved out of it or deleted in it here lies in it again, and is copied nowhere", () =>
    withBoth(async (both) => {
      const { other, mailboxId, user } = both;
      await other.mailboxCreate("Kept");
      await other.append("Kept", letter("kept@x"));
      await other.append("Trash", letter("thrown@x"));
      await both.settle();
      for (const path of ["Kept", "Trash"])
        await allow(user, path, ["lookup", "read", "write", "write-seen", "insert", "post"]);
      await both.reopen();
      const archive = await folderIdOf(house, mailboxId, "archive");
      await both.change("mail.update", (await row(both, "kept@x")).id, { folderId: archive });
      await both.change("mail.delete", (await row(both, "thrown@x")).id, {});
      for (let turn = 0; turn < 6; turn++) await both.round({ thorough: true });
      expect(await same(both)).toMatchObject({ Kept: ["kept@x 0"], Archive: [], Trash: ["thrown@x 0"] });
    }));
});
