import { sql, type RawBuilder } from "kysely";
import type { MailAddress } from "@kontor/shared/mail";
import type { Database, Transaction } from "#kernel";
import type { OutboundRow } from "./outbound.repo.ts";

/** What a group's message is, for the attempt and for what is told of it. */
export interface GroupContent {
  readonly contentId: string;
  readonly rawSha256: string;
  readonly rawSize: number;
  readonly messageId: string;
  readonly subject: string;
  readonly from: readonly MailAddress[];
}

/** A row that is under way; with when the attempt before this one began, for the case that this one never does. */
export type ClaimedRow = OutboundRow & { readonly previous_attempt_at: string | null };

/** Recipients of one message who are served by one transaction. */
export interface OutboundGroup {
  readonly lane: string;
  readonly accountId: string | undefined;
  readonly domain: string;
  readonly envelopeFrom: string;
  readonly envelopeId: string;
  readonly content: GroupContent;
  readonly rows: readonly ClaimedRow[];
}

export interface ClaimLimits {
  /** Whether what goes by no account goes through one relay: then it is one lane, and otherwise each domain is one. */
  readonly relayed: boolean;
  /** Transactions at once on each lane, on all nodes together. */
  readonly perLane: number;
  /** Recipients within a minute on each lane, on all nodes together; absent: any number. */
  readonly perMinute?: number | undefined;
  /** Groups that this node can begin at once. */
  readonly room: number;
  /** Groups of a lane that may be claimed before there is a connection for them, where no other node uses that lane. */
  aheadOf?(lane: string): number;
  /** What this node has claimed and not yet written down, and its groups among them that occupy each lane. */
  readonly own?: { readonly ids: readonly string[]; readonly groups: ReadonlyMap<string, number> };
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
/** The first look, cheap however long the queue is: twice what may go together, and more than is claimed ahead. */
const FIRST_LOOK = 2 * MAX_RECIPIENTS;

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
    let { room } = limits;
    for (let look = FIRST_LOOK; ; look = BATCH) {
      const due = await readDue(trx, { now, limits, full: [...full], look });
      const taken = choose(due, lanes, { ...limits, room });
      for (const lane of taken.full) full.add(lane);
      groups.push(...(await start(trx, taken.groups, now, leaseUntil)));
      room -= taken.used;
      // The look beyond lanes that are full goes past all that waits for them.
      if (room <= 0 || due.length < look) break;
    }
    return groups;
  });
}

/** What says where a row goes, and with which others. */
type DueRow = Pick<
  OutboundRow,
  "id" | "content_id" | "envelope_id" | "envelope_from" | "domain" | "attempt_started_at"
> & { readonly lane: string };
interface Chosen {
  readonly lane: string;
  readonly rows: readonly DueRow[];
}
interface LaneUse {
  /** Groups under way. */
  busy: number;
  /** Whether other nodes have some of them. */
  readonly isShared: boolean;
  /** Within the last minute. */
  recipients: number;
}

