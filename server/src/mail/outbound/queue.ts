import { randomUUID } from "node:crypto";
import { pipeline, Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { Counter, Gauge } from "prom-client";
import { sql } from "kysely";
import { newId, type Clock, type Locale } from "@kontor/shared/base";
import { domainOf } from "@kontor/shared/mail";
import { noteBlob, type BlobStore } from "#files";
import type { Database, Log, Metrics, Transaction } from "#kernel";
import type { SigningKey } from "../domains/domains.service.ts";
import { createDueLoop } from "../dueLoop.ts";
import { insertInbound } from "../inbound/inbound.repo.ts";
import { createBatches } from "./batches.ts";
import { buildNotice, readHeader, type Notice } from "./notice.ts";
import {
  claimGroups,
  lockOrphans,
  renewLeases,
  writeOutcomes,
  type ClaimLimits,
  type GroupContent,
  type OutboundGroup,
  type OutboundRow,
  type Outcome,
} from "./outbound.repo.ts";
import { nextStep } from "./retrySchedule.ts";
import { signMessage, toCrLf } from "./signMessage.ts";
import { answerKinds, replyOf, type RecipientAnswer, type Route, type Transport } from "./transport.port.ts";

/**
 * Gives what is due to the transport, and writes down what came of it.
 *
 * - An attempt is marked in the database before it begins, and its answer is written in one transaction with what the sender
 *   is told; answers that come while others are being written are written together. Between the two lies the far server's final dot: a node that dies there leaves a lease that ends, and the message
 *   is sent again under the same Message-ID. That is the only way in which somebody can get it twice.
 * - Any number of nodes; what is claimed by one is seen by no other, and limits hold for all of them together.
 */
export interface OutboundQueue {
  /** Something may be due: said by whoever put it there. */
  wake(): void;
  start(): void;
  /** Lets go of what is due, and waits a little for what is under way. */
  stop(): Promise<void>;
  /** When the last message left, ISO 8601. */
  lastSuccess(): string | undefined;
}

export interface OutboundDeps {
  readonly db: Database;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly blobs: Pick<BlobStore, "get" | "put">;
  readonly transport: Transport;
  /** How a group leaves; words where there is no way out. May throw: then it is tried again. */
  routeOf(
    group: Pick<OutboundGroup, "accountId" | "domain" | "rows">,
  ): Promise<Route | { readonly kind: "none"; readonly words: string }>;
  /** Whether what goes by no account goes by one relay. */
  readonly relayed: boolean;
  signingKeys(domain: string): Promise<readonly SigningKey[]>;
  /** A notice lies in `mail_inbound`. */
  noticed(): void;
  /** The change log grew. */
  changed(): void;
  readonly ownName: string;
  readonly timeZone: string;
  readonly limits?: Partial<OutboundLimits>;
}

export interface OutboundLimits {
  /** Transactions at once on this node. */
  readonly atOnce: number;
  /** To one domain, through one account or the relay, on all nodes together. */
  readonly perLane: number;
  readonly perMinute?: number | undefined;
  /** How long a node may be silent before its attempts are made again. */
  readonly leaseMs: number;
  /** How often to look for what fell due by time, or was put there by another node. */
  readonly everyMs: number;
  /** For what is under way when the server stops. */
  readonly stopMs: number;
}

const LIMITS: OutboundLimits = {
  atOnce: 20, // with `HELD_BYTES` of each in memory at most; the far servers are slower than this
  perLane: 5, // Postfix sends with 20 (default_destination_concurrency_limit); large providers turn away more than 10
  leaseMs: 60_000, // renewed every quarter of it; a stopped machine is noticed after this
  everyMs: 2_000,
  stopMs: 10_000, // what a proxy waits for the rest of the server as well
};

interface Running {
  readonly ids: readonly string[];
  readonly stop: AbortController;
  leaseUntil: number;
}

export function createOutboundQueue(deps: OutboundDeps): OutboundQueue {
  const { db, clock, log, transport } = deps;
  const limits = { ...LIMITS, ...deps.limits };
  const running = new Map<Promise<void>, Running>();
  /** Lanes on which nobody answered, while that is written down; with how many attempts say so. */
  const silent = new Map<string, number>();
  const counters = createCounters(deps);
  let lastSuccess: string | undefined;
  let renewing: NodeJS.Timeout | undefined;
  const answered = new Set<string>();
  let lookedForOrphansAt = Number.NEGATIVE_INFINITY;

  const iso = (at = clock.now()) => new Date(at).toISOString();
  const loop = createDueLoop({ turn, everyMs: limits.everyMs, log, what: "the queue of outgoing mail" });

  async function turn(): Promise<boolean> {
    await lookForOrphans();
    const room = limits.atOnce - running.size;
    if (room <= 0) return false; // whoever ends wakes the loop
    const groups = await claim({ room, not: [...silent.keys()] });
    for (const group of groups) begin(group);
    return groups.length === room;
  }

  function claim(more: Pick<ClaimLimits, "room" | "only" | "not">): Promise<readonly OutboundGroup[]> {
    const at = clock.now();
    const { perLane, perMinute } = limits;
    return claimGroups(db, {
      now: iso(at),
      leaseUntil: iso(at + limits.leaseMs),
      limits: { relayed: deps.relayed, perLane, perMinute, answered: [...answered], ...more },
    });
  }

  function begin(group: OutboundGroup): void {
    const attempt: Running = {
      ids: group.rows.map(({ id }) => id),
      stop: new AbortController(),
      leaseUntil: clock.now() + limits.leaseMs,
    };
    const work = serve(group, attempt)
      .catch((error: unknown) => log.error({ err: error, envelopeId: group.envelopeId }, "an outgoing message"))
      .finally(() => {
        running.delete(work);
        loop.wake();
      });
    running.set(work, attempt);
  }

  async function serve(group: OutboundGroup, { stop }: Running): Promise<void> {
    const answers = await transmit(group, stop.signal);
    if (!answers.every(({ unreachable }) => unreachable)) {
      // Its connection is free: the next message goes over it while this answer is being written.
      for (const { id } of group.rows) answered.add(id);
      loop.wake();
      return record(group, answers);
    }
    // Nothing more is begun there from here on: what is due gets this answer.
    silent.set(group.lane, (silent.get(group.lane) ?? 0) + 1);
    try {
      await record(group, answers);
      await settleLane(group.lane, answers[0]);
    } finally {
      const others = (silent.get(group.lane) ?? 1) - 1;
      if (others > 0) silent.set(group.lane, others);
      else silent.delete(group.lane);
    }
  }

  async function transmit(group: OutboundGroup, signal: AbortSignal): Promise<readonly RecipientAnswer[]> {
    const recipients = group.rows.map(({ recipient }) => recipient);
    const toAll = (words: string, unreachable: boolean): readonly RecipientAnswer[] =>
      recipients.map((recipient) => ({ recipient, kind: "connection", words, ...(unreachable && { unreachable }) }));
    try {
      const route = await deps.routeOf(group);
      if (route.kind === "none") return toAll(route.words, true);
      const raw = await openRaw(group.content);
      const header = await signatureOf(group, route, raw);
      return await transport.transmit({
        envelope: { from: group.envelopeFrom, recipients, envelopeId: group.envelopeId },
        raw: () => Readable.from(withHeader(header, raw()), { objectMode: false }),
        size: group.content.rawSize + header.length,
        route,
        signal,
      });
    } catch (error) {
      // Ours to mend: a store that does not answer, an account that cannot be read. Nobody was asked anything.
      log.warn({ err: error, envelopeId: group.envelopeId }, "an outgoing message could not be handed over");
      return toAll("This server could not read the message or find its way; it will try again.", false);
    }
  }

  /** Asked for once by whoever signs it, and once by each host: one of usual size is read from the store once. */
  async function openRaw(content: GroupContent): Promise<() => AsyncIterable<Buffer>> {
    if (content.rawSize > HELD_BYTES) return () => rawOf(content);
    const whole = await buffer(rawOf(content));
    return async function* () {
      yield whole;
    };
  }

  async function* rawOf({ rawSha256 }: GroupContent): AsyncGenerator<Buffer> {
    const source = await deps.blobs.get(rawSha256);
    const lines = toCrLf();
    pipeline(source, lines, () => undefined); // what fails in the store fails whoever reads
    try {
      yield* lines as AsyncIterable<Buffer>;
    } finally {
      source.destroy(); // whoever wants the header alone reads no further
      lines.destroy();
    }
  }

  /** Mail through an account is signed by its provider, whose domain it is. */
  async function signatureOf(
    { content, envelopeFrom }: OutboundGroup,
    route: Route,
    raw: () => AsyncIterable<Buffer>,
  ): Promise<string> {
    if (route.kind === "account") return "";
    const keys = await deps.signingKeys(domainOf(content.from[0]?.address ?? envelopeFrom));
    if (keys.length === 0) return "";
    return signMessage(Readable.from(raw(), { objectMode: false }), keys, clock.now());
  }

  /** Whoever else is due where nobody answers has had their attempt, too: a dead server is asked once, not for each of them. */
  async function settleLane(lane: string, answer: RecipientAnswer | undefined): Promise<void> {
    if (!answer) return;
    for (;;) {
      const groups = await claim({ room: 100, only: lane });
      if (groups.length === 0) return;
      await Promise.all(
        groups.map((group) =>
          record(
            group,
            group.rows.map(({ recipient }) => ({ ...answer, recipient })),
          ),
        ),
      );
    }
  }

  /* ---------- what came of it ---------- */

  const together = createBatches(writeEnds);

  /** The answer is in memory alone: it is written as soon as the database takes it, whatever happens to it now. */
  async function record(group: OutboundGroup, answers: readonly RecipientAnswer[]): Promise<void> {
    const end = { group, answers };
    for (let attempt = 0; ; attempt++) {
      try {
        // One that cannot be written must not keep others from it: then each is written alone.
        return await (attempt === 0 ? together.add(end) : writeEnds([end])).finally(() => {
          for (const { id } of group.rows) answered.delete(id); // no more is begun on top of what cannot be written
        });
      } catch (error) {
        if (attempt >= MAX_WRITES) throw error;
        log.warn({ err: error, envelopeId: group.envelopeId }, "an answer could not be written down yet");
        if (attempt > 0) await new Promise((resolve) => setTimeout(resolve, WRITE_AGAIN_MS).unref());
      }
    }
  }

  async function writeEnds(ends: readonly AttemptEnd[]): Promise<void> {
    const now = clock.now();
    const settled = ends.map(({ group, answers }) => ({
      group,
      recipients: group.rows.map((row, at) => settle(row, answers[at] ?? NO_ANSWER, now)),
    }));
    const notices = (await Promise.all(settled.map(({ group, recipients }) => noticesFor(group, recipients)))).flat();
    const all = settled.flatMap(({ recipients }) => recipients);
    const kept = await db.transaction().execute(async (trx) => {
      const written = await writeOutcomes(
        trx,
        all.map(({ outcome }) => outcome),
      );
      for (const notice of notices) if (notice.ids.some((id) => written.has(id))) await keepNotice(trx, notice);
      return written;
    });
    for (const { group, recipients } of settled) {
      if (!recipients.every(({ row }) => kept.has(row.id)))
        log.warn({ envelopeId: group.envelopeId }, "an attempt was taken for dead, and made a second time");
      tell(group, recipients);
    }
    if (all.some(({ outcome }) => outcome.state === "delivered" || outcome.state === "relayed")) lastSuccess = iso(now);
    for (const { answer } of all) counters.answers.inc({ kind: answer.kind });
    deps.changed();
    if (notices.length > 0) deps.noticed();
  }

  function tell(group: OutboundGroup, settled: readonly Settled[]): void {
    for (const { row, answer, outcome } of settled)
      log.info(
        {
          envelopeId: group.envelopeId,
          recipient: row.recipient,
          attempt: row.attempts,
          state: outcome.state,
          reply: outcome.reply,
        },
        answer.kind === "delivered" || answer.kind === "relayed" ? "mail left" : "mail did not leave",
      );
  }

  async function noticesFor(group: OutboundGroup, settled: readonly Settled[]): Promise<readonly WrittenNotice[]> {
    // RFC 5321 §4.5.5: what has no sender is a notice itself, and none follows it.
    if (group.envelopeFrom === "") return [];
    const failed = settled.filter(({ outcome }) => outcome.state === "failed");
    const delayed = settled.filter(({ tellDelay }) => tellDelay);
    const wanted = (
      [
        ["failed", failed],
        ["delayed", delayed],
      ] as const
    ).filter(([, about]) => about.length > 0);
    return Promise.all(wanted.map(([kind, about]) => writeNotice(group, kind, about)));
  }

  async function writeNotice(
    group: OutboundGroup,
    kind: Notice["kind"],
    about: readonly Settled[],
  ): Promise<WrittenNotice> {
    const { content, rows, envelopeFrom, envelopeId } = group;
    const raw = await buildNotice({
      kind,
      locale: await localeOf(group),
      timeZone: deps.timeZone,
      ownName: deps.ownName,
      to: envelopeFrom,
      id: `${randomUUID()}@${deps.ownName}`,
      now: iso(),
      message: {
        messageId: content.messageId,
        envelopeId,
        subject: content.subject,
        queuedAt: rows[0]?.queued_at ?? iso(),
        header: await readHeader(rawOf(content)).catch(() => ""), // a message that is gone is one of the things to tell
      },
      recipients: about.map(({ row, outcome, expired }) => ({
        address: row.recipient,
        reply: outcome.reply,
        lastAttemptAt: row.attempt_started_at ?? iso(),
        expired,
      })),
    });
    const { sha256, size } = await deps.blobs.put(Readable.from([raw]));
    return {
      ids: about.map(({ row }) => row.id),
      to: envelopeFrom,
      mailboxId: rows[0]?.mailbox_id ?? "",
      sha256,
      size,
    };
  }

  async function keepNotice(trx: Transaction, { to, mailboxId, sha256, size }: WrittenNotice): Promise<void> {
    await noteBlob(trx, { sha256, size });
    await insertInbound(trx, {
      id: newId(),
      raw: { sha256, size },
      bodySha256: sha256,
      envelopeFrom: "",
      recipients: [to],
      mailboxId,
      verdict: { own: true },
      receivedAt: iso(),
    });
  }

  async function localeOf({ rows }: OutboundGroup): Promise<Locale> {
    const { rows: found } = await sql<{ locale: Locale }>`
      select locale from app_user where id = coalesce(
        (select send_by from mail_message where id = ${rows[0]?.message_id ?? null}),
        (select owner_id from mailbox where id = ${rows[0]?.mailbox_id ?? null}))`.execute(db);
    return found[0]?.locale ?? "en";
  }

  /* ---------- leases ---------- */

  async function lookForOrphans(): Promise<void> {
    const now = clock.now();
    if (now - lookedForOrphansAt < limits.leaseMs / RENEWALS) return;
    lookedForOrphansAt = now;
    const lost = await db.transaction().execute(async (trx) => {
      const own = [...running.values()].flatMap(({ ids }) => ids);
      const rows = await lockOrphans(trx, { now: iso(now), own });
      await writeOutcomes(
        trx,
        rows.map((row) => retake(row, now)),
      );
      return rows;
    });
    for (const { envelope_id, recipient } of lost)
      log.warn({ envelopeId: envelope_id, recipient }, "an attempt ended without a word; the message is sent again");
  }

  async function renew(): Promise<void> {
    const until = clock.now() + limits.leaseMs;
    const held = await renewLeases(
      db,
      [...running.values()].flatMap(({ ids }) => ids),
      { leaseUntil: iso(until) },
    ).catch((error: unknown) => log.warn({ err: error }, "attempts could not say that they go on"));
    for (const attempt of running.values()) {
      if (held && attempt.ids.some((id) => held.has(id))) attempt.leaseUntil = until;
      // Somebody else sends it by now, or may: what has not been handed over yet must not be.
      else if (held || clock.now() >= attempt.leaseUntil) attempt.stop.abort();
    }
  }

  return {
    wake: loop.wake,
    lastSuccess: () => lastSuccess,
    start() {
      loop.start();
      renewing = setInterval(() => void renew(), limits.leaseMs / RENEWALS);
    },
    async stop() {
      await loop.stop();
      const late = setTimeout(() => {
        for (const { stop } of running.values()) stop.abort();
      }, limits.stopMs);
      await Promise.all(running.keys());
      clearTimeout(late);
      clearInterval(renewing);
      transport.close();
    },
  };
}

/** Of a lease: one that fails, or two, lose nothing. Those of others that ran out are looked for as often. */
const RENEWALS = 4;
/**
 * What the store gives in one piece. Larger ones go out piece by piece: given to the line as a whole, the far server would have all of it
 * though this one died in its middle, and would get it again.
 */
const HELD_BYTES = 65_536;
const WRITE_AGAIN_MS = 1_000;
const MAX_WRITES = 600; // ten minutes: longer than a database takes to start again

const NO_ANSWER: Omit<RecipientAnswer, "recipient"> = { kind: "connection", words: "" };
const ATTEMPT_LOST = "This server stopped while it was sending. The message may have been taken all the same.";

/** To be sent again; never given up by this, since nobody would tell its sender. */
function retake(row: OutboundRow, now: number): Outcome {
  const step = nextStep({ attempts: row.attempts, queuedAt: Date.parse(row.queued_at), now });
  return {
    id: row.id,
    state: row.delay_told_at === null ? "waiting" : "delayed",
    reply: ATTEMPT_LOST,
    nextAt: new Date(step.kind === "retry" ? step.at : now).toISOString(),
  };
}

interface AttemptEnd {
  readonly group: OutboundGroup;
  readonly answers: readonly RecipientAnswer[];
}

interface WrittenNotice {
  readonly ids: readonly string[];
  readonly to: string;
  readonly mailboxId: string;
  readonly sha256: string;
  readonly size: number;
}

interface Settled {
  readonly row: OutboundRow;
  readonly answer: Omit<RecipientAnswer, "recipient">;
  readonly outcome: Outcome;
  readonly tellDelay: boolean;
  /** It was not refused: the time is over. */
  readonly expired: boolean;
}

/** What an answer means for a recipient. */
function settle(row: OutboundRow, answer: Omit<RecipientAnswer, "recipient">, now: number): Settled {
  const at = new Date(now).toISOString();
  const reply = replyOf(answer);
  const end = (state: "delivered" | "relayed" | "failed", expired = false): Settled => ({
    row,
    answer,
    outcome: { id: row.id, state, reply, finishedAt: at },
    tellDelay: false,
    expired,
  });
  if (answer.kind === "delivered" || answer.kind === "relayed") return end(answer.kind);
  if (answer.kind === "permanent") return end("failed");
  const step = nextStep({ attempts: row.attempts, queuedAt: Date.parse(row.queued_at), now });
  if (step.kind === "giveUp") return end("failed", true);
  const isTold = row.delay_told_at !== null;
  const outcome: Outcome = {
    id: row.id,
    state: step.tellDelay ? "delayed" : "waiting",
    reply,
    nextAt: new Date(step.at).toISOString(),
    ...(step.tellDelay && !isTold && { delayToldAt: at }),
  };
  return { row, answer, outcome, tellDelay: step.tellDelay && !isTold, expired: false };
}

async function* withHeader(header: string, raw: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  if (header !== "") yield Buffer.from(header);
  yield* raw;
}

function createCounters({ metrics, db }: OutboundDeps) {
  const answers = new Counter({
    name: "kontor_mail_outbound_answers_total",
    help: "Answers of far mail servers, one a recipient and attempt, by kind",
    labelNames: ["kind"],
    registers: [metrics],
  });
  for (const kind of answerKinds) answers.inc({ kind }, 0);
  const states = new Gauge({
    name: "kontor_mail_outbound_recipients",
    help: "Recipients in the queue of outgoing mail, by state",
    labelNames: ["state"],
    registers: [metrics],
    async collect() {
      const counts = await countQueue(db);
      for (const state of queuedStates) this.set({ state }, counts[state]);
      oldest.set(counts.oldestSeconds);
    },
  });
  const oldest = new Gauge({
    name: "kontor_mail_outbound_oldest_seconds",
    help: "Age of the oldest recipient that waits to be served",
    registers: [metrics],
  });
  return { answers, states };
}

const queuedStates = ["waiting", "delayed", "sending", "held"] as const;
export type QueueCounts = Readonly<Record<(typeof queuedStates)[number] | "oldestSeconds", number>>;

/** What waits, and for how long the oldest of it does. */
export async function countQueue(db: Database): Promise<QueueCounts> {
  const { rows } = await sql<QueueCounts>`
    select count(*) filter (where state = 'waiting') as waiting, count(*) filter (where state = 'delayed') as delayed,
      count(*) filter (where state = 'sending') as sending, count(*) filter (where state = 'held') as held,
      coalesce(extract(epoch from now() - min(queued_at) filter (where state <> 'held')), 0)::int as "oldestSeconds"
    from mail_outbound where state in ('waiting', 'delayed', 'sending', 'held')`.execute(db);
  return rows[0] ?? { waiting: 0, delayed: 0, sending: 0, held: 0, oldestSeconds: 0 };
}
