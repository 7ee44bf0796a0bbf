import { sql } from "kysely";
import { newId } from "@kontor/shared/base";
import { recordChanges, type Transaction } from "#kernel";
import { joinThreads, linksOf, type Joined, type KnownThread, type Linked } from "./joinThreads.ts";

/** First part of the advisory lock's key ("thrd" in ASCII); the second is the mailbox's hash. */
const LOCK = 0x74687264;

export interface ThreadEntry extends Linked {
  readonly mailboxId: string;
}

type ThreadTables = {
  mail_thread: { id: string; mailbox_id: string; by_hand: boolean };
  mail_thread_ref: { mailbox_id: string; message_id: string; thread_id: string };
  mail_message: { id: string; mailbox_id: string; thread_id: string };
  mail_link: { id: string; mailbox_id: string; thread_id: string; message_id: string | null; record_id: string };
};
const tables = (trx: Transaction) => trx.withTables<ThreadTables>();

/**
 * The thread of each message, in the order given; what one of them connects is joined, and replicas hear of the messages
 * that changed their thread. Mailboxes are locked until the transaction ends, in one order, since two messages that arrive
 * at once may connect each other: a caller that fills several mailboxes gives all of them in one call.
 */
export async function assignThreads(trx: Transaction, entries: readonly ThreadEntry[]): Promise<readonly string[]> {
  await lockThreads(trx, [...new Set(entries.map((entry) => entry.mailboxId))]);
  const threadIds = new Map<ThreadEntry, string>();
  const groups = Map.groupBy(entries, (entry) => entry.mailboxId);
  const known = await readKnown(trx, entries);
  const joined = [...groups].map(([mailboxId, group]) => {
    const result = joinThreads(group, known.get(mailboxId) ?? new Map(), newId);
    for (const [index, entry] of group.entries()) threadIds.set(entry, result.threadIds[index] ?? "");
    return { mailboxId, ...result };
  });
  await write(trx, joined);
  return entries.map((entry) => threadIds.get(entry) ?? "");
}

export const assignThread = async (trx: Transaction, mailboxId: string, message: Linked): Promise<string> =>
  (await assignThreads(trx, [{ mailboxId, ...message }]))[0] ?? "";

/** Puts one message into another thread of its mailbox, or into one of its own. Neither thread is joined by itself any more. */
export async function regroup(
  trx: Transaction,
  {
    mailboxId,
    rowId,
    messageId,
    from,
    to,
  }: {
    readonly mailboxId: string;
    readonly rowId: string;
    readonly messageId: string;
    readonly from: string;
    /** Made when it is new. */
    readonly to: string;
  },
): Promise<void> {
  if (from === to) return;
  await lockThreads(trx, [mailboxId]);
  await tables(trx)
    .insertInto("mail_thread")
    .values({ id: to, mailbox_id: mailboxId, by_hand: true })
    .onConflict((conflict) => conflict.column("id").doUpdateSet({ by_hand: true }))
    .execute();
  await tables(trx).updateTable("mail_thread").set({ by_hand: true }).where("id", "=", from).execute();
  await tables(trx).updateTable("mail_message").set({ thread_id: to }).where("id", "=", rowId).execute();
  await tables(trx)
    .updateTable("mail_thread_ref")
    .set({ thread_id: to })
    .where("mailbox_id", "=", mailboxId)
    .where("message_id", "=", messageId)
    .execute();
  await recordChanges(trx, [{ collection: "messages", id: rowId }]);
}

/** In one order for everybody, so that two deliveries to many mailboxes wait for each other and do not stop each other. */
export const lockThreads = (trx: Transaction, mailboxIds: readonly string[]) =>
  sql`select pg_advisory_xact_lock(${LOCK}, key) from (
    select distinct hashtext(id) as key from unnest(${mailboxIds}::text[]) as id order by 1
  ) as keys`.execute(trx);

