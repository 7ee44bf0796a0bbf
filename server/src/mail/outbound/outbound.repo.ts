import { sql, type Generated, type RawBuilder } from "kysely";
import type { DeliveryDoc } from "@kontor/shared/mail";
import { recordChanges, type Database, type Transaction } from "#kernel";
import { tellEvents } from "../webhooks/tellEvents.ts";

/** SQL of the queue to the outside: one row a recipient. */

export type OutboundState = DeliveryDoc["state"] | "sending";

export interface OutboundRow {
  readonly id: string;
  readonly message_id: string | null;
  readonly content_id: string;
  readonly mailbox_id: string;
  readonly account_id: string | null;
  readonly envelope_from: string;
  readonly recipient: string;
  readonly domain: string;
  readonly state: OutboundState;
  readonly attempts: number;
  readonly next_at: string;
  readonly attempt_started_at: string | null;
  readonly lease_until: string | null;
  readonly reply: string | null;
  readonly queued_at: string;
  readonly delay_told_at: string | null;
  readonly finished_at: string | null;
  readonly envelope_id: string;
}

export type OutboundTables = {
  mail_outbound: {
    [Key in keyof Omit<OutboundRow, Defaulted>]: OutboundRow[Key];
  } & { [Key in Defaulted]: Generated<OutboundRow[Key]> };
};
type Defaulted =
  | "state"
  | "attempts"
  | "next_at"
  | "attempt_started_at"
  | "lease_until"
  | "reply"
  | "queued_at"
  | "delay_told_at"
  | "finished_at";

export const outboundTables = (db: Database | Transaction) => db.withTables<OutboundTables>();

/** Attempts whose node has gone are looked for so many at a time. */
const BATCH = 500;

/** Says that the attempts of this node go on. Returns those that it still holds. */
export async function renewLeases(
  db: Database,
  ids: readonly string[],
  { leaseUntil }: { leaseUntil: string },
): Promise<ReadonlySet<string>> {
  if (ids.length === 0) return new Set();
  const rows = await outboundTables(db)
    .updateTable("mail_outbound")
    .set({ lease_until: leaseUntil })
    .where("id", "in", ids)
    .where("state", "=", "sending")
    .returning("id")
    .execute();
  return new Set(rows.map(({ id }) => id));
}

/** Attempts whose node has gone: their answer is lost. Those of this node are still being made, whatever the clock says. */
export const lockOrphans = (
  trx: Transaction,
  { now, own }: { now: string; own: readonly string[] },
): Promise<readonly OutboundRow[]> =>
  outboundTables(trx)
    .selectFrom("mail_outbound")
    .selectAll()
    .where("state", "=", "sending")
    .where("lease_until", "<", now)
    .$if(own.length > 0, (query) => query.where("id", "not in", own))
    .orderBy("id")
    .limit(BATCH)
    .forUpdate()
    .skipLocked()
    .execute();

/** What an attempt came to, for one recipient. */
export interface Outcome {
  readonly id: string;
  readonly state: Exclude<OutboundState, "sending" | "held" | "cancelled">;
  readonly reply: string;
  readonly nextAt?: string;
  readonly finishedAt?: string;
  readonly delayToldAt?: string;
}

/** Rows that are no longer being sent (their attempt was taken for dead, and made again) are left as they are. */
export async function writeOutcomes(trx: Transaction, outcomes: readonly Outcome[]): Promise<ReadonlySet<string>> {
  if (outcomes.length === 0) return new Set();
  const { rows } = await sql<EndedRow>`
    update mail_outbound set state = outcome.state, reply = outcome.reply, lease_until = null,
      next_at = coalesce(outcome."nextAt", mail_outbound.next_at), finished_at = outcome."finishedAt",
      delay_told_at = coalesce(outcome."delayToldAt", mail_outbound.delay_told_at)
    from jsonb_to_recordset(${JSON.stringify(outcomes)}::jsonb) as outcome (id uuid, state text, reply text,
      "nextAt" timestamptz, "finishedAt" timestamptz, "delayToldAt" timestamptz)
    where mail_outbound.id = outcome.id and mail_outbound.state = 'sending'
    returning mail_outbound.id, mail_outbound.message_id, mail_outbound.mailbox_id`.execute(trx);
  await noteMessages(trx, rows);
  const failed = outcomes.filter(({ state }) => state === "failed");
  const failedIds = new Set(failed.map(({ id }) => id));
  await tellBounces(
    trx,
    failed[0]?.finishedAt ?? "",
    rows.filter(({ id }) => failedIds.has(id)),
  );
  return new Set(rows.map(({ id }) => id));
}

type EndedRow = Pick<OutboundRow, "id" | "message_id" | "mailbox_id">;

/** Recipients who will not get it; a copy that its sender has deleted tells nothing more. */
export const tellBounces = (trx: Transaction, at: string, rows: readonly EndedRow[]): Promise<void> =>
  tellEvents(trx, "mail.bounced", {
    at,
    happened: rows.flatMap(({ id, message_id, mailbox_id }) =>
      message_id === null ? [] : [{ mailboxId: mailbox_id, messageId: message_id, outboundId: id }],
    ),
  });

/** The senders' copies show where their recipients stand. */
export async function noteMessages(
  trx: Transaction,
  rows: readonly { readonly message_id: string | null }[],
): Promise<void> {
  const ids = [...new Set(rows.flatMap(({ message_id }) => message_id ?? []))].toSorted();
  await recordChanges(
    trx,
    ids.map((id) => ({ collection: "messages", id })),
  );
}

/* ---------- acts of people ---------- */

export type QueueAct = "retry" | "hold" | "cancel";

/** From which states an act leads where; `sending` is under way and can no longer be called back. */
const ACTS = {
  retry: {
    from: ["waiting", "delayed", "held"],
    to: sql`case when delay_told_at is null then 'waiting' else 'delayed' end`,
  },
  hold: { from: ["waiting", "delayed"], to: sql`'held'` },
  cancel: { from: ["waiting", "delayed", "held"], to: sql`'cancelled'` },
} as const satisfies Record<QueueAct, { from: readonly OutboundState[]; to: RawBuilder<unknown> }>;

/** Returns the rows on which it was done: those that had not left meanwhile. */
export async function actOnOutbound(
  trx: Transaction,
  act: QueueAct,
  { where, now }: { where: RawBuilder<boolean>; now: string },
): Promise<readonly Pick<OutboundRow, "id" | "message_id" | "recipient">[]> {
  const { from, to } = ACTS[act];
  const { rows } = await sql<Pick<OutboundRow, "id" | "message_id" | "recipient">>`
    update mail_outbound set state = ${to},
      next_at = case when ${act === "retry"} then ${now} else next_at end,
      finished_at = case when ${act === "cancel"} then ${now}::timestamptz end
    where state = any(${from}::text[]) and ${where}
    returning id, message_id, recipient`.execute(trx);
  await noteMessages(trx, rows);
  return rows;
}
