import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { sql } from "kysely";
import { newId } from "@kontor/shared/base";
import { createTestDatabase, type TestDatabase } from "#testing";
import { assignThread, assignThreads, regroup } from "./assignThread.ts";

let test: TestDatabase;
beforeAll(async () => {
  test = await createTestDatabase();
});
afterAll(() => test.drop());

const [owner, mailboxId, otherId] = [newId(), newId(), newId()];
beforeEach(async () => {
  await sql`truncate change_log, mail_message, mail_content, mail_thread, mail_folder, mailbox, app_user cascade`.execute(
    test.db,
  );
  await sql`insert into app_user (id, login, name) values (${owner}, 'anna', 'Anna')`.execute(test.db);
  for (const [id, kind] of [
    [mailboxId, "personal"],
    [otherId, "external"],
  ])
    await sql`insert into mailbox (id, kind, owner_id, name, address) values (${id}, ${kind}, ${owner}, 'Anna', ${`${kind}@example.com`})`.execute(
      test.db,
    );
});

/** Puts a message into the mailbox, as delivery does. */
const deliver = (messageId: string, refs: readonly string[] = [], box = mailboxId) =>
  test.db.transaction().execute(async (trx) => {
    const threadId = await assignThread(trx, box, { messageId, refs, inReplyTo: [] });
    const [id, folderId, contentId] = [newId(), newId(), newId()];
    await sql`insert into mail_folder (id, mailbox_id, name) values (${folderId}, ${box}, ${folderId})`.execute(trx);
    await sql`insert into mail_content (id, message_id, subject, people, sent_at, authenticity, words)
      values (${contentId}, ${messageId}, 'Subject', '{}', now(), '{}', '')`.execute(trx);
    await sql`insert into mail_message (id, mailbox_id, folder_id, content_id, thread_id, received_at)
      values (${id}, ${box}, ${folderId}, ${contentId}, ${threadId}, now())`.execute(trx);
    return { id, threadId };
  });

const threadsNow = async () => {
  const { rows } = await sql<{ message_id: string; thread_id: string }>`
    select c.message_id, m.thread_id from mail_message m join mail_content c on c.id = m.content_id`.execute(test.db);
  return new Map(rows.map((row) => [row.message_id, row.thread_id]));
};

const changed = async (collection: string) => {
  const { rows } = await sql<{
    row_id: string;
  }>`select row_id from change_log where collection = ${collection} order by id`.execute(test.db);
  return rows.map((row) => row.row_id);
};

describe("the threads of a mailbox", () => {
  it("are joined by a message that connects two, and replicas hear of what moved", async () => {
    const first = await deliver("a");
    const second = await deliver("b");
    expect(second.threadId).not.toBe(first.threadId);
    const third = await deliver("c", ["a", "b"]);
    expect(third.threadId).toBe(first.threadId);
    expect(new Set((await threadsNow()).values())).toEqual(new Set([first.threadId]));
    expect(await changed("messages")).toEqual([second.id]);
    const { rows } = await sql`select id from mail_thread`.execute(test.db);
    expect(rows).toEqual([{ id: first.threadId }]);
  });

  it("know nothing of other mailboxes", async () => {
    const here = await deliver("a");
    const there = await deliver("a", [], otherId);
    expect(there.threadId).not.toBe(here.threadId);
  });

  it("are found for several mailboxes in one call", async () => {
    const threadIds = await test.db.transaction().execute((trx) =>
      assignThreads(trx, [
        { mailboxId, messageId: "a", refs: [], inReplyTo: [] },
        { mailboxId: otherId, messageId: "a", refs: [], inReplyTo: [] },
        { mailboxId, messageId: "b", refs: ["a"], inReplyTo: [] },
      ]),
    );
    expect(threadIds[0]).toBe(threadIds[2]);
    expect(threadIds[0]).not.toBe(threadIds[1]);
  });

  it("take along what is linked to them, once for each record", async () => {
    const [first, second] = [await deliver("a"), await deliver("b")];
    const [one, both] = [newId(), newId()];
    await sql`insert into object_type (name, definition) values ('deal', '{}') on conflict do nothing`.execute(test.db);
    for (const id of [one, both])
      await sql`insert into record (id, type, created_by, created_at, fields, field_meta) values (${id}, 'deal', ${owner}, now(), '{}', '{}')`.execute(
        test.db,
      );
    for (const [threadId, recordId] of [
      [first.threadId, both],
      [second.threadId, both],
      [second.threadId, one],
    ])
      await sql`insert into mail_link (id, mailbox_id, thread_id, record_id, how) values (${newId()}, ${mailboxId}, ${threadId}, ${recordId}, 'hand')`.execute(
        test.db,
      );
    await deliver("c", ["a", "b"]);
    const { rows } = await sql<{ record_id: string }>`select thread_id, record_id from mail_link`.execute(test.db);
    expect(rows).toHaveLength(2);
    expect(rows).toEqual(
      expect.arrayContaining([one, both].map((record_id) => ({ thread_id: first.threadId, record_id }))),
    );
    expect(await changed("mailLinks")).toHaveLength(2);
  });

  it("are joined right by messages that arrive at once and connect each other", async () => {
    const names = Array.from({ length: 24 }, (_, index) => `m${index}`);
    await Promise.all(names.map((name, index) => deliver(name, index === 0 ? [] : [names[index - 1] ?? ""])));
    expect(new Set((await threadsNow()).values()).size).toBe(1);
  });

  it("stay parted when they were parted by hand, whatever is answered", async () => {
    const first = await deliver("a");
    const second = await deliver("b", ["a"]);
    const own = newId();
    await test.db
      .transaction()
      .execute((trx) => regroup(trx, { mailboxId, rowId: second.id, messageId: "b", from: second.threadId, to: own }));
    const answer = await deliver("c", ["a", "b"]);
    const threads = await threadsNow();
    expect([threads.get("a"), threads.get("b"), answer.threadId]).toEqual([first.threadId, own, own]);
  });
});
