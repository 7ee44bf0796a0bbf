import { sql } from "kysely";
import type { AccessEngine, Subject } from "@kontor/shared/access";
import type { Clock, JsonObject } from "@kontor/shared/base";
import { recordAudit, type Database, type Log, type Seal, type Transaction } from "#kernel";
import type { EventReader, EventSource } from "./event.source.ts";
import { signEvent } from "./signEvent.ts";
import type { OffReason, SendAnswer, WebhookSender } from "./webhook.port.ts";
import { webhookLimits } from "./webhooks.limits.ts";
import { webhookTables, type EventReason, type WebhookRow } from "./webhooks.repo.ts";
import { dropWaiting, sealPurpose, TEST_EVENT } from "./webhooks.service.ts";

/**
 * Hands what lies in the outbox to webhooks.
 *
 * - **WHK-1** An event is in the outbox by the transaction in which it happened, and leaves it by an answer of success or by its limits.
 *   A node that dies in between leaves a lease that ends; the event is sent again under the same id.
 * - **WHK-2** What its owner may not see when it leaves is not told.
 * - **WHK-3** An event that is refused is tried again, later each time, and does not hold up others; where nobody answers, one asks for all.
 * - **WHK-4** A webhook without a success for days is switched off, and whoever made it is told. One that says 410 is off at once.
 */
export interface EventDelivery {
  /** Something may be due. */
  wake(): void;
  start(): void;
  /** Resolves when nothing is under way any more; what was is made again. */
  stop(): Promise<void>;
}

export interface EventDeliveryDeps {
  readonly db: Database;
  readonly clock: Clock;
  readonly log: Log;
  readonly seal: Seal;
  readonly sender: WebhookSender;
  readonly sources: readonly EventSource[];
  engine(): AccessEngine;
  loadSubject(id: string): Promise<Subject | undefined>;
  /** Tells whoever made it, by the transaction that is given; it may prepare outside of one. */
  tellOff(hook: WebhookRow, reason: OffReason): Promise<(trx: Transaction) => Promise<void>>;
  /** How often to look for what fell due by time, or was put there by another node. */
  readonly everyMs?: number;
}

const EVERY_MS = 1_000;
const PRUNE_EVERY_MS = 3_600_000;

interface ClaimedEvent {
  readonly id: string;
  readonly webhook_id: string;
  readonly name: string;
  readonly data: JsonObject;
  readonly at: string;
  readonly attempts: number;
}

