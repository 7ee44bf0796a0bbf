import { sql } from "kysely";
import type { BlobNames } from "#files";
import { recordChanges, type Database, type Transaction } from "#kernel";
import { linkChanges, removeMessages } from "./deleteMessages.ts";
import { lockThreads } from "../threads/assignThread.ts";
import { messageTables } from "./messages.repo.ts";

/** Raw messages: of contents, and of what came in and does not lie anywhere yet. */
export const mailBlobNames: BlobNames = sql`
  select raw_sha256 from mail_content where raw_sha256 is not null
  union all select raw_sha256 from mail_inbound`;

const AT_ONCE = 200; // rows of one transaction: some 50 ms in which replicas of everybody wait for the log
const DAY_MS = 86_400_000;
/** A content that is stored in one step and placed in a later one is not taken in between. */
const UNPLACED_MS = 3_600_000;

export interface MailSwept {
  readonly messages: number;
  readonly folders: number;
  readonly threads: number;
  readonly contents: number;
}

/**
 * What was thrown away is deleted after its days, and with it what nothing leads to any longer: folders in the trash, threads without
 * messages, contents that lie nowhere, with their attachments. Their bodies are then nobody's (`sweepBlobs`). An external account's
 * trash is its provider's to empty. Any node may do it at any time; killed, it goes on the next time.
 */
export async function sweepMail(
  db: Database,
  { now, trashDays }: { readonly now: number; readonly trashDays: number },
): Promise<MailSwept> {
  const before = new Date(now - trashDays * DAY_MS).toISOString();
  return {
    messages: await repeated(db, (trx) => emptyTrash(trx, before)),
    folders: await repeated(db, (trx) => dropFolders(trx, before)),
    threads: await repeated(db, dropThreads),
    contents: await repeated(db, (trx) => dropContents(trx, new Date(now - UNPLACED_MS).toISOString())),
  };
}

async function repeated(db: Database, sweep: (trx: Transaction) => Promise<number>): Promise<number> {
  for (let total = 0; ;) {
    const count = await db.transaction().execute(sweep);
    total += count;
    if (count < AT_ONCE) return total;
  }
}

async function emptyTrash(trx: Transaction, before: string): Promise<number> {
  const messages = await messageTables(trx)
    .selectFrom("mail_message as m")
    .select(["m.id", "m.mailbox_id", "m.folder_id"])
    .where("m.trashed_at", "<", before)
    .where(sql<boolean>`exists (select from mailbox where mailbox.id = m.mailbox_id and kind <> 'external')`)
    .where((where) =>
      where.or([where("m.send_state", "is", null), where("m.send_state", "not in", ["scheduled", "sending"])]),
    )
    .orderBy("m.trashed_at")
    .limit(AT_ONCE)
    .forUpdate("m")
    .skipLocked()
    .execute();
  await removeMessages(
    trx,
    messages.map((message) => ({ ...message, isExternal: false })),
  );
  return messages.length;
}

/** Those with nothing below them; their parents come with the next batch. */
async function dropFolders(trx: Transaction, before: string): Promise<number> {
  const { rows } = await sql<{ id: string }>`
    delete from mail_folder where id in (
      select id from mail_folder f where trashed_at < ${before} and role is null
        and not exists (select from mail_folder child where child.parent_id = f.id)
        and not exists (select from mail_message where folder_id = f.id)
      limit ${AT_ONCE} for update skip locked)
    returning id`.execute(trx);
  await recordChanges(
    trx,
    rows.map(({ id }) => ({ collection: "mailFolders", id })),
  );
  return rows.length;
}

/**
 * With what it knew of Message-IDs, and with its links. A thread to which a message is just coming is held by that (its references are
 * written under the mailbox's lock, and so is this).
 */
async function dropThreads(trx: Transaction): Promise<number> {
  const { rows: empty } = await sql<{ id: string; mailbox_id: string }>`
    select id, mailbox_id from mail_thread t where not exists (select from mail_message where thread_id = t.id)
    order by mailbox_id limit ${AT_ONCE}`.execute(trx);
  if (empty.length === 0) return 0;
  await lockThreads(trx, [...new Set(empty.map(({ mailbox_id }) => mailbox_id))]);
  const ids = empty.map(({ id }) => id);
  const { rows: links } = await sql<{ id: string }>`
    delete from mail_link where thread_id = any(${ids}::uuid[])
      and not exists (select from mail_message where thread_id = mail_link.thread_id)
    returning id`.execute(trx);
  await sql`
    delete from mail_thread where id = any(${ids}::uuid[])
      and not exists (select from mail_message where thread_id = mail_thread.id)`.execute(trx);
  await recordChanges(
    trx,
    links.flatMap(({ id }) => linkChanges(id)),
  );
  return empty.length;
}

/** Held first, and looked at then: a transaction that is just placing one of them holds it, and it is left alone. */
async function dropContents(trx: Transaction, before: string): Promise<number> {
  const { rows: held } = await sql<{ id: string }>`
    select id from mail_content c
    where created_at < ${before} and not exists (select from mail_message where content_id = c.id)
      and not exists (select from mail_outbound where content_id = c.id)
    limit ${AT_ONCE} for update skip locked`.execute(trx);
  if (held.length === 0) return 0;
  await sql`
    delete from mail_content c where id = any(${held.map(({ id }) => id)}::uuid[])
      and not exists (select from mail_message where content_id = c.id)
      and not exists (select from mail_outbound where content_id = c.id)`.execute(trx);
  return held.length;
}
