import { rmSync } from "node:fs";
import { join } from "node:path";
import type { Clock, JsonObject } from "@kontor/shared/base";
import {
  createFrameCodec,
  PROTOCOL_VERSION,
  type FeedBatch,
  type IntentResult,
  type Message,
  type Malformed,
  type Welcome,
} from "@kontor/shared/protocol";
import {
  createPacing,
  ReplicaDamaged,
  type DatabaseOptions,
  type Pacing,
  type ReplicaFile,
  type ReplicaKey,
  type RowsHook,
} from "#replica/storage";
import type { ReplicaCollectionDefinition, ViewContext } from "./collections.ts";
import { zlibCompression } from "./compression.ts";
import { createIntents, type IntentCommands } from "./intents.ts";
import { createJobs } from "./jobs.ts";
import { openLease } from "./lease.ts";
import { createLink, type Link, type LinkProblem, type LinkState } from "./link.ts";
import { openFileOrRebuild, removeSetAside } from "./openFile.ts";
import { openOutbox, type Outbox, type PendingIntent } from "./outbox.ts";
import { createRebuilding } from "./rebuilding.ts";
import { stateOf, type ReplicaState } from "./replica.state.ts";
import { createRows, type Rows } from "./rows.ts";

/**
 * One user's replica on this device: rows, outbox and connection, held together. What goes up is in `intents.ts`, whether
 * anything may be read in `lease.ts`; here is the connection, what comes down, and the life of it all.
 *
 *   command ─► outbox (durable) ─► view ─► PUSH ─► FEED (applied, acknowledged) ─► RESULT ─► outbox forgets ─► view
 *
 * Everything from the server goes through one queue in the order in which it came, so that an answer never overtakes the
 * batch that carries its effect.
 */
export interface ReplicaOptions {
  /** Folder of this user's replica: replica.db and outbox.db. */
  readonly directory: string;
  readonly key: ReplicaKey;
  /** `none` for tests that search the files' bytes. */
  readonly cipher?: DatabaseOptions["cipher"];
  readonly serverUrl: string;
  readonly deviceId: string;
  readonly token: string;
  readonly leaseMs: number;
  readonly appVersion: string;
  readonly definitions: readonly ReplicaCollectionDefinition[];
  readonly context: ViewContext;
  /** Makes what is derived of views and lives in the same file; called once, before the views are opened. */
  readonly derive?: (file: ReplicaFile) => ReadonlyMap<string, RowsHook>;
  readonly clock: Clock;
  readonly WebSocket: typeof globalThis.WebSocket;
  readonly log: ReplicaLog;
  /** The file turned out to be damaged while it was in use: the process starts over, and sets it aside then. */
  onDamaged?(error: ReplicaDamaged): void;
  /** The device was taken out of use: lets go of what it holds open, before everything is removed (VIS-6). */
  onRevoked?(): Promise<void>;
}

export interface ReplicaLog {
  info(message: string, details?: JsonObject): void;
  warn(message: string, details?: JsonObject): void;
}

export interface ReplicaEvents {
  state(state: ReplicaState): void;
  outbox(): void;
  issues(): void;
  /** Rows that are gone from this device: whatever is derived of them goes now (VIS-4). */
  purged(collection: string, ids: readonly string[]): void;
  /** An intent left the outbox: taken, or refused. */
  settled(intent: PendingIntent, result: IntentResult): void;
}

export interface Replica extends IntentCommands {
  readonly rows: Rows;
  readonly outbox: Outbox;
  readonly pacing: Pacing;
  readonly options: ReplicaOptions;
  state(): ReplicaState;
  /** Undefined when the sign-in has ended. */
  token(): string | undefined;
  /** Something that the outbox shows changed elsewhere (an upload). */
  tellOutbox(): void;
  /** Connects and sends at once; for "try now". */
  tryNow(mid?: string): void;
  useToken(token: string, leaseMs: number): void;
  /** Compares every stored row with what was received; differences are repaired at once when online (SYN-10). */
  audit(): Promise<number>;
  readonly isLocked: boolean;
  on<Name extends keyof ReplicaEvents>(name: Name, listener: ReplicaEvents[Name]): () => void;
  close(): Promise<void>;
}

/** A comparison that could not be made (changes were under way) is asked for again after this pause. */
const COMPARE_AGAIN_MS = 15_000;
const LEASE_CHECK_MS = 60_000;
/** Long enough that a full disk does not spin, short enough that a hiccup is not noticed. */
const RECONNECT_AFTER_FAILURE_MS = 2_000;