async function readKnown(
  trx: Transaction,
  entries: readonly ThreadEntry[],
): Promise<ReadonlyMap<string, ReadonlyMap<string, KnownThread>>> {
  const asked = entries.flatMap((entry) =>
    [entry.messageId, ...linksOf(entry)].map((messageId) => ({ mailboxId: entry.mailboxId, messageId })),
  );
  const { rows } = await sql<{ mailbox_id: string; message_id: string; thread_id: string; by_hand: boolean }>`
    select ref.mailbox_id, ref.message_id, ref.thread_id, thread.by_hand
    from (select distinct mailbox_id, message_id from unnest(
      ${asked.map((each) => each.mailboxId)}::uuid[], ${asked.map((each) => each.messageId)}::text[]
    ) as asked (mailbox_id, message_id)) as asked
    join mail_thread_ref ref using (mailbox_id, message_id)
    join mail_thread thread on thread.id = ref.thread_id`.execute(trx);
  const known = new Map<string, Map<string, KnownThread>>();
  for (const { mailbox_id, message_id, thread_id, by_hand } of rows) {
    const ofMailbox = known.get(mailbox_id) ?? new Map<string, KnownThread>();
    known.set(mailbox_id, ofMailbox.set(message_id, { id: thread_id, byHand: by_hand }));
  }
  return known;
}

async function write(trx: Transaction, joined: readonly (Joined & { readonly mailboxId: string })[]): Promise<void> {
  const made = joined.flatMap(({ mailboxId, made }) => made.map((id) => ({ id, mailboxId })));
  await sql`insert into mail_thread (id, mailbox_id)
    select * from unnest(${made.map(({ id }) => id)}::uuid[], ${made.map(({ mailboxId }) => mailboxId)}::uuid[])`.execute(
    trx,
  );
  const refs = joined.flatMap(({ mailboxId, leadsTo }) =>
    [...leadsTo].map(([messageId, threadId]) => ({ mailboxId, messageId, threadId })),
  );
  await sql`insert into mail_thread_ref (mailbox_id, message_id, thread_id)
    select * from unnest(${refs.map((ref) => ref.mailboxId)}::uuid[], ${refs.map((ref) => ref.messageId)}::text[],
      ${refs.map((ref) => ref.threadId)}::uuid[])`.execute(trx);
  const stored = new Set(made.map(({ id }) => id));
  const merged = joined.flatMap(({ merged }) => [...merged].filter(([gone]) => !stored.has(gone)));
  if (merged.length > 0) await mergeStored(trx, merged);
}

/** Everything that names a thread which is no more names the one that took it in. */
async function mergeStored(
  trx: Transaction,
  merged: readonly (readonly [gone: string, stays: string])[],
): Promise<void> {
  const gone = merged.map(([from]) => from);
  const pairs = sql`unnest(${gone}::uuid[], ${merged.map(([, to]) => to)}::uuid[]) as merged (gone, stays)`;
  const messages = await sql<{ id: string }>`update mail_message set thread_id = merged.stays from ${pairs}
    where mail_message.thread_id = merged.gone returning mail_message.id`.execute(trx);
  // One record may have been linked to both: the link that is there already says it all.
  const doubled = await sql<{
    id: string;
  }>`delete from mail_link using ${pairs} where mail_link.thread_id = merged.gone and exists (
    select from mail_link kept where kept.thread_id = merged.stays and kept.record_id = mail_link.record_id
      and kept.message_id is not distinct from mail_link.message_id) returning mail_link.id`.execute(trx);
  const links = await sql<{ id: string }>`update mail_link set thread_id = merged.stays from ${pairs}
    where mail_link.thread_id = merged.gone returning mail_link.id`.execute(trx);
  await sql`update mail_thread_ref set thread_id = merged.stays from ${pairs} where mail_thread_ref.thread_id = merged.gone`.execute(
    trx,
  );
  await tables(trx).deleteFrom("mail_thread").where("id", "in", gone).execute();
  await recordChanges(trx, [
    ...messages.rows.map(({ id }) => ({ collection: "messages", id })),
    ...[...doubled.rows, ...links.rows].map(({ id }) => ({ collection: "mailLinks", id })),
    ...doubled.rows.map(({ id }) => ({ collection: "mailLinkRecords", id })),
  ]);
}