export function createEventDelivery(deps: EventDeliveryDeps): EventDelivery {
  const { db, clock, log, seal, sender, everyMs = EVERY_MS } = deps;
  const running = new Map<Promise<void>, string>();
  const ending = new AbortController();
  let looking: Promise<void> | undefined;
  let timer: NodeJS.Timeout | undefined;
  let isWanted = false;
  let isOn = false;
  let prunedAt = 0;

  const iso = (at = clock.now()) => new Date(at).toISOString();

  /* ---------- what is due ---------- */

  function wake(): void {
    isWanted = true;
    if (!isOn || looking) return;
    clearTimeout(timer);
    looking = look()
      .catch((error: unknown) => log.warn({ err: error }, "events for webhooks: this look failed, and is made again"))
      .finally(() => {
        looking = undefined;
        if (isOn) timer = setTimeout(wake, isWanted ? 0 : everyMs);
      });
  }

  async function look(): Promise<void> {
    isWanted = false;
    const room = webhookLimits.atOnce - running.size;
    if (room <= 0) return; // whoever ends wakes
    for (const event of await claim(room)) begin(event);
    if (clock.now() - prunedAt < PRUNE_EVERY_MS) return;
    prunedAt = clock.now();
    await prune(db, iso(prunedAt - webhookLimits.keptMs));
  }

  async function claim(room: number): Promise<readonly ClaimedEvent[]> {
    const now = iso();
    const full = [...Map.groupBy(running.values(), (id) => id)]
      .filter(([, all]) => all.length >= webhookLimits.perWebhook)
      .map(([id]) => id);
    const { rows } = await sql<ClaimedEvent>`
      with due as (
        select event.id from webhook hook cross join lateral (
          select id from webhook_event where webhook_id = hook.id and state = 'waiting' and next_at <= ${now}
            and (name = ${TEST_EVENT} or hook.state = 'on' and coalesce(hook.paused_until, '-infinity') <= ${now})
          order by next_at, id limit case when hook.failures = 0 then ${webhookLimits.perWebhook}::int else 1 end
          for update skip locked) event
        where hook.id <> all(${full}::uuid[]) limit ${room})
      update webhook_event set attempts = attempts + 1, next_at = ${iso(clock.now() + webhookLimits.leaseMs)}
      where id in (select id from due)
      returning id, webhook_id, name, data, at, attempts`.execute(db);
    return rows;
  }

  function begin(event: ClaimedEvent): void {
    const work = serve(event)
      .catch((error: unknown) => log.error({ err: error, eventId: event.id }, "an event for a webhook"))
      .finally(() => {
        running.delete(work);
        wake();
      });
    running.set(work, event.webhook_id);
  }

  /* ---------- one attempt ---------- */

  async function serve(event: ClaimedEvent): Promise<void> {
    const hook = await webhookTables(db)
      .selectFrom("webhook")
      .selectAll()
      .where("id", "=", event.webhook_id)
      .executeTakeFirst();
    if (!hook) return;
    const data = await dataFor(hook, event);
    if (!data) return finish(event, "dropped", { reason: "notVisible" });
    const body = JSON.stringify({ type: event.name, timestamp: event.at, data });
    const headers = signEvent({ id: event.id, body, now: clock.now() }, secretsOf(hook));
    const signal = AbortSignal.any([ending.signal, AbortSignal.timeout(webhookLimits.timeoutMs)]);
    const answer = await sender.send({ url: hook.url, headers, body, signal });
    if (ending.signal.aborted && !("status" in answer)) return; // it is made again, by whoever is next
    await record(hook, event, answer);
  }

  async function dataFor(hook: WebhookRow, { name, data }: ClaimedEvent): Promise<JsonObject | undefined> {
    const subject = await deps.loadSubject(hook.owner_id);
    if (!subject) return undefined;
    if (name === TEST_EVENT) return data;
    const source = deps.sources.find(({ resource }) => resource === hook.resource_type);
    const reader: EventReader = { subject, engine: deps.engine(), context: { time: iso(), channel: "api" } };
    return source?.dataFor(db, reader, { name, resourceId: hook.resource_id, data });
  }

  function secretsOf({ id, secret_sealed, old_secret_sealed, old_secret_until }: WebhookRow): readonly string[] {
    const isOldValid = old_secret_until !== null && Date.parse(old_secret_until) > clock.now();
    const sealed = [secret_sealed, ...(isOldValid && old_secret_sealed ? [old_secret_sealed] : [])];
    return sealed.map((each) => seal.open(each, sealPurpose(id)));
  }

  /* ---------- what came of it ---------- */

  async function record(hook: WebhookRow, event: ClaimedEvent, answer: SendAnswer): Promise<void> {
    const isTaken = "status" in answer && answer.status >= 200 && answer.status < 300;
    log.info(
      { webhookId: hook.id, eventId: event.id, event: event.name, attempt: event.attempts, ...answer },
      isTaken ? "a webhook took an event" : "a webhook did not take an event",
    );
    if (isTaken) {
      await finish(event, "delivered", { status: answer.status });
      await noteSuccess(db, hook, iso());
      return;
    }
    const outcome =
      "status" in answer ? { status: answer.status, reason: "status" as const } : { reason: answer.failure };
    const off = await db.transaction().execute(async (trx) => {
      // The webhook first, as everybody locks them.
      const reason = await noteFailure(trx, hook, { answer, isTest: event.name === TEST_EVENT, now: clock.now() });
      await retry(trx, event, outcome, clock.now());
      return reason;
    });
    if (off) await switchOff(hook, off);
  }

  const finish = (
    { id }: ClaimedEvent,
    state: "delivered" | "dropped",
    outcome: { readonly status?: number; readonly reason?: EventReason },
  ) => settle(db, id, { state, ...outcome, finishedAt: iso() });

  async function switchOff(hook: WebhookRow, reason: OffReason): Promise<void> {
    const tell = await deps.tellOff(hook, reason);
    const isOff = await db.transaction().execute(async (trx) => {
      const { numUpdatedRows } = await webhookTables(trx)
        .updateTable("webhook")
        .set({ state: "off", off_reason: reason })
        .where("id", "=", hook.id)
        .where("state", "=", "on")
        .executeTakeFirst();
      if (numUpdatedRows === 0n) return false; // by somebody else, who told of it
      await dropWaiting(trx, hook.id, iso());
      await recordAudit(trx, iso(), [
        {
          action: "webhooks.switchedOff",
          outcome: "done",
          object: { kind: "webhook", id: hook.id },
          details: { host: new URL(hook.url).host, reason, [hook.resource_type]: hook.resource_id },
        },
      ]);
      await tell(trx);
      return true;
    });
    if (isOff) log.warn({ webhookId: hook.id, reason }, "a webhook is switched off");
  }

  return {
    wake,
    start() {
      isOn = true;
      wake();
    },
    async stop() {
      isOn = false;
      clearTimeout(timer);
      await looking;
      ending.abort();
      await Promise.all(running.keys());
    },
  };
}

