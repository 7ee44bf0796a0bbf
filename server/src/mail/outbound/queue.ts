import type { Clock } from "@kontor/shared/base";
import type { BlobStore } from "#files";
import type { Database, Log, Metrics } from "#kernel";
import { createDueLoop } from "../dueLoop.ts";
import { claimGroups, giveBack, type ClaimLimits, type OutboundGroup } from "./claimGroups.ts";
import { createHandOver, type HandOverDeps } from "./handOver.ts";
import { lockOrphans, renewLeases, writeOutcomes } from "./outbound.repo.ts";
import { createPace } from "./pace.ts";
import { createQueueMetrics } from "./queue.metrics.ts";
import { createAnswers } from "./recordAnswers.ts";
import { retake } from "./settleAnswer.ts";
import type { RecipientAnswer } from "./transport.port.ts";

/**
 * Gives what is due to the transport, and writes down what came of it.
 *
 * - An attempt is marked in the database before it begins, and its answer is written in one transaction with what the sender
 *   is told. Between the two lies the far server's final dot: a node that dies there leaves a lease that ends, and the message
 *   is sent again under the same Message-ID. That is the only way in which somebody can get it twice.
 * - Both are done for many at a time: answers that come together are written together, and where a far server is quick, messages
 *   are claimed some moments before a connection is free for them. A node that dies then had sent none of those; one that stops, or
 *   finds that they wait for longer than that, gives them back.
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

export interface OutboundDeps extends HandOverDeps {
  readonly db: Database;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly blobs: Pick<BlobStore, "get" | "put">;
  /** Whether what goes by no account goes by one relay. */
  readonly relayed: boolean;
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

/** Of a lease: one that fails, or two, lose nothing. Those of others that ran out are looked for as often. */
const RENEWALS = 4;
/** For what was claimed ahead of its turn: the far server has become slower than it was, and people may want to hold it. */
const MAX_HELD_MS = 1_000;
/** Read and signed before there is a connection for them: some hundredths of a second of a quick lane, and a megabyte at most. */
const PREPARED = 16;

/** A group that this node has claimed, until what came of it is written down. */
interface Attempt {
  readonly group: OutboundGroup;
  readonly stop: AbortController;
  readonly claimedAt: number;
  leaseUntil: number;
  isPrepared: boolean;
  /** `held`: claimed ahead, and not begun. `answered`: its connection is free. `unwritten`: the database did not take its answer. */
  phase: "held" | "sending" | "answered" | "unwritten";
}

