import { sql } from "kysely";
import type { Transaction } from "#kernel";

/** SQL of drafts that lie at a provider, too (`pushDrafts.ts`). */

/** Long enough that a thought is one copy, short enough that nobody waits for it with another device in hand. */
export const restMs = 5_000;

/** What a draft says, short: its revision, and the attachments that are here. */
export const draftState = sql<string>`(message.draft_rev || coalesce((
  select ' ' || md5(string_agg(file.id::text, ',' order by file.id)) from file
  where file.mail_content_id = message.content_id and file.deleted_at is null and file.state = 'stored'), ''))`;

/** The last draft that waits to be put to its provider: changes when there is another one. */
export const lastRested = (now: string) => sql<string | null>`(
  select max(message.received_at || ${draftState}) from mail_message message
    join mail_folder folder on folder.id = message.folder_id and folder.role = 'drafts'
    left join mail_remote_message known on known.message_id = message.id
  where message.mailbox_id = account.mailbox_id and message.send_state in ('draft', 'failed')
    and message.received_at <= ${new Date(Date.parse(now) - restMs).toISOString()}
    and (known.message_id is null or known.draft is distinct from ${draftState}))`;

export async function removePendingDraft(trx: Transaction, messageId: string): Promise<void> {
  await sql`delete from mail_remote_change where message_id = ${messageId} and kind = 'draft'`.execute(trx);
}
