import { sql } from "kysely";
import type { Database, Transaction } from "#kernel";

/** Deleted here and still to be deleted there, and nobody knows at the moment where it lies there. */
export interface Gone {
  readonly id: string;
  readonly message_id: string;
  readonly raw_size: number;
  readonly received_at: string;
}

/**
 * Those of them that are looked for in this folder: it lay there when it was deleted here, or before it was moved. In another folder
 * somebody has rescued it.
 */
export async function findGone(
  db: Database | Transaction,
  { mailboxId, folderId }: { readonly mailboxId: string; readonly folderId: string },
): Promise<readonly Gone[]> {
  const { rows } = await sql<Gone>`
    select lost.message_id as id, change.args->>'messageId' as message_id, (change.args->>'size')::bigint as raw_size,
      (change.args->>'receivedAt')::timestamptz as received_at
    from mail_remote_message lost
      join mail_remote_change change on change.message_id = lost.message_id and change.kind = 'delete'
        and change.args ? 'messageId'
    where lost.mailbox_id = ${mailboxId} and lost.folder_id is null and lost.draft is null and exists (
      select from mail_remote_change own where own.message_id = lost.message_id and own.kind in ('move', 'delete')
        and own.folder_id = ${folderId})
    order by lost.message_id`.execute(db);
  return rows;
}