export function createOutboundQueue(deps: OutboundDeps): OutboundQueue {
  const { db, clock, log, transport } = deps;
  const limits = { ...LIMITS, ...deps.limits };
  const handOver = createHandOver(deps);
  const answers = createAnswers({ ...deps, metrics: createQueueMetrics(deps) });
  const pace = createPace(limits);
  const claimed = new Set<Attempt>();
  const running = new Set<Promise<void>>();
  /** Lanes on which nobody answered, while that is written down; with how many attempts say so. */
  const silent = new Map<string, number>();
  let renewing: NodeJS.Timeout | undefined;
  let claims = 0;
  let lastClaim: Promise<unknown> = Promise.resolve();
  let isStopping = false;
  let lookedForOrphansAt = Number.NEGATIVE_INFINITY;

  const iso = (at = clock.now()) => new Date(at).toISOString();
  const idsOf = (attempts: Iterable<Attempt>) => [...attempts].flatMap(({ group }) => group.rows.map(({ id }) => id));
  const inPhase = (phase: Attempt["phase"], lane?: string) =>
    [...claimed].filter((each) => each.phase === phase && (lane === undefined || each.group.lane === lane));
  /** Has a connection, or the last word on whether it may have one again. */
  const isBusy = ({ phase }: Attempt) => phase === "sending" || phase === "unwritten";
  const loop = createDueLoop({ turn, everyMs: limits.everyMs, log, what: "the queue of outgoing mail" });

  async function turn(): Promise<boolean> {
    await lookForOrphans();
    await giveBackLate();
    const room = limits.atOnce - [...claimed].filter(isBusy).length;
    if (room > 0) await claim({ room, not: [...silent.keys()] });
    beginHeld();
    return false; // whoever ends wakes the loop
  }

  /** One at a time, since each has to know what the one before has taken. What they take is `held` until it begins. */
  function claim(more: Pick<ClaimLimits, "room" | "only" | "not">): Promise<readonly Attempt[]> {
    claims += 1;
    const claiming = lastClaim.then(() => claimNow(more)).finally(() => (claims -= 1));
    lastClaim = claiming.catch(() => undefined);
    return claiming;
  }

  async function claimNow(more: Pick<ClaimLimits, "room" | "only" | "not">): Promise<readonly Attempt[]> {
    const claimedAt = clock.now();
    const leaseUntil = claimedAt + limits.leaseMs;
    const { perLane, perMinute } = limits;
    const own = { ids: idsOf(claimed), groups: groupsByLane() };
    const groups = await claimGroups(db, {
      now: iso(claimedAt),
      leaseUntil: iso(leaseUntil),
      limits: { relayed: deps.relayed, perLane, perMinute, own, aheadOf: pace.aheadOf, ...more },
    });
    const attempts = groups.map((group): Attempt => ({
      group,
      stop: new AbortController(),
      claimedAt,
      leaseUntil,
      isPrepared: false,
      phase: "held",
    }));
    for (const attempt of attempts) claimed.add(attempt);
    return attempts;
  }

  /** Those whose answer came occupy nothing any more, although the database does not know yet. */
  function groupsByLane(): ReadonlyMap<string, number> {
    const groups = new Map<string, number>();
    for (const { group, phase } of claimed)
      if (phase !== "answered") groups.set(group.lane, (groups.get(group.lane) ?? 0) + 1);
    return groups;
  }

  function beginHeld(): void {
    if (isStopping) return;
    beginFree();
    prepareNext();
  }

  /** In the order in which they were claimed, as far as there are connections for them. */
  function beginFree(): void {
    const busy = [...claimed].filter(isBusy);
    const lanes = new Map<string, number>();
    for (const { group } of busy) lanes.set(group.lane, (lanes.get(group.lane) ?? 0) + 1);
    let room = limits.atOnce - busy.length;
    for (const attempt of claimed) {
      if (room <= 0) return;
      const { lane } = attempt.group;
      const used = lanes.get(lane) ?? 0;
      if (attempt.phase !== "held" || used >= limits.perLane || silent.has(lane)) continue;
      if (!isLeased(attempt)) {
        claimed.delete(attempt); // somebody else sends it by now, or will
        continue;
      }
      lanes.set(lane, used + 1);
      room -= 1;
      begin(attempt);
    }
  }

  /** Those whose turn comes next are read while the connections are busy; many at a time, which wakes the threads that read once. */
  function prepareNext(): void {
    const held = inPhase("held");
    let prepared = held.filter(({ isPrepared }) => isPrepared).length;
    if (prepared > PREPARED / 2) return;
    for (const attempt of held) {
      if (prepared >= PREPARED) return;
      if (attempt.isPrepared) continue;
      attempt.isPrepared = true;
      prepared += 1;
      handOver.prepare(attempt.group);
    }
  }

  /** With time left in which an attempt that goes wrong is noticed: where renewing fails, nothing is begun. */
  const isLeased = ({ leaseUntil }: Attempt) => clock.now() < leaseUntil - limits.leaseMs / 2;

  function begin(attempt: Attempt): void {
    attempt.phase = "sending";
    const { envelopeId } = attempt.group;
    const work = serve(attempt)
      .catch((error: unknown) => log.error({ err: error, envelopeId }, "an outgoing message"))
      .finally(() => {
        running.delete(work);
        claimed.delete(attempt);
      });
    running.add(work);
  }

  async function serve(attempt: Attempt): Promise<void> {
    const { group, stop } = attempt;
    const started = performance.now();
    const answer = await handOver.attempt(group, stop.signal);
    if (!answer.every(({ unreachable }) => unreachable)) {
      pace.note(group.lane, performance.now() - started);
      attempt.phase = "answered";
      goOn(group.lane);
      return record(attempt, answer);
    }
    // Nothing more is begun there from here on: what is due gets this answer.
    silent.set(group.lane, (silent.get(group.lane) ?? 0) + 1);
    try {
      await record(attempt, answer);
      await settleLane(group.lane, answer[0]);
    } finally {
      const others = (silent.get(group.lane) ?? 1) - 1;
      if (others > 0) silent.set(group.lane, others);
      else silent.delete(group.lane);
      loop.wake();
    }
  }

  /** A connection is free: the next message goes over it while the answer to the last one is being written. */
  function goOn(lane: string): void {
    beginHeld();
    const held = inPhase("held", lane).length;
    if (held === 0) return loop.wake();
    if (claims === 0 && !isStopping && held <= pace.aheadOf(lane) / 2) void refill();
  }

  /** Claims ahead, and looks no further than the beginning of the queue for it. */
  async function refill(): Promise<void> {
    try {
      await claim({ room: 0, not: [...silent.keys()] });
      beginHeld();
    } catch (error) {
      log.warn({ err: error }, "outgoing mail could not be claimed ahead of its turn");
      loop.wake();
    }
  }

  async function record(attempt: Attempt, answer: readonly RecipientAnswer[]): Promise<void> {
    await answers.record(attempt.group, answer, () => {
      attempt.phase = "unwritten"; // no more is begun on top of what cannot be written
    });
    if (attempt.phase !== "unwritten") return;
    attempt.phase = "answered";
    goOn(attempt.group.lane);
  }

  /** Whoever else is due where nobody answers has had their attempt, too: a dead server is asked once, not for each of them. */
  async function settleLane(lane: string, answer: RecipientAnswer | undefined): Promise<void> {
    if (!answer) return;
    await settle(inPhase("held", lane).filter(isLeased), answer);
    for (;;) {
      const due = await claim({ room: 100, only: lane });
      if (due.length === 0) return;
      await settle(due, answer);
    }
  }

  async function settle(attempts: readonly Attempt[], answer: RecipientAnswer): Promise<void> {
    for (const attempt of attempts) attempt.phase = "answered";
    const one = (attempt: Attempt) =>
      record(
        attempt,
        attempt.group.rows.map(({ recipient }) => ({ ...answer, recipient })),
      ).finally(() => claimed.delete(attempt));
    await Promise.all(attempts.map(one));
  }

  /* ---------- what was claimed and not begun, and leases ---------- */

  /** Forgotten first: whatever becomes of the statement, they are not begun here any more, and at worst their lease ends. */
  async function giveBackHeld(attempts: readonly Attempt[]): Promise<void> {
    for (const attempt of attempts) claimed.delete(attempt);
    await giveBack(
      db,
      attempts.flatMap(({ group }) => group.rows),
    );
  }

  /** They are not to be had by people and other nodes for no longer than what just missed being too late. */
  async function giveBackLate(): Promise<void> {
    const late = inPhase("held").filter(({ claimedAt }) => clock.now() - claimedAt > MAX_HELD_MS);
    for (const { group } of late) pace.note(group.lane, MAX_HELD_MS);
    await giveBackHeld(late);
  }

  async function lookForOrphans(): Promise<void> {
    const now = clock.now();
    if (now - lookedForOrphansAt < limits.leaseMs / RENEWALS) return;
    lookedForOrphansAt = now;
    const lost = await db.transaction().execute(async (trx) => {
      const rows = await lockOrphans(trx, { now: iso(now), own: idsOf(claimed) });
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
    const asked = [...claimed];
    const kept = await renewLeases(db, idsOf(asked), { leaseUntil: iso(until) }).catch((error: unknown) =>
      log.warn({ err: error }, "attempts could not say that they go on"),
    );
    for (const attempt of asked) {
      if (kept && attempt.group.rows.some(({ id }) => kept.has(id))) attempt.leaseUntil = until;
      // Somebody else sends it by now, or may: what has not been handed over yet must not be.
      else if (kept || clock.now() >= attempt.leaseUntil) abandon(attempt);
    }
  }

  function abandon(attempt: Attempt): void {
    attempt.stop.abort();
    if (attempt.phase === "held") claimed.delete(attempt);
  }

  return {
    wake: loop.wake,
    lastSuccess: answers.lastSuccess,
    start() {
      isStopping = false;
      loop.start();
      renewing = setInterval(() => void renew(), limits.leaseMs / RENEWALS);
    },
    async stop() {
      isStopping = true;
      await loop.stop();
      await lastClaim;
      await giveBackHeld(inPhase("held")).catch((error: unknown) =>
        log.warn({ err: error }, "messages that were claimed wait until their lease ends"),
      );
      const late = setTimeout(() => {
        for (const { stop } of claimed) stop.abort();
      }, limits.stopMs);
      await Promise.all(running);
      clearTimeout(late);
      clearInterval(renewing);
      transport.close();
    },
  };
}