/* ---------- rows ---------- */

interface Settled {
  readonly state: "waiting" | "delivered" | "dropped" | "failed";
  readonly status?: number;
  readonly reason?: EventReason;
  readonly nextAt?: string;
  readonly finishedAt?: string;
}

/** One that is no longer waiting was settled by somebody else: switched off, or made a second time. */
async function settle(
  db: Database | Transaction,
  id: string,
  { state, status, reason, nextAt, finishedAt }: Settled,
): Promise<void> {
  await webhookTables(db)
    .updateTable("webhook_event")
    .set({
      state,
      status: status ?? null,
      reason: reason ?? null,
      finished_at: finishedAt ?? null,
      ...(nextAt !== undefined && { next_at: nextAt }),
    })
    .where("id", "=", id)
    .where("state", "=", "waiting")
    .execute();
}

/** A test is for whoever waits for its answer now. */
async function retry(
  trx: Transaction,
  { id, name, attempts }: ClaimedEvent,
  outcome: { readonly status?: number; readonly reason: EventReason },
  now: number,
): Promise<void> {
  const pause = name === TEST_EVENT ? undefined : webhookLimits.pausesMs[attempts - 1];
  const at = new Date(now).toISOString();
  if (pause === undefined) return settle(trx, id, { state: "failed", ...outcome, finishedAt: at });
  await settle(trx, id, { state: "waiting", ...outcome, nextAt: new Date(now + pause).toISOString() });
}

/** Written now and then, and not for each of thousands of events. */
async function noteSuccess(db: Database, { id }: WebhookRow, now: string): Promise<void> {
  await sql`update webhook set failing_since = null, failures = 0, paused_until = null, delivered_at = ${now}
    where id = ${id} and (failures > 0 or delivered_at is null or delivered_at < ${now}::timestamptz - interval '10 seconds')`.execute(
    db,
  );
}

/** Says why it is to be switched off, if it is. */
async function noteFailure(
  trx: Transaction,
  { id }: WebhookRow,
  { answer, isTest, now }: { readonly answer: SendAnswer; readonly isTest: boolean; readonly now: number },
): Promise<OffReason | undefined> {
  if ("status" in answer && answer.status === 410) return "gone";
  if (isTest) return undefined;
  const hook = await webhookTables(trx)
    .selectFrom("webhook")
    .select(["failing_since", "failures", "state"])
    .where("id", "=", id)
    .forNoKeyUpdate()
    .executeTakeFirst();
  if (!hook) return undefined;
  const since = hook.failing_since ?? new Date(now).toISOString();
  const pause = pauseAfter(answer, hook.failures);
  await webhookTables(trx)
    .updateTable("webhook")
    .set({
      failing_since: since,
      failures: hook.failures + 1,
      ...(pause !== undefined && { paused_until: new Date(now + pause).toISOString() }),
    })
    .where("id", "=", id)
    .execute();
  return now - Date.parse(since) >= webhookLimits.offAfterMs ? "failing" : undefined;
}

/** A receiver that says something about one event goes on with the others; one that says nothing, or that it has too much, is left alone. */
function pauseAfter(answer: SendAnswer, failures: number): number | undefined {
  const { firstPauseMs, longestPauseMs, longestWishMs } = webhookLimits;
  const grown = Math.min(firstPauseMs * 2 ** Math.min(failures, 20), longestPauseMs);
  if (!("status" in answer)) return grown;
  if (answer.retryAfterMs !== undefined) return Math.min(answer.retryAfterMs, longestWishMs);
  return answer.status === 429 || answer.status === 502 || answer.status === 503 || answer.status === 504
    ? grown
    : undefined;
}

async function prune(db: Database, before: string): Promise<void> {
  await webhookTables(db).deleteFrom("webhook_event").where("finished_at", "<", before).execute();
}
