import { sql, type Generated, type RawBuilder } from "kysely";
import type { DeliveryDoc, MailAddress } from "@kontor/shared/mail";
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

/** What a group's message is, for the attempt and for what is told of it. */
export interface GroupContent {
  readonly contentId: string;
  readonly rawSha256: string;
  readonly rawSize: number;
  readonly messageId: string;
  readonly subject: string;
  readonly from: readonly MailAddress[];
}

/** Recipients of one message who are served by one transaction. */
export interface OutboundGroup {
  readonly lane: string;
  readonly accountId: string | undefined;
  readonly domain: string;
  readonly envelopeFrom: string;
  readonly envelopeId: string;
  readonly content: GroupContent;
  readonly rows: readonly OutboundRow[];
}

export interface ClaimLimits {
  /** Whether what goes by no account goes through one relay: then it is one lane, and otherwise each domain is one. */
  readonly relayed: boolean;
  /** Transactions at once on each lane, on all nodes together. */
  readonly perLane: number;
  /** Recipients within a minute on each lane, on all nodes together; absent: any number. */
  readonly perMinute?: number | undefined;
  /** Rows of this node whose answer came and is being written: nothing goes over their connections any more. */
  readonly answered?: readonly string[];
  /** Groups that this node has room for. */
  readonly room: number;
  /** Nothing but this lane, without its limits: nobody answers there, and what is due has had its attempt by that. */
  readonly only?: string;
  /** Lanes of which nothing is taken. */
  readonly not?: readonly string[];
}

/** Claims are made one at a time, on all nodes, so that limits hold for all of them together. "mout" in ASCII. */
const LOCK = 0x6d6f7574;
/** RFC 5321 §4.5.3.1.8: every server takes a hundred in one transaction. */
const MAX_RECIPIENTS = 100;
const MINUTE_MS = 60_000;
const BATCH = 500; // rows looked at in one statement
/** The first look: as many as may go together; a free connection wants one message, however long the queue is. */
const FIRST_LOOK = MAX_RECIPIENTS;

const laneOf = (relayed: boolean): RawBuilder<string> =>
  relayed
    ? sql<string>`coalesce('account ' || account_id::text, 'relay')`
    : sql<string>`coalesce('account ' || account_id::text, 'mx ' || domain)`;

/**
 * Takes what is due, as much as limits and room allow, and marks it as being under way. Lanes share the room: one that is at
 * its limit holds up no other.
 */
export async function claimGroups(
  db: Database,
  { now, leaseUntil, limits }: { now: string; leaseUntil: string; limits: ClaimLimits },
): Promise<readonly OutboundGroup[]> {
  return db.transaction().execute(async (trx) => {
    await sql`select pg_advisory_xact_lock(${LOCK})`.execute(trx);
    const lanes = await readLanes(trx, now, limits);
    const groups: OutboundGroup[] = [];
    const full = new Set(limits.not);
    for (let look = FIRST_LOOK; groups.length < limits.room; look = BATCH) {
      const due = await readDue(trx, { now, limits, full: [...full], look });
      if (due.length === 0) break;
      const taken = choose(due, lanes, { ...limits, room: limits.room - groups.length });
      for (const lane of taken.full) full.add(lane);
      groups.push(...(await start(trx, taken.groups, now, leaseUntil)));
      if (due.length < look) break; // there is nothing else
    }
    return groups;
  });
}

type DueRow = OutboundRow & { readonly lane: string };
interface Chosen {
  readonly lane: string;
  readonly rows: readonly DueRow[];
}
interface LaneUse {
  busy: number;
  recipients: number;
}

async function readLanes(trx: Transaction, now: string, { relayed, perMinute, answered = [] }: ClaimLimits) {
  const lane = laneOf(relayed);
  const busy = await sql<{ lane: string; count: number }>`
    select ${lane} as lane, count(distinct (envelope_id, attempt_started_at)) as count
    from mail_outbound where state = 'sending' and id <> all(${answered}::uuid[]) group by 1`.execute(trx);
  const lanes = new Map<string, LaneUse>(busy.rows.map((row) => [row.lane, { busy: row.count, recipients: 0 }]));
  if (perMinute === undefined) return lanes;
  const since = new Date(Date.parse(now) - MINUTE_MS).toISOString();
  const recent = await sql<{ lane: string; count: number }>`
    select ${lane} as lane, count(*) as count
    from mail_outbound where attempt_started_at > ${since} group by 1`.execute(trx);
  for (const row of recent.rows) lanes.set(row.lane, { busy: lanes.get(row.lane)?.busy ?? 0, recipients: row.count });
  return lanes;
}

