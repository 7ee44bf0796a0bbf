import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sql } from "kysely";
import { newId } from "@kontor/shared/base";
import { createTestDatabase, type TestDatabase } from "#testing";
import {
  actor,
  applier,
  changesSince,
  createDeal,
  folderOf,
  logEnd,
  mailboxOf,
  makeMailbox,
  parsedMessage,
  people,
  receive,
  records,
  seedMail,
  storeParsed,
} from "../mail.fixture.ts";
import { messageIntents } from "./messages.intents.ts";
import { findFolders, findMessages, messageTables } from "./messages.repo.ts";
import { placeMessage } from "./placeMessage.ts";
import { sweepMail } from "./sweepMail.ts";

const DAY_MS = 86_400_000;
const apply = applier(messageIntents({ records }));
let test: TestDatabase;
let own: string;
let external: string;
beforeAll(async () => {
  test = await createTestDatabase();
  await seedMail(test.db);
  own = await mailboxOf(test.db, "ann");
  external = await makeMailbox(test.db, { kind: "external", ownerId: people.ann });
});
afterAll(() => test.drop());

/** Contents are made by the database's clock, so days are counted from now. */
const inDays = (days: number) => Date.now() + days * DAY_MS;
const sweep = (days: number) => sweepMail(test.db, { now: inDays(days), trashDays: 30 });
const isThere = async (id: string) => (await findMessages(test.db, [id])).length === 1;
const contentIsThere = async (id: string) =>
  (await messageTables(test.db).selectFrom("mail_content").select("id").where("id", "=", id).execute()).length === 1;
const trashedNow = (id: string) =>
  sql`update mail_message set trashed_at = ${new Date().toISOString()} where id = ${id}`.execute(test.db);

describe("the sweep of mail", () => {
  it("deletes what lay in the trash for its days, and what it said when it lies nowhere else", async () => {
    const trash = await folderOf(test.db, own, "trash");
    const bobs = await mailboxOf(test.db, "bob");
    const alone = await receive(test.db, own);
    const both = await receive(test.db, own);
    const [bothRow] = await findMessages(test.db, [both.id]);
    const [aloneRow] = await findMessages(test.db, [alone.id]);
    const copy = await test.db.transaction().execute((trx) =>
      placeMessage(trx, {
        mailboxId: bobs,
        folder: { role: "inbox" },
        contentId: bothRow?.content_id ?? "",
        receivedAt: "2026-03-01T00:00:00.000Z",
      }),
    );
    for (const { id } of [alone, both]) {
      await apply(test.db, actor("ann"), "mail.update", id, { folderId: trash });
      await trashedNow(id);
    }
    const kept = await receive(test.db, own);
    await sweep(29);
    expect(await isThere(alone.id)).toBe(true);
    const from = await logEnd(test.db);
    expect(await sweep(31)).toMatchObject({ messages: 2, contents: 1 });
    expect([await isThere(alone.id), await isThere(both.id), await isThere(copy.id), await isThere(kept.id)]).toEqual([
      false,
      false,
      true,
      true,
    ]);
    expect(await contentIsThere(aloneRow?.content_id ?? "")).toBe(false);
    expect(await contentIsThere(bothRow?.content_id ?? "")).toBe(true);
    expect(await changesSince(test.db, from)).toEqual(
      expect.arrayContaining([`messages ${alone.id}`, `messages ${both.id}`]),
    );
  });

  it("takes folders that lie in the trash with what is in them, from below", async () => {
    const [outer, inner] = [newId(), newId()];
    await apply(test.db, actor("ann"), "folder.create", outer, { mailboxId: own, name: "Outer" });
    await apply(test.db, actor("ann"), "folder.create", inner, { mailboxId: own, name: "Inner", parentId: outer });
    const { id } = await receive(test.db, own, {}, { folder: { id: inner } });
    await apply(test.db, actor("ann"), "folder.delete", outer, {});
    await trashedNow(id);
    await sql`update mail_folder set trashed_at = ${new Date().toISOString()} where trashed_at is not null`.execute(
      test.db,
    );
    await sweep(31);
    await sweep(31);
    expect(await isThere(id)).toBe(false);
    expect(await findFolders(test.db, [outer, inner])).toEqual([]);
  });

  it("drops threads without messages, with their links, and tells both sides", async () => {
    const { id, threadId } = await receive(test.db, own, {}, { folder: { role: "junk" } });
    const link = newId();
    const deal = await createDeal(test.db, "ann");
    await apply(test.db, actor("ann"), "mail.link", link, { threadId, recordId: deal.id });
    await apply(test.db, actor("ann"), "mail.delete", id, {});
    const from = await logEnd(test.db);
    expect(await sweep(0)).toMatchObject({ threads: 1 });
    expect(await changesSince(test.db, from)).toEqual([`mailLinks ${link}`, `mailLinkRecords ${link}`]);
    const { rows } = await sql`select from mail_thread_ref where thread_id = ${threadId}`.execute(test.db);
    expect(rows).toEqual([]);
  });

  it("leaves the trash of an external account to its provider, and what is about to leave", async () => {
    const theirs = await receive(test.db, external, {}, { folder: { role: "trash" } });
    const send = { state: "scheduled", at: "2026-03-03T10:00:00.000Z", by: people.ann } as const;
    const leaving = await receive(test.db, own, {}, { folder: { role: "trash" }, send });
    await sweep(400);
    expect([await isThere(theirs.id), await isThere(leaving.id)]).toEqual([true, true]);
    const { rows } = await sql`select from mail_remote_change where mailbox_id = ${external}`.execute(test.db);
    expect(rows).toEqual([]);
  });

  it("leaves a content that a transaction is just placing", async () => {
    const parsed = parsedMessage();
    const contentId = await test.db.transaction().execute((trx) => storeParsed(trx, parsed));
    const placing = await test.db.startTransaction().execute();
    expect(await storeParsed(placing, parsed)).toBe(contentId);
    await sweep(1);
    await placeMessage(placing, {
      mailboxId: own,
      folder: { role: "inbox" },
      contentId,
      receivedAt: "2026-03-01T00:00:00.000Z",
    });
    await placing.commit().execute();
    await sweep(1);
    expect(await contentIsThere(contentId)).toBe(true);
  });
});
