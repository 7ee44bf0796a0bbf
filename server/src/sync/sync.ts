import type { IncomingMessage, Server } from "node:http";
import { RateLimiterMemory, RateLimiterRes } from "rate-limiter-flexible";
import type { AccessEngine, Subject } from "@kontor/shared/access";
import type { Clock } from "@kontor/shared/base";
import { closeCode, createFrameCodec, type Intent, type IntentResult } from "@kontor/shared/protocol";
import type { AnyIntent, AuditLog, Collection, Database, Doorbell, Log, Metrics, Principal } from "#kernel";
import { zlibCompression } from "./compression.ts";
import { createGateway, type Authenticate } from "./gateway.ts";
import { createFanout } from "./fanout.ts";
import { createIntents } from "./intents.ts";
import { createSyncMetrics } from "./metrics.ts";
import { createAdvances, systemAlarm, type Alarm } from "./advances.ts";
import { createProfiles, type Seat } from "./profile.ts";
import { createProjector } from "./projection.ts";
import { pruneLogs } from "./retention.ts";
import { openSession, type Session } from "./session.ts";

/** Everything the sync gateway needs from the rest of the server; `main.ts` gives it. */
export interface SyncDeps {
  readonly db: Database;
  /** Where denials and reads of sensitive sections are noted before they are sent (POL-12). */
  readonly audit: Pick<AuditLog, "note">;
  readonly doorbell: Doorbell;
  /** Those that others refer to (types, people) first: an empty replica is filled in this order. */
  readonly collections: readonly Collection[];
  readonly intents: readonly AnyIntent[];
  readonly access: () => AccessEngine;
  readonly authenticate: Authenticate;
  readonly loadSubject: (userId: string) => Promise<Subject | undefined>;
  /**
   * Collections with whose changes in the log it may change what policies ask of subjects (groups, departments, grants):
   * every change of that kind must be recorded under one of them. Absent: any change may, and so each profile looks at
   * each change by itself, with its subject loaded anew.
   */
  readonly subjectCollections?: readonly string[];
  /** Changes when the database was restored from a backup (SYN-12). */
  readonly epoch: string;
  /** A replica that has not heard from the server for this long locks itself (VIS-6). */
  readonly leaseMs: number;
  /** Between two pings of a connection; absent: 15 s. */
  readonly pingMs?: number;
  /** Pages that may connect, exactly as browsers write them; native clients send no origin. */
  readonly origins: () => readonly string[];
  readonly clock: Clock;
  /** Rings when it is so late by the clock; absent: a timer. */
  readonly alarm?: Alarm;
  /** Another one when types of rows were defined anew: every row is projected again then. */
  readonly schemaRev?: string;
  /** Where a connection comes from, as the proxies in front of us are trusted to say; absent: the socket's other end. */
  readonly addressOf?: (request: IncomingMessage) => string | undefined;
  /** A device whose sign-in is no good any more is told to remove what it holds, if it was lost (VIS-6). Absent: none is. */
  readonly isDeviceRevoked?: (deviceId: string) => Promise<boolean>;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly path?: string;
}

export interface Sync {
  attach(server: Server): void;
  connectionCount(): number;
  /** The same door as PUSH, for intents that come over HTTP. */
  applyIntent(principal: Principal, intent: Intent, ip?: string): Promise<IntentResult>;
  /** Closes the sockets of whoever was signed out, switched off or whose device was revoked (VIS-6). */
  kick(ended: {
    readonly userId: string;
    readonly sessionId?: string;
    readonly deviceId?: string;
    readonly why: "signedOut" | "disabled" | "deviceRevoked";
  }): void;
  /** Policies or attributes changed: every connected profile is looked at again (VIS-5). */
  recompute(): Promise<void>;
  /** Answers what has arrived, then sends devices away to another node. */
  drain(): Promise<void>;
}

/** A ring of the doorbell may get lost with its connection. */
const POLL_MS = 10_000;
/** The stock provider hangs up after 30 s of silence. A session ended on another node is noticed within this, too. */
const PING_MS = 15_000;
const PRUNE_MS = 3_600_000;
/**
 * More than a person can type, and room for what they do to thousands of messages at once, undo and do otherwise: each of them is
 * an intent. In the long run it is fifty a second, of the some three hundred that one connection could ask for.
 */
const INTENTS_PER_WINDOW = 30_000;
const INTENT_WINDOW_S = 600;