/** Locks nothing: claims are made one at a time, and what somebody holds or cancels meanwhile is not marked. */
async function readDue(
  trx: Transaction,
  {
    now,
    limits: { relayed, only },
    full,
    look,
  }: {
    readonly now: string;
    readonly limits: ClaimLimits;
    readonly full: readonly string[];
    readonly look: number;
  },
): Promise<readonly DueRow[]> {
  const lane = laneOf(relayed);
  const { rows } = await sql<DueRow>`
    select *, ${lane} as lane from mail_outbound
    where state in ('waiting', 'delayed') and next_at <= ${now} and ${lane} <> all(${full}::text[])
      ${only === undefined ? sql`` : sql`and ${lane} = ${only}`}
    order by next_at, id limit ${look}`.execute(trx);
  return rows;
}

/** In the order in which they fell due; recipients of one message on one lane together. */
function choose(
  due: readonly DueRow[],
  lanes: Map<string, LaneUse>,
  { perLane, perMinute, room, relayed, only }: ClaimLimits,
): { groups: readonly Chosen[]; full: readonly string[] } {
  const full = new Set<string>();
  const groups: { lane: string; rows: DueRow[] }[] = [];
  const open = new Map<string, { lane: string; rows: DueRow[] }>();
  for (const row of due) {
    const use = lanes.get(row.lane) ?? { busy: 0, recipients: 0 };
    lanes.set(row.lane, use);
    const key = [row.lane, row.envelope_id, row.content_id, row.envelope_from, relayed ? "" : row.domain].join("\n");
    const group = open.get(key);
    const joins = group !== undefined && group.rows.length < MAX_RECIPIENTS;
    const isOver = (perMinute !== undefined && use.recipients >= perMinute) || (!joins && use.busy >= perLane);
    const isFull = isOver && only === undefined;
    if (isFull) full.add(row.lane);
    if (isFull || (!joins && groups.length >= room)) continue;
    use.recipients += 1;
    if (joins) {
      group.rows.push(row);
      continue;
    }
    use.busy += 1;
    const begun = { lane: row.lane, rows: [row] };
    open.set(key, begun);
    groups.push(begun);
  }
  return { groups, full: [...full] };
}

/** Marks those that are still due now that their turn has come, and reads what they say. */
async function start(
  trx: Transaction,
  groups: readonly Chosen[],
  now: string,
  leaseUntil: string,
): Promise<readonly OutboundGroup[]> {
  const ids = groups.flatMap(({ rows }) => rows.map(({ id }) => id));
  if (ids.length === 0) return [];
  const { rows } = await sql<StartedRow>`
    with started as (
      update mail_outbound set state = 'sending', attempts = attempts + 1, attempt_started_at = ${now},
        lease_until = ${leaseUntil}
      where id = any(${ids}::uuid[]) and state in ('waiting', 'delayed') returning id, content_id)
    select started.id, content_id, raw_sha256, raw_size, message_id, subject, people->'from' as "from"
    from started join mail_content on mail_content.id = content_id`.execute(trx);
  const started = new Map(rows.map((row) => [row.id, row]));
  return groups.flatMap(({ lane, rows }) => {
    const own = rows.filter(({ id }) => started.has(id));
    const [first] = own;
    const content = first && started.get(first.id);
    if (!first || !content) return [];
    return {
      lane,
      accountId: first.account_id ?? undefined,
      domain: first.domain,
      envelopeFrom: first.envelope_from,
      envelopeId: first.envelope_id,
      content: {
        contentId: content.content_id,
        rawSha256: content.raw_sha256 ?? "",
        rawSize: content.raw_size,
        messageId: content.message_id,
        subject: content.subject,
        from: content.from ?? [],
      },
      rows: own.map((row) => ({ ...row, state: "sending" as const, attempts: row.attempts + 1 })),
    };
  });
}

interface StartedRow {
  readonly id: string;
  readonly content_id: string;
  readonly raw_sha256: string | null;
  readonly raw_size: number;
  readonly message_id: string;
  readonly subject: string;
  readonly from: readonly MailAddress[] | null;
}

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
