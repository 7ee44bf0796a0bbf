import type { Server } from "node:http";
import { RateLimiterMemory, RateLimiterRes } from "rate-limiter-flexible";
import type { AccessEngine, Subject } from "@kontor/shared/access";
import type { Clock } from "@kontor/shared/base";
import { closeCode, createFrameCodec, type Intent, type IntentResult } from "@kontor/shared/protocol";
import type { AnyIntent, AuditLog, Collection, Database, Doorbell, Log, Metrics, Principal } from "#kernel";
import { zlibCompression } from "./compression.ts";
import { createGateway, type Authenticate } from "./gateway.ts";
import { createIntents } from "./intents.ts";
import { createSyncMetrics } from "./metrics.ts";
import { createProfiles, type ProfileState } from "./profile.ts";
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
  /** Changes when the database was restored from a backup (SYN-12). */
  readonly epoch: string;
  /** A replica that has not heard from the server for this long locks itself (VIS-6). */
  readonly leaseMs: number;
  /** Pages that may connect, exactly as browsers write them; native clients send no origin. */
  readonly origins: () => readonly string[];
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly path?: string;
}

export interface Sync {
  attach(server: Server): void;
  connectionCount(): number;
  /** The same door as PUSH, for intents that come over HTTP. */
  applyIntent(principal: Principal, intent: Intent): Promise<IntentResult>;
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

/** Profiles that are brought up to date at the same time: each holds a database connection meanwhile. */
const CONCURRENT_ADVANCES = 3;
/** Changes wait above the horizon for a transaction that is still open. */
const HORIZON_RETRY_MS = 25;
/** A ring of the doorbell may get lost with its connection. */
const POLL_MS = 10_000;
const PRUNE_MS = 3_600_000;
/** More than a person can type; an offline week's worth passes in a few rounds. */
const INTENTS_PER_MINUTE = 1_200;

export function createSync(deps: SyncDeps): Sync {
  const { db, doorbell, collections, access, authenticate, loadSubject, clock, log } = deps;
  const projector = createProjector(collections);
  const profiles = createProfiles({ db, projector, access, loadSubject, clock, log });
  const intents = createIntents({ db, intents: deps.intents, access, loadSubject, clock, log });
  const sessions = new Set<Session>();
  const metrics = createSyncMetrics(deps.metrics, () => sessions.size);
  const limiter = new RateLimiterMemory({ points: INTENTS_PER_MINUTE, duration: 60 });
  const advances = createAdvances();
  let isDraining = false;

  const sessionsOf = (userId: string) => [...sessions].filter((session) => session.principal.userId === userId);

  /* ---------- bringing profiles up to date ---------- */

  /** One at a time per user; a call joins a run that has not begun, never one that has. */
  function createAdvances() {
    const waiting = new Map<string, Promise<ProfileState | undefined>>();
    const running = new Map<string, Promise<unknown>>();
    let free = CONCURRENT_ADVANCES;
    const queue: (() => void)[] = [];

    async function withTurn<T>(job: () => Promise<T>): Promise<T> {
      if (free > 0) free--;
      else await new Promise<void>((resolve) => queue.push(resolve));
      try {
        return await job();
      } finally {
        const next = queue.shift();
        if (next) next();
        else free++;
      }
    }

    return function advance(userId: string): Promise<ProfileState | undefined> {
      const joined = waiting.get(userId);
      if (joined) return joined;
      const promise = (async () => {
        await running.get(userId)?.catch(() => undefined);
        return await withTurn(() => {
          waiting.delete(userId);
          const run = advanceNow(userId);
          running.set(userId, run);
          return run.finally(() => running.get(userId) === run && running.delete(userId));
        });
      })();
      waiting.set(userId, promise);
      return promise;
    };
  }

  async function advanceNow(userId: string): Promise<ProfileState | undefined> {
    const end = metrics.advanceSeconds.startTimer();
    const tell = (position: number) => {
      for (const session of sessionsOf(userId)) session.heard(position);
    };
    try {
      const state = await profiles.advance(userId, tell);
      if (state) tell(state.position);
      else for (const session of sessionsOf(userId)) session.close(closeCode.accountOff, "account off");
      if (state?.more && !isDraining) setTimeout(() => advanceSoon(userId), HORIZON_RETRY_MS).unref();
      return state;
    } finally {
      end();
    }
  }

  function advanceSoon(userId: string): void {
    if (sessionsOf(userId).length === 0) return;
    advances(userId).catch((error: unknown) => log.error({ err: error, userId }, "a view profile cannot be advanced"));
  }

  function advanceAll(): void {
    for (const userId of new Set([...sessions].map((session) => session.principal.userId))) advanceSoon(userId);
    for (const session of sessions) void session.verify();
  }

  const stopListening = doorbell.onRing(advanceAll);
  const poll = setInterval(advanceAll, POLL_MS);
  const prune = setInterval(() => {
    pruneLogs(db).catch((error: unknown) => log.warn({ err: error }, "old changes could not be dropped"));
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
        clock,
        log,
        metrics,
        throttle,
        advance: advances,
        onHello: replaceOlder,
        onPushed: () => doorbell.ring(),
        onClose: (closed) => sessions.delete(closed),
      });
      sessions.add(session);
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
    async applyIntent(principal, intent) {
      const { result, txid } = await intents.apply(principal, intent);
      metrics.intents.inc({ status: result.status });
      if (txid !== undefined) doorbell.ring();
      return result;
    },
    kick({ userId, sessionId, deviceId, why }) {
      const code = why === "disabled" ? closeCode.accountOff : closeCode.token;
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
      const userIds = new Set([...sessions].map((session) => session.principal.userId));
      await Promise.all([...userIds].map((userId) => advances(userId)));
    },
    async drain() {
      isDraining = true;
      stopListening();
      clearInterval(poll);
      clearInterval(prune);
      await Promise.all([...sessions].map((session) => session.finish()));
      for (const session of sessions) session.close(closeCode.draining, "draining");
      await gateway.close();
    },
  };
}
