import { sql } from "kysely";
import type { Database, Transaction } from "#kernel";

/** SQL of drafts that lie at a provider, too (`pushDrafts.ts`). */

/** Long enough that a thought is one copy, short enough that nobody waits for it with another device in hand. */
export const restMs = 5_000;

/** What a draft says, short: its revision, and the attachments that are here. */
export const draftState = sql<string>`(message.draft_rev || coalesce((
  select ' ' || md5(string_agg(file.id::text, ',' order by file.id)) from file
  where file.mail_content_id = message.content_id and file.deleted_at is null and file.state = 'stored'), ''))`;

/** Of accounts, the last draft that waits to be put there: it is another when there is one more. */
export async function readRested(
  db: Database,
  mailboxIds: readonly string[],
  nowMs: number,
): Promise<ReadonlyMap<string, string>> {
  if (mailboxIds.length === 0) return new Map();
  const { rows } = await sql<{ id: string; last: string }>`
    select message.mailbox_id as id, max(message.received_at || ${draftState}) as last from mail_message message
      join mail_folder folder on folder.id = message.folder_id and folder.role = 'drafts'
      left join mail_remote_message known on known.message_id = message.id
    where message.mailbox_id = any(${mailboxIds}::uuid[]) and message.send_state in ('draft', 'failed')
      and message.received_at <= ${new Date(nowMs - restMs).toISOString()}
      and (known.message_id is null or known.draft is distinct from ${draftState})
    group by message.mailbox_id`.execute(db);
  return new Map(rows.map(({ id, last }) => [id, last]));
}

export async function removePendingDraft(trx: Transaction, messageId: string): Promise<void> {
  await sql`delete from mail_remote_change where message_id = ${messageId} and kind = 'draft'`.execute(trx);
}