async function readLanes(
  trx: Transaction,
  now: string,
  { relayed, perMinute, own }: ClaimLimits,
): Promise<Map<string, LaneUse>> {
  const lane = laneOf(relayed);
  const others = await sql<{ lane: string; count: number }>`
    select ${lane} as lane, count(distinct (envelope_id, attempt_started_at)) as count
    from mail_outbound where state = 'sending' and id <> all(${own?.ids ?? []}::uuid[]) group by 1`.execute(trx);
  const recent =
    perMinute === undefined
      ? []
      : (
          await sql<{ lane: string; count: number }>`
            select ${lane} as lane, count(*) as count from mail_outbound
            where attempt_started_at > ${new Date(Date.parse(now) - MINUTE_MS).toISOString()} group by 1`.execute(trx)
        ).rows;
  const lanes = new Map<string, LaneUse>();
  const use = (name: string, more: Partial<LaneUse>) =>
    lanes.set(name, { ...(lanes.get(name) ?? { busy: 0, isShared: false, recipients: 0 }), ...more });
  for (const [name, busy] of own?.groups ?? []) use(name, { busy });
  for (const row of others.rows) use(row.lane, { busy: (lanes.get(row.lane)?.busy ?? 0) + row.count, isShared: true });
  for (const row of recent) use(row.lane, { recipients: row.count });
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
    select id, content_id, envelope_id, envelope_from, domain, attempt_started_at, ${lane} as lane from mail_outbound
    where state in ('waiting', 'delayed') and next_at <= ${now} and ${lane} <> all(${full}::text[])
      ${only === undefined ? sql`` : sql`and ${lane} = ${only}`}
    order by next_at, id limit ${look}`.execute(trx);
  return rows;
}

/** In the order in which they fell due; recipients of one message on one lane together. */
function choose(
  due: readonly DueRow[],
  lanes: Map<string, LaneUse>,
  { perLane, perMinute, room, aheadOf, relayed, only }: ClaimLimits,
): { groups: readonly Chosen[]; full: readonly string[]; used: number } {
  const full = new Set<string>();
  const groups: { lane: string; rows: DueRow[] }[] = [];
  const open = new Map<string, { lane: string; rows: DueRow[] }>();
  let used = 0;
  for (const row of due) {
    const use = lanes.get(row.lane) ?? { busy: 0, isShared: false, recipients: 0 };
    lanes.set(row.lane, use);
    const key = [row.lane, row.envelope_id, row.content_id, row.envelope_from, relayed ? "" : row.domain].join("\n");
    const group = open.get(key);
    const joins = group !== undefined && group.rows.length < MAX_RECIPIENTS;
    // What another node sends there counts by what it has claimed: then nobody claims more than there are connections.
    const most = perLane + (use.isShared || perMinute !== undefined ? 0 : (aheadOf?.(row.lane) ?? 0));
    const isOver = (perMinute !== undefined && use.recipients >= perMinute) || (!joins && use.busy >= most);
    const isFull = isOver && only === undefined;
    if (isFull) full.add(row.lane);
    const isAhead = use.busy >= perLane && only === undefined;
    if (isFull || (!joins && !isAhead && used >= room)) continue;
    use.recipients += 1;
    if (joins) {
      group.rows.push(row);
      continue;
    }
    use.busy += 1;
    if (!isAhead) used += 1;
    const begun = { lane: row.lane, rows: [row] };
    open.set(key, begun);
    groups.push(begun);
  }
  return { groups, full: [...full], used };
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
      where id = any(${ids}::uuid[]) and state in ('waiting', 'delayed') returning *)
    select started.*, raw_sha256, raw_size, mail_content.message_id as content_message_id, subject, people->'from' as "from"
    from started join mail_content on mail_content.id = content_id`.execute(trx);
  const started = new Map(rows.map((row) => [row.id, row]));
  return groups.flatMap(({ lane, rows: chosen }) => {
    const own = chosen.flatMap(({ id, attempt_started_at: previous_attempt_at }) => {
      const row = started.get(id);
      return row ? { ...row, previous_attempt_at } : [];
    });
    const [first] = own;
    if (!first) return [];
    return {
      lane,
      accountId: first.account_id ?? undefined,
      domain: first.domain,
      envelopeFrom: first.envelope_from,
      envelopeId: first.envelope_id,
      content: {
        contentId: first.content_id,
        rawSha256: first.raw_sha256 ?? "",
        rawSize: first.raw_size,
        messageId: first.content_message_id,
        subject: first.subject,
        from: first.from ?? [],
      },
      rows: own,
    };
  });
}

type StartedRow = OutboundRow & {
  readonly raw_sha256: string | null;
  readonly raw_size: number;
  readonly content_message_id: string;
  readonly subject: string;
  readonly from: readonly MailAddress[] | null;
};

/**
 * Gives back what was claimed ahead and never begun: it is due as it was, and counts no attempt. What another node has taken for
 * dead meanwhile, and perhaps claimed, is its.
 */
export async function giveBack(db: Database, rows: readonly ClaimedRow[]): Promise<void> {
  if (rows.length === 0) return;
  const given = rows.map(({ id, attempts, previous_attempt_at }) => ({ id, attempts, before: previous_attempt_at }));
  await sql`
    update mail_outbound set state = case when delay_told_at is null then 'waiting' else 'delayed' end,
      attempts = given.attempts - 1, attempt_started_at = given.before, lease_until = null
    from jsonb_to_recordset(${JSON.stringify(given)}::jsonb) as given (id uuid, attempts integer, before timestamptz)
    where mail_outbound.id = given.id and state = 'sending' and mail_outbound.attempts = given.attempts`.execute(db);
}
