import { sql } from "kysely";
import { mailLimits } from "@kontor/shared/mail";
import type { Transaction } from "#kernel";
import { removeMessages } from "../messages/deleteMessages.ts";
import { messageTables, recordMessages } from "../messages/messages.repo.ts";
import { labelsOfArgs, readPendingOf, removePendingOf, type PendingChange } from "./accounts.repo.ts";
import { changedLabels, markBits, markNames, type Flags, type Mark, type Marks } from "./marks.ts";
import { forgetMessages, setFlagsThere } from "./remote.repo.ts";

/**
 * What is so at the provider becomes so here, except where a change of ours is still to be done there: that one wins until it
 * is. Rows are held while it is decided, so that a change which is made here at the same moment comes before or after, whole.
 */

export interface FlagsChange {
  readonly messageId: string;
  /** As we knew it, and as it is now. */
  readonly before: Flags;
  readonly now: Flags;
}

/** Only what changed there is touched: what was set here meanwhile and differs anyway stays. */
export async function applyFlags(trx: Transaction, changes: readonly FlagsChange[]): Promise<void> {
  const differing = changes.flatMap((change) => {
    const changed = changedLabels(change.before.labels, change.now.labels);
    const isSame = change.before.marks === change.now.marks && changed.added.length + changed.removed.length === 0;
    return isSame ? [] : [{ ...change, ...changed }];
  });
  if (differing.length === 0) return;
  await setFlagsThere(
    trx,
    differing.map(({ messageId, now: { marks, labels } }) => ({ messageId, marks, labels })),
  );
  const ids = await holdMessages(
    trx,
    differing.map(({ messageId }) => messageId),
  );
  const pending = await readPendingOf(trx, [...ids]);
  const updates = differing.flatMap(({ messageId, before, now, ...labels }) => {
    const ours = pendingFlags(pending.get(messageId));
    const marks = (before.marks ^ now.marks) & ~ours.marks;
    const [added, removed] = [labels.added, labels.removed].map((some) =>
      some.filter((label) => !ours.labels.has(label)),
    );
    if (!ids.has(messageId) || !added || !removed || (marks === 0 && added.length + removed.length === 0)) return [];
    return [{ id: messageId, set: now.marks & marks, clear: ~now.marks & marks, added, removed }];
  });
  if (updates.length === 0) return;
  const { rows } = await sql<{ id: string }>`update mail_message as message set
      seen = ${newValue("seen")}, flagged = ${newValue("flagged")}, answered = ${newValue("answered")},
      forwarded = ${newValue("forwarded")}, labels = ${NEW_LABELS}, rev = rev + 1
    from jsonb_to_recordset(${JSON.stringify(updates)}::jsonb) as each (id uuid, set int, clear int, added jsonb, removed jsonb)
    where message.id = each.id returning message.id`.execute(trx);
  await recordMessages(
    trx,
    rows.map(({ id }) => id),
  );
}

const newValue = (mark: Mark) => {
  const bit = sql.lit(markBits[mark]);
  const column = sql.ref(`message.${mark}`);
  return sql`(${column} or (each.set & ${bit}) <> 0) and (each.clear & ${bit}) = 0`;
};

/** In their order, the new ones behind; above the limit nothing is added. */
const NEW_LABELS = sql`array(
  select label from (
    select label, min(position) as position from unnest(message.labels || array(select jsonb_array_elements_text(each.added)))
      with ordinality as labelled (label, position)
    where not each.removed ? label group by label
  ) as kept order by position limit ${sql.lit(mailLimits.maxLabels)})`;

/** What is still to be set there: that wins until it is. */
function pendingFlags(pending: readonly PendingChange[] = []): { marks: Marks; labels: ReadonlySet<string> } {
  let marks = 0;
  const labels = new Set<string>();
  for (const { kind, args } of pending) {
    if (kind !== "flags") continue;
    for (const mark of markNames) if (mark in (args as object)) marks |= markBits[mark];
    const { add, remove } = labelsOfArgs(args);
    for (const label of [...add, ...remove]) labels.add(label);
  }
  return { marks, labels };
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
    where message.id = each.id and message.folder_id <> folder.id
      and coalesce(message.send_state, '') not in ('scheduled', 'sending') returning message.id`.execute(trx);
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
