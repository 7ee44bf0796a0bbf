import { sql } from "kysely";
import type { Transaction } from "#kernel";
import { removeMessages } from "../messages/deleteMessages.ts";
import { messageTables, recordMessages } from "../messages/messages.repo.ts";
import { readPendingOf, removePendingOf, type PendingChange } from "./accounts.repo.ts";
import { markBits, markNames, type Mark, type Marks } from "./marks.ts";
import { forgetMessages, setMarksThere } from "./remote.repo.ts";

/**
 * What is so at the provider becomes so here, except where a change of ours is still to be done there: that one wins until it
 * is. Rows are held while it is decided, so that a change which is made here at the same moment comes before or after, whole.
 */

export interface MarksChange {
  readonly messageId: string;
  /** As we knew it, and as it is now. */
  readonly before: Marks;
  readonly marks: Marks;
}

/** Only flags that changed there are touched: what was set here meanwhile and differs anyway stays. */
export async function applyMarks(trx: Transaction, changes: readonly MarksChange[]): Promise<void> {
  const differing = changes.filter(({ before, marks }) => before !== marks);
  if (differing.length === 0) return;
  await setMarksThere(trx, differing);
  const ids = await holdMessages(
    trx,
    differing.map(({ messageId }) => messageId),
  );
  const pending = await readPendingOf(trx, [...ids]);
  const updates = differing.flatMap(({ messageId, before, marks }) => {
    const changed = (before ^ marks) & ~pendingMarks(pending.get(messageId));
    return ids.has(messageId) && changed !== 0 ? [{ messageId, set: marks & changed, clear: ~marks & changed }] : [];
  });
  if (updates.length === 0) return;
  const { rows } = await sql<{ id: string }>`update mail_message as message set
      seen = ${newValue("seen")}, flagged = ${newValue("flagged")}, answered = ${newValue("answered")},
      forwarded = ${newValue("forwarded")}, rev = rev + 1
    from unnest(${updates.map(({ messageId }) => messageId)}::uuid[], ${updates.map(({ set }) => set)}::int[],
      ${updates.map(({ clear }) => clear)}::int[]) as each (id, bits_set, bits_clear)
    where message.id = each.id returning message.id`.execute(trx);
  await recordMessages(
    trx,
    rows.map(({ id }) => id),
  );
}

const newValue = (mark: Mark) => {
  const bit = sql.lit(markBits[mark]);
  const column = sql.ref(`message.${mark}`);
  return sql`(${column} or (each.bits_set & ${bit}) <> 0) and (each.bits_clear & ${bit}) = 0`;
};

function pendingMarks(pending: readonly PendingChange[] = []): Marks {
  let marks = 0;
  for (const { kind, args } of pending)
    if (kind === "flags") for (const mark of markNames) if (mark in (args as object)) marks |= markBits[mark];
  return marks;
}

export interface Arrival {
  readonly messageId: string;
  /** Ours. */
  readonly folderId: string;
}

/** Messages that lie in another folder there now: here, too, unless somebody here has moved them since. */
export async function applyMoves(trx: Transaction, arrivals: readonly Arrival[], now: string): Promise<void> {
  if (arrivals.length === 0) return;
  const held = await holdMessages(
    trx,
    arrivals.map(({ messageId }) => messageId),
  );
  const pending = await readPendingOf(trx, [...held]);
  const moving = arrivals.filter(
    ({ messageId }) => held.has(messageId) && !pending.get(messageId)?.some(({ kind }) => kind === "move"),
  );
  if (moving.length === 0) return;
  const { rows } = await sql<{
    id: string;
  }>`update mail_message as message set folder_id = folder.id, rev = message.rev + 1,
      trashed_from = case when folder.role = 'trash' then message.folder_id end,
      trashed_at = case when folder.role = 'trash' or folder.trashed_at is not null
        then coalesce(message.trashed_at, ${now}) end
    from unnest(${moving.map(({ messageId }) => messageId)}::uuid[], ${moving.map(({ folderId }) => folderId)}::uuid[])
      as each (id, folder_id) join mail_folder folder on folder.id = each.folder_id
    where message.id = each.id and message.folder_id <> folder.id returning message.id`.execute(trx);
  await recordMessages(
    trx,
    rows.map(({ id }) => id),
  );
}

/** They are no more at the provider; nothing is to be done there about them. */
export async function removeHere(trx: Transaction, messageIds: readonly string[]): Promise<void> {
  if (messageIds.length === 0) return;
  const rows = await messageTables(trx)
    .selectFrom("mail_message")
    .select(["id", "mailbox_id", "folder_id"])
    .where("id", "in", messageIds)
    .orderBy("id")
    .forUpdate()
    .execute();
  await removeMessages(
    trx,
    rows.map((row) => ({ ...row, isExternal: false })),
  );
  await removePendingOf(trx, messageIds);
  await forgetMessages(trx, messageIds);
}

/** Those of them that are still here, held to the end of the transaction. */
export async function holdMessages(trx: Transaction, messageIds: readonly string[]): Promise<ReadonlySet<string>> {
  if (messageIds.length === 0) return new Set();
  const { rows } = await sql<{ id: string }>`select id from mail_message where id = any(${messageIds}::uuid[])
    order by id for update`.execute(trx);
  return new Set(rows.map(({ id }) => id));
}