export function createSync(deps: SyncDeps): Sync {
  const { db, doorbell, collections, access, authenticate, loadSubject, clock, log } = deps;
  const projector = createProjector(collections);
  const profiles = createProfiles({ db, projector, access, loadSubject, schemaRev: deps.schemaRev ?? "", clock, log });
  const intents = createIntents({ db, intents: deps.intents, access, loadSubject, clock, log });
  const sessions = new Set<Session>();
  const sessionsByUser = new Map<string, Set<Session>>();
  const metrics = createSyncMetrics(deps.metrics, () => sessions.size);
  const limiter = new RateLimiterMemory({ points: INTENTS_PER_WINDOW, duration: INTENT_WINDOW_S });
  let isDraining = false;

  const sessionsOf = (userId: string): readonly Session[] => [...(sessionsByUser.get(userId) ?? [])];
  const keyOf = (session: Session) => profiles.keyOf(session.seat);
  const sessionsAt = (key: string) => sessionsOf(userIdOf(key)).filter((session) => keyOf(session) === key);
  const seatOf = (key: string) => sessionsAt(key)[0]?.seat;
  /** Nothing, when nobody is connected any more: whoever comes back goes on from there. */
  const withSeat = async (key: string, work: (seat: Seat) => Promise<unknown>) => {
    const seat = seatOf(key);
    if (seat) await work(seat);
  };
  const fanout = createFanout({
    db,
    projector,
    access,
    subjectCollections: deps.subjectCollections,
    connectedKeys: () => new Set([...sessions].map(keyOf)),
    advance: (key) => withSeat(key, (seat) => advances.advance(seat)),
    workIn: (key, look) => withSeat(key, (seat) => advances.workIn(seat, look)),
    clock,
    log,
  });
  const advances = createAdvances({
    profiles,
    metrics,
    log,
    alarm: deps.alarm ?? systemAlarm(clock),
    seatOf,
    known: fanout.known,
    onState(key, state, seat) {
      fanout.remember(key, seat, state);
      for (const session of sessionsAt(key)) session.heard(state);
    },
    onGone({ userId }) {
      for (const session of sessionsOf(userId)) session.close(closeCode.accountOff, "account off");
    },
  });

  function onPoll(): void {
    fanout.ring();
    fanout.sweep();
  }

  function enter(session: Session): void {
    sessions.add(session);
    const { userId } = session.principal;
    sessionsByUser.set(userId, (sessionsByUser.get(userId) ?? new Set()).add(session));
  }

  function leave(session: Session): void {
    sessions.delete(session);
    const { userId } = session.principal;
    const others = sessionsByUser.get(userId);
    others?.delete(session);
    if (others?.size === 0) sessionsByUser.delete(userId);
  }

  const stopListening = doorbell.onRing(fanout.ring);
  const poll = setInterval(onPoll, POLL_MS);
  const prune = setInterval(() => {
    pruneLogs(db, new Date(clock.now())).catch((error: unknown) =>
      log.warn({ err: error }, "old changes could not be dropped"),
    );
  }, PRUNE_MS);

  /* ---------- connections ---------- */

  async function throttle(userId: string, count: number): Promise<number | undefined> {
    try {
      await limiter.consume(userId, count);
      return undefined;
    } catch (error) {
      if (error instanceof RateLimiterRes) return error.msBeforeNext;
      throw error;
    }
  }

  const gateway = createGateway({
    path: deps.path ?? "/sync",
    origins: deps.origins,
    authenticate,
    isDraining: () => isDraining,
    isDeviceRevoked: deps.isDeviceRevoked ?? (async () => false),
    addressOf: deps.addressOf ?? ((request) => request.socket.remoteAddress),
    log,
    welcome(socket, client) {
      const session = openSession(socket, client, {
        db,
        audit: deps.audit,
        codec: createFrameCodec(zlibCompression),
        profiles,
        projector,
        intents,
        access,
        authenticate,
        epoch: deps.epoch,
        leaseMs: deps.leaseMs,
        pingMs: deps.pingMs ?? PING_MS,
        clock,
        log,
        metrics,
        throttle,
        advance: advances.advanceFirst,
        onHello: replaceOlder,
        onPushed: () => doorbell.ring(),
        onSentOtherwise(seat) {
          doorbell.ring(); // devices of this profile on other nodes
          // With its subject loaded anew: were that what changed, and not in the log, a look with the others would not end.
          advances.soon(profiles.keyOf(seat));
        },
        onClose: leave,
      });
      enter(session);
    },
  });

  /** A device that lost its network comes back before the server notices that the old socket is dead. */
  function replaceOlder(session: Session): void {
    for (const other of sessions)
      if (other !== session && other.deviceKey === session.deviceKey) other.close(closeCode.deviceReplaced, "replaced");
  }

  return {
    attach: (server) => gateway.attach(server),
    connectionCount: () => sessions.size,
    async applyIntent(principal, intent, ip) {
      const { result, txid } = await intents.apply({ principal, ip }, intent);
      metrics.intents.inc({ status: result.status });
      if (txid !== undefined) doorbell.ring();
      return result;
    },
    kick({ userId, sessionId, deviceId, why }) {
      const codes = {
        disabled: closeCode.accountOff,
        deviceRevoked: closeCode.deviceRevoked,
        signedOut: closeCode.token,
      };
      const code = codes[why];
      for (const session of sessionsOf(userId)) {
        const { principal } = session;
        const isMeant =
          (sessionId === undefined && deviceId === undefined) ||
          (sessionId !== undefined && principal.sessionId === sessionId) ||
          (deviceId !== undefined && sessionId === undefined && principal.deviceId === deviceId);
        if (isMeant) session.close(code, why);
      }
    },
    async recompute() {
      const seats = new Map([...sessions].map((session) => [keyOf(session), session.seat]));
      await Promise.all([...seats.values()].map((seat) => advances.advance(seat)));
    },
    async drain() {
      isDraining = true;
      stopListening();
      advances.stop();
      await fanout.stop();
      clearInterval(poll);
      clearInterval(prune);
      await Promise.all([...sessions].map((session) => session.finish()));
      for (const session of sessions) session.close(closeCode.draining, "draining");
      await gateway.close();
      await advances.finish();
    },
  };
}

/** The other way round of `profiles.keyOf`. */
const userIdOf = (key: string) => key.slice(0, key.indexOf(" "));
