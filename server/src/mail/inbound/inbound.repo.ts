import { sql, type Generated } from "kysely";
import type { Database, Transaction } from "#kernel";
import type { Verdict } from "./verdict.ts";

/** SQL of what came in and was acknowledged. */

export type InboundState = "waiting" | "delivered" | "quarantined" | "released" | "dropped";

export interface InboundRow {
  readonly id: string;
  readonly raw_sha256: string;
  readonly raw_size: number;
  readonly body_sha256: string;
  readonly envelope_from: string;
  readonly recipients: readonly string[];
  readonly mailbox_id: string | null;
  readonly verdict: Verdict;
  readonly received_at: string;
  readonly state: InboundState;
  readonly reason: string | null;
  readonly message: string | null;
  readonly attempts: number;
  readonly next_at: string;
  readonly finished_at: string | null;
}

type Defaulted = "mailbox_id" | "state" | "reason" | "message" | "attempts" | "next_at" | "finished_at";
type InboundTables = {
  mail_inbound: {
    [Key in keyof Omit<InboundRow, Defaulted | "recipients">]: InboundRow[Key];
  } & { [Key in Defaulted]: Generated<InboundRow[Key]> } & { recipients: string[] };
};

export const inboundTables = (db: Database | Transaction) => db.withTables<InboundTables>();

export interface NewInbound {
  readonly id: string;
  readonly raw: { readonly sha256: string; readonly size: number };
  readonly bodySha256: string;
  readonly envelopeFrom: string;
  readonly recipients: readonly string[];
  /** Of a notice of ours. */
  readonly mailboxId?: string;
  readonly verdict: Verdict;
  readonly receivedAt: string;
}

export async function insertInbound(trx: Transaction, inbound: NewInbound): Promise<void> {
  const { id, raw, bodySha256, envelopeFrom, recipients, mailboxId, verdict, receivedAt } = inbound;
  await inboundTables(trx)
    .insertInto("mail_inbound")
    .values({
      id,
      raw_sha256: raw.sha256,
      raw_size: raw.size,
      body_sha256: bodySha256,
      envelope_from: envelopeFrom,
      recipients: [...recipients],
      mailbox_id: mailboxId ?? null,
      verdict: sql`${JSON.stringify(verdict)}::jsonb`,
      received_at: receivedAt,
      next_at: receivedAt,
    })
    .execute();
}

/* ---------- taking what waits ---------- */

/**
 * After so many attempts, with an hour between the last ones, what still fails will go on failing. An attempt that ends with
 * the process (a message that exhausts its memory) counts as well: it is counted before it begins.
 */
const MAX_ATTEMPTS = 6;
const MINUTE_MS = 60_000;
const DELAYS_MS = [1, 1, 5, 15, 60, 60].map((minutes) => minutes * MINUTE_MS);

/** Whoever claims a message has it until it is due again. */
export async function claimInbound(
  db: Database,
  { now, limit }: { now: number; limit: number },
): Promise<readonly InboundRow[]> {
  const later = sql.join(DELAYS_MS.map((delay) => sql`${new Date(now + delay).toISOString()}::timestamptz`));
  const { rows } = await sql<InboundRow>`
    update mail_inbound set attempts = attempts + 1, next_at = (array[${later}])[least(attempts + 1, ${DELAYS_MS.length})]
    where id in (
      select id from mail_inbound where state = 'waiting' and next_at <= ${new Date(now).toISOString()}
      order by next_at, id limit ${limit} for update skip locked)
    returning *`.execute(db);
  const over = rows.filter(({ attempts }) => attempts > MAX_ATTEMPTS);
  for (const row of over) await noteFailure(db, row, { message: row.message ?? "", now: new Date(now).toISOString() });
  return rows
    .filter(({ attempts }) => attempts <= MAX_ATTEMPTS)
    .toSorted((a, b) => (a.received_at < b.received_at ? -1 : 1));
}

/** True when it goes to quarantine now. */
export async function noteFailure(
  db: Database,
  { id, attempts }: InboundRow,
  { message, now }: { message: string; now: string },
): Promise<boolean> {
  const isOver = attempts >= MAX_ATTEMPTS;
  const words = message.replaceAll("\u0000", "").slice(0, 1_000).toWellFormed();
  await sql`
    update mail_inbound set message = ${words}, state = ${isOver ? "quarantined" : "waiting"},
      reason = ${isOver ? "failed" : null}, finished_at = case when ${isOver} then ${now}::timestamptz end
    where id = ${id} and state = 'waiting'`.execute(db);
  return isOver;
}

/** First part of the advisory lock's key ("mbdy" in ASCII); the second is the hash of the bytes as they came. */
const LOCK = 0x6d626479;

/** The row as it is now; nobody delivers it, or the same bytes under another id, at the same time. */
export async function lockInbound(
  trx: Transaction,
  { id, body_sha256 }: Pick<InboundRow, "id" | "body_sha256">,
): Promise<InboundRow | undefined> {
  await sql`select pg_advisory_xact_lock(${LOCK}, hashtext(${body_sha256}))`.execute(trx);
  return inboundTables(trx).selectFrom("mail_inbound").selectAll().where("id", "=", id).forUpdate().executeTakeFirst();
}

/** Other deliveries of the same bytes in the name of the same sender: who did not hear our answer sends again (RFC 5321 §6.1). */
export const findRepeats = (trx: Transaction, row: InboundRow): Promise<readonly Pick<InboundRow, "recipients">[]> =>
  inboundTables(trx)
    .selectFrom("mail_inbound")
    .select("recipients")
    .where("body_sha256", "=", row.body_sha256)
    .where("envelope_from", "=", row.envelope_from)
    .where("id", "<>", row.id)
    .where("state", "in", ["delivered", "released"])
    .execute();

export async function finishInbound(
  trx: Transaction,
  id: string,
  end: {
    readonly state: Exclude<InboundState, "waiting">;
    readonly reason?: string;
    readonly message?: string;
    readonly now: string;
  },
): Promise<void> {
  await inboundTables(trx)
    .updateTable("mail_inbound")
    .set({ state: end.state, reason: end.reason ?? null, message: end.message ?? null, finished_at: end.now })
    .where("id", "=", id)
    .execute();
}

/** What is done is forgotten after a while; quarantine is kept until somebody decides. */
export async function pruneInbound(db: Database, before: string): Promise<void> {
  await sql`delete from mail_inbound where finished_at < ${before} and state <> 'quarantined'`.execute(db);
}