export function openReplica(options: ReplicaOptions): Replica {
  const { clock, log } = options;
  const seal = { key: options.key, ...(options.cipher ? { cipher: options.cipher } : {}) };
  const opened = openFileOrRebuild({ filename: join(options.directory, "replica.db"), ...seal }, clock);
  const { file } = opened;
  const outbox = openOutbox({
    filename: join(options.directory, "outbox.db"),
    ...seal,
    now: () => clock.now(),
  });
  const derived = options.derive?.(file);
  const rows = createRows({
    file,
    definitions: options.definitions,
    outbox,
    context: options.context,
    ...(derived ? { derived } : {}),
  });
  options.context.bind?.(rows); // before any view is made: without its type a pending change would not be shown
  rows.rebuildOverlays();
  const pacing = createPacing();
  const codec = createFrameCodec(zlibCompression);
  const listeners: { [Name in keyof ReplicaEvents]: Set<ReplicaEvents[Name]> } = {
    state: new Set(),
    outbox: new Set(),
    issues: new Set(),
    purged: new Set(),
    settled: new Set(),
  };

  const lease = openLease(outbox.file.meta, clock, options.leaseMs);
  let token: string | undefined = options.token;
  let linkState: LinkState = { state: "connecting" };
  let welcome: Welcome | undefined;
  let received = 0;
  /** Goes up with each connection: what was queued from an earlier one is dropped. */
  let connectionNumber = 0;
  let isComparing = false;

  const jobs = createJobs(failed);
  const pace = { later: jobs.later, run: jobs.inBackground, now: () => performance.now() };
  const fileRebuilding = createRebuilding({ ...pace, file, settled: rows.searchSettled });
  const outboxRebuilding = createRebuilding({ ...pace, file: outbox.file, settled: async () => undefined });

  const link: Link = createLink({
    serverUrl: options.serverUrl,
    token: options.token,
    deviceId: options.deviceId,
    codec,
    WebSocket: options.WebSocket,
    onState,
    onMessage(message) {
      lease.touch();
      const from = connectionNumber;
      if (message.type === "ping") return link.send({ type: "pong", body: {} });
      jobs.inOrder(() => (from === connectionNumber ? onMessage(message) : undefined));
      return undefined;
    },
  });

  const intents = createIntents({
    rows,
    outbox,
    pacing,
    clock,
    jobs,
    send: (pushed) => link.send({ type: "push", body: { intents: pushed } }),
    canSend: () => welcome !== undefined && link.isOpen,
    hasCaughtUp,
    tell: {
      state: tellState,
      outbox: () => tell("outbox"),
      issues: () => tell("issues"),
      settled: (intent, result) => tell("settled", intent, result),
    },
  });

  /* ---------- connection ---------- */

  function onState(state: LinkState): void {
    linkState = state;
    if (state.state !== "connecting") {
      connectionNumber++;
      intents.disconnected();
      welcome = undefined;
    }
    if (state.state === "open") {
      if (lease.isLocked) lease.hold();
      sendHello();
    }
    if (state.state === "stopped") {
      if (state.problem.reason === "link.deviceRevoked") void removeAll(state.problem);
      if (state.problem.reason === "link.token" || state.problem.reason === "link.accountOff") token = undefined;
      if (state.problem.reason === "link.accountOff") lease.lock(state.problem);
    }
    tellState();
  }

  function sendHello(): void {
    const cookie = rows.cookie();
    link.send({
      type: "hello",
      body: {
        protocol: PROTOCOL_VERSION,
        deviceId: options.deviceId,
        appVersion: options.appVersion,
        ...(cookie ? { cookie } : {}),
        buckets: rows.buckets(),
      },
    });
  }

  async function onMessage(message: Message | Malformed): Promise<void> {
    if (message.type === "welcome") return onWelcome(message.body);
    if (message.type === "feed") return await onBatch(message.body);
    if (message.type === "result") return intents.onResult(message.body);
    if (message.type === "error") return log.warn("the server reports an error", { ...message.body });
    if (message.type === "malformed") log.warn("a frame of the server cannot be read", { reason: message.reason });
    return undefined;
  }

  function onWelcome(body: Welcome): void {
    const isFirst = welcome === undefined;
    welcome = body;
    lease.grant(body.leaseMs);
    if (body.mode !== "resume") rows.beginResync();
    if (body.mode === "reset") {
      received = 0;
      log.info("the replica is filled from the start", { epoch: body.epoch });
    }
    if (body.mode === "partial")
      log.warn("the replica differed and is repaired", { buckets: [...(body.buckets ?? [])] });
    if (!body.compared) compareLater(isFirst ? 0 : COMPARE_AGAIN_MS);
    else isComparing = false;
    openAgain();
    intents.push();
    tellState();
  }

  /** Positions count in one profile; a device that is being switched to another stands in neither. */
  function hasCaughtUp(): boolean {
    const cookie = rows.cookie();
    return welcome !== undefined && cookie?.epoch === welcome.epoch && cookie.position >= welcome.position;
  }

  /** VIS-6: what was taken away meanwhile has gone; from here on it may be read again. */
  function openAgain(): void {
    if (lease.isHeld && hasCaughtUp()) lease.release();
  }

  /** Counts and hashes can be compared when this replica stands where the server does (SYN-10). */
  function compareLater(delayMs: number): void {
    isComparing = true;
    if (delayMs > 0) jobs.later(delayMs, compareIfCaughtUp);
    else compareIfCaughtUp();
  }

  function compareIfCaughtUp(): void {
    if (!isComparing || !hasCaughtUp()) return;
    isComparing = false; // until the answer says otherwise
    sendHello();
  }

  /* ---------- feed ---------- */

  async function onBatch(batch: FeedBatch): Promise<void> {
    const { purged, written, overwritten, narrowed } = rows.applyBatch(batch);
    received += batch.operations.length;
    if (purged.size > 0) dropDerived(purged);
    // A row that comes again may have lost a section; what stood there before must not stay in the log.
    else if (overwritten > 0) file.scrub();
    if (narrowed > 0) {
      fileRebuilding.soon();
      removeSetAside(options.directory);
    }
    openAgain();
    link.send({ type: "ack", body: { batch: batch.batch } });
    if (rows.hasStale) jobs.inBackground(() => rows.refreshStale(() => pacing.applied(0)));
    intents.settleDeferred();
    compareIfCaughtUp();
    tellState();
    await pacing.applied(written);
  }

  /** VIS-4: what hung on the rows goes, and then the freed bytes leave the files. */
  function dropDerived(purged: ReadonlyMap<string, readonly string[]>): void {
    let removed = 0;
    for (const [collection, ids] of purged) {
      removed += outbox.purgeDrafts(ids) + outbox.purgeTitles(collection, ids);
      tell("purged", collection, ids);
    }
    file.scrub();
    fileRebuilding.soon();
    if (removed > 0) {
      outbox.file.scrub();
      outboxRebuilding.soon();
    }
    removeSetAside(options.directory);
  }

  /** VIS-6: rows, unsent changes, bodies and what was set aside. The keychain's key goes with the sign-out that follows. */
  async function removeAll(problem: LinkProblem): Promise<void> {
    lease.lock(problem);
    tellState();
    log.warn("this device was taken out of use; everything on it is removed");
    await options.onRevoked?.();
    await close();
    rmSync(options.directory, { recursive: true, force: true });
  }

  /* ---------- state ---------- */

  function state(): ReplicaState {
    const isFilling = welcome !== undefined && !rows.cookie();
    return stateOf({
      link: linkState,
      isWelcome: welcome !== undefined,
      lease,
      pending: outbox.size,
      issues: outbox.issueCount(),
      filling: isFilling ? { received } : undefined,
      rebuilt: opened.rebuilt,
    });
  }

  let lastState = "";
  function tellState(): void {
    if (jobs.haveEnded || listeners.state.size === 0) return;
    const next = state();
    const text = JSON.stringify({ ...next, lastContactAt: undefined });
    if (text === lastState) return;
    lastState = text;
    tell("state", next);
  }

  function tell<Name extends keyof ReplicaEvents>(name: Name, ...about: Parameters<ReplicaEvents[Name]>): void {
    for (const listener of listeners[name]) (listener as (...about: unknown[]) => void)(...about);
  }

  /* ---------- life ---------- */

  function failed(error: unknown): void {
    if (error instanceof ReplicaDamaged) {
      opened.markDamaged();
      options.onDamaged?.(error);
    }
    log.warn("the replica could not take what the server sent", { error: String(error) });
    // A batch that cannot be applied is not acknowledged; a new connection asks for it again from the cookie.
    link.disconnect();
    jobs.later(RECONNECT_AFTER_FAILURE_MS, () => link.connect());
  }

  async function audit(): Promise<number> {
    const wrong = await rows.audit(() => pacing.applied(0));
    if (wrong === 0) return 0;
    log.warn("rows of the replica were not what was received", { rows: wrong });
    isComparing = true;
    compareIfCaughtUp();
    return wrong;
  }

  let closing: Promise<void> | undefined;
  const leaseTimer = setInterval(tellState, LEASE_CHECK_MS);
  leaseTimer.unref();
  link.connect();
  if (rows.hasStale) jobs.inBackground(() => rows.refreshStale(() => pacing.applied(0)));

  return {
    rows,
    outbox,
    pacing,
    options,
    state,
    ...intents.commands,
    token: () => token,
    tellOutbox() {
      tell("outbox");
      lastState = ""; // pending counts uploads, which this state does not know of
      tellState();
    },
    tryNow(mid) {
      outbox.hurry(mid);
      if (link.isOpen) intents.push();
      else reconnectNow();
    },
    useToken(newToken, newLeaseMs) {
      token = newToken;
      lease.renew(newLeaseMs);
      link.disconnect();
      link.connect(newToken);
    },
    audit,
    get isLocked() {
      return lease.isLocked;
    },
    on(name, listener) {
      listeners[name].add(listener);
      return () => listeners[name].delete(listener);
    },
    close,
  };

  function close(): Promise<void> {
    closing ??= (async () => {
      clearInterval(leaseTimer);
      const ended = jobs.end();
      link.destroy();
      await ended;
      await file.close();
      await outbox.close();
    })();
    return closing;
  }

  /** The provider waits between attempts; ending the wait means beginning anew. */
  function reconnectNow(): void {
    link.disconnect();
    link.connect();
  }
}
