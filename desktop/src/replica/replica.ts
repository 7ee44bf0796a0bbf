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
import { createLink, type Link, type LinkProblem, type LinkState } from "./link.ts";
import { openFileOrRebuild, removeSetAside, type Rebuilt } from "./openFile.ts";
import { openOutbox, type Issue, type NewIntent, type Outbox, type PendingIntent } from "./outbox.ts";
import { createRebuilding } from "./rebuilding.ts";
import { createRows, type Rows } from "./rows.ts";

/**
 * One user's replica on this device: rows, outbox and connection, held together.
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

export interface EnqueueInput {
  readonly name: string;
  readonly collection: string;
  readonly id: string;
  readonly args: JsonObject;
  /** How the outbox and the issues name it. */
  readonly title: string;
  /** Rows that must exist on the server first; known to be there already, they cost nothing. */
  readonly dependsOn?: readonly { readonly collection: string; readonly id: string }[];
  /** Written in the outbox's transaction that takes the intent, for example the plan of an upload. */
  readonly alongside?: (at: string) => void;
  /** Changes of one act; the outbox shows them as one. */
  readonly batch?: string;
  /** Not sent before it has rested for so long: what is still being typed stays one change. */
  readonly restMs?: number;
}

export type MergeIntents = (before: PendingIntent, next: NewIntent) => JsonObject | undefined;

export type Connection = "online" | "connecting" | "offline" | "signedOut" | "locked" | "outdated";

export interface ReplicaState {
  readonly connection: Connection;
  readonly pending: number;
  readonly issues: number;
  readonly lastContactAt?: string;
  readonly filling?: { readonly received: number };
  readonly rebuilt?: Rebuilt;
  readonly problem?: { readonly reason: string; readonly message: string };
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

export interface Replica {
  readonly rows: Rows;
  readonly outbox: Outbox;
  readonly pacing: Pacing;
  readonly options: ReplicaOptions;
  state(): ReplicaState;
  /** Returns when the change is durable on this device and in view (SYN-1). */
  enqueue(input: EnqueueInput): PendingIntent;
  /**
   * Many changes as one write. Durable at once, all or none; resolves when all of them are in view, letting others go
   * first between some hundreds. `merge` makes one of two changes of a row when the first was never sent.
   */
  enqueueMany(inputs: readonly EnqueueInput[], merge?: MergeIntents): Promise<void>;
  /** Replaces the arguments of a change that was never sent; false when it was. */
  amend(mid: string, args: JsonObject): boolean;
  /** Sends a change that rests; what is sent behind it must not wait for it. */
  release(mid: string): void;
  /** Takes an unsent change back; false when it is under way. */
  discard(mid: string): boolean;
  retryIssue(mid: string, alongside?: (at: string) => void): PendingIntent | undefined;
  discardIssue(mid: string): Issue | undefined;
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
/** Views made anew in one go: some 30 ms, after which whoever waits is answered. */
const SHOWN_AT_ONCE = 500;
const LAST_CONTACT_EVERY_MS = 10_000; // written down at most this often: the lease counts days

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

  let token: string | undefined = options.token;
  let linkState: LinkState = { state: "connecting" };
  let welcome: Welcome | undefined;
  let received = 0;
  let isClosed = false;
  let leaseMs = options.leaseMs;
  let lastContactAt = Number(outbox.file.meta.get("lastContactAt") ?? 0);
  let contactWrittenAt = lastContactAt;
  let mustCatchUp = outbox.file.meta.get("mustCatchUp") === true;
  let lockedFor = outbox.file.meta.get("lockedFor") as LinkProblem | undefined;
  /** Goes up with each connection: what was queued from an earlier one is dropped. */
  let connectionNumber = 0;
  let inbound: Promise<void> = Promise.resolve();
  let background: Promise<void> = Promise.resolve();
  let isComparing = false;
  const deferred: IntentResult[] = [];
  /** Answers that came in this turn: written down together, since each write waits for the disk. */
  let answers: IntentResult[] = [];
  const timers = new Set<NodeJS.Timeout>();
  let retryTimer: NodeJS.Timeout | undefined;

  const pace = { later, run: startBackground, now: () => performance.now() };
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
      touchContact();
      const from = connectionNumber;
      if (message.type === "ping") return link.send({ type: "pong", body: {} });
      inbound = inbound.then(() =>
        from === connectionNumber && !isClosed ? guarded(() => onMessage(message)) : undefined,
      );
      return undefined;
    },
  });

  /* ---------- connection ---------- */

  function onState(state: LinkState): void {
    linkState = state;
    if (state.state !== "connecting") {
      connectionNumber++;
      outbox.disconnected();
      deferred.length = 0;
      answers = []; // they come again (SYN-4)
      welcome = undefined;
    }
    if (state.state === "open") {
      if (isLocked()) stayLocked();
      sendHello();
    }
    if (state.state === "stopped") {
      if (state.problem.reason === "link.deviceRevoked") void removeAll(state.problem);
      if (state.problem.reason === "link.token" || state.problem.reason === "link.accountOff") token = undefined;
      if (state.problem.reason === "link.accountOff") lock(state.problem);
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
    if (message.type === "result") return onResult(message.body);
    if (message.type === "error") return log.warn("the server reports an error", { ...message.body });
    if (message.type === "malformed") log.warn("a frame of the server cannot be read", { reason: message.reason });
    return undefined;
  }

  function onWelcome(body: Welcome): void {
    const isFirst = welcome === undefined;
    welcome = body;
    leaseMs = body.leaseMs;
    unlock();
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
    sendPending();
    tellState();
  }

  /** Counts and hashes can be compared when this replica stands where the server does (SYN-10). */
  function compareLater(delayMs: number): void {
    isComparing = true;
    if (delayMs > 0) later(delayMs, compareIfCaughtUp);
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
    if (rows.hasStale) startBackground(() => rows.refreshStale(() => pacing.applied(0)));
    settleDeferred();
    compareIfCaughtUp();
    tellState();
    await pacing.applied(written);
  }

  /** VIS-4: what hung on the rows goes, and then the freed bytes leave the files. */
  function dropDerived(purged: ReadonlyMap<string, readonly string[]>): void {
    let removed = 0;
    for (const [collection, ids] of purged) {
      removed += outbox.purgeDrafts(ids) + outbox.purgeTitles(collection, ids);
      for (const listener of listeners.purged) listener(collection, ids);
    }
    file.scrub();
    fileRebuilding.soon();
    if (removed > 0) {
      outbox.file.scrub();
      outboxRebuilding.soon();
    }
    removeSetAside(options.directory);
  }

  /* ---------- intents ---------- */

  function enqueue(input: EnqueueInput): PendingIntent {
    const intent = outbox.add(newIntentOf(input), input.alongside);
    showOutbox(input.collection, input.id);
    return intent;
  }

  async function enqueueMany(inputs: readonly EnqueueInput[], merge?: MergeIntents): Promise<void> {
    outbox.addMany(inputs.map(newIntentOf), merge);
    for (let at = 0; at < inputs.length; at += SHOWN_AT_ONCE) {
      if (isClosed) return; // shown at the next start
      const some = inputs.slice(at, at + SHOWN_AT_ONCE);
      for (const [name, group] of Map.groupBy(some, ({ collection }) => collection))
        guardedSync(() =>
          rows.refreshMany(
            name,
            group.map(({ id }) => id),
          ),
        );
      await pacing.applied(0);
    }
    tell("outbox");
    sendPending();
    tellState();
  }

  function newIntentOf(input: EnqueueInput): NewIntent {
    const { dependsOn = [], alongside: _alongside, restMs, ...named } = input;
    const group = groupOf(input, dependsOn);
    return {
      ...named,
      ...(group === undefined ? {} : { group }),
      ...(restMs === undefined ? {} : { notBefore: clock.now() + restMs }),
    };
  }

  function release(mid: string): void {
    outbox.hurry(mid);
    sendPending();
  }

  /** Typing goes on while a change still waits: it stays one change. False when it was sent already. */
  function amend(mid: string, args: JsonObject): boolean {
    const intent = outbox.find(mid);
    if (!intent || !outbox.amend(mid, args)) return false;
    showOutbox(intent.collection, intent.id);
    return true;
  }

  function showOutbox(collection: string, id: string): void {
    guardedSync(() => rows.refresh(collection, id));
    tell("outbox");
    sendPending();
    tellState();
  }

  /** What stands on a row that only this device knows falls with the change that makes it (SYN-5). */
  function groupOf(input: EnqueueInput, dependsOn: NonNullable<EnqueueInput["dependsOn"]>): string | undefined {
    for (const { collection, id } of dependsOn) {
      const [first] = outbox.pendingOf(collection, id);
      if (first && !rows.hasServerRow(collection, id)) return first.group ?? id;
    }
    if (rows.hasServerRow(input.collection, input.id)) return undefined;
    return outbox.pendingOf(input.collection, input.id)[0]?.group ?? input.id;
  }

  function sendPending(): void {
    if (!welcome || !link.isOpen) return;
    const intents = outbox.due();
    if (intents.length > 0) {
      outbox.sent(intents.map((intent) => intent.mid));
      link.send({ type: "push", body: { intents: intents.map(toWire) } });
      tell("outbox");
    }
    clearTimeout(retryTimer);
    const dueAt = outbox.nextDueAt();
    if (dueAt !== undefined) retryTimer = later(Math.max(1, dueAt - clock.now()), sendPending);
  }

  /**
   * An answer given again may come before the backfill that carries its effect; the change stays in view until then.
   */
  function onResult(result: IntentResult): void {
    const isTaken = result.status === "applied" || result.status === "merged";
    if (isTaken && !hasCaughtUp()) {
      deferred.push(result);
      outbox.answered(result.mid);
    } else settleSoon(result);
    if (!outbox.isSending) sendPending();
    tellState();
  }

  /** A refusal holds back what depends on it, so it is settled before anything else is sent. */
  function settleSoon(result: IntentResult): void {
    if (result.status === "rejected" || result.status === "retry") {
      settleAnswers();
      return settle([result]);
    }
    outbox.answered(result.mid);
    if (answers.length === 0) setImmediate(() => void (isClosed ? undefined : guardedSync(settleAnswers)));
    answers.push(result);
    if (answers.length >= SHOWN_AT_ONCE) settleAnswers();
  }

  function settleAnswers(): void {
    const due = answers;
    answers = [];
    if (due.length > 0) settle(due);
    if (due.length > 0) tellState();
  }

  /** Positions count in one profile; a device that is being switched to another stands in neither. */
  function hasCaughtUp(): boolean {
    const cookie = rows.cookie();
    return welcome !== undefined && cookie?.epoch === welcome.epoch && cookie.position >= welcome.position;
  }

  function settleDeferred(): void {
    if (deferred.length > 0 && hasCaughtUp()) settle(deferred.splice(0));
  }

  function settle(results: readonly IntentResult[]): void {
    const issuesBefore = outbox.issueCount();
    const settled = outbox.settle(results);
    for (const [name, group] of Map.groupBy(settled, ({ intent }) => intent.collection)) {
      const ids = new Set(group.map(({ intent }) => intent.id));
      rows.refreshMany(name, [...ids]);
    }
    for (const { intent, result } of settled) for (const listener of listeners.settled) listener(intent, result);
    if (outbox.issueCount() !== issuesBefore) tell("issues");
    tell("outbox");
  }

  function discard(mid: string): boolean {
    const intent = outbox.discard(mid);
    if (!intent) return false;
    rows.refresh(intent.collection, intent.id);
    tell("outbox");
    tellState();
    return true;
  }

  /** Under a new id: the server answers the old one for ever as it did (SYN-4). */
  function retryIssue(mid: string, alongside?: (at: string) => void): PendingIntent | undefined {
    const issue = outbox.issues().find((each) => each.mid === mid);
    if (!issue) return undefined;
    const { name, collection, id, args, title } = issue;
    const intent = enqueue({ name, collection, id, args, title, ...(alongside ? { alongside } : {}) });
    outbox.removeIssue(mid);
    tell("issues");
    tellState();
    return intent;
  }

  /* ---------- lease ---------- */

  function touchContact(): void {
    lastContactAt = clock.now();
    if (lastContactAt - contactWrittenAt < LAST_CONTACT_EVERY_MS) return;
    contactWrittenAt = lastContactAt;
    outbox.file.meta.set("lastContactAt", lastContactAt);
  }

  function lock(problem: LinkProblem): void {
    lockedFor = problem;
    outbox.file.meta.set("lockedFor", problem);
  }

  function unlock(): void {
    if (!lockedFor) return;
    lockedFor = undefined;
    outbox.file.meta.delete("lockedFor");
  }

  /** VIS-6: a replica that nobody can take back from afar must not stay readable for ever. */
  const isLocked = () =>
    mustCatchUp || lockedFor !== undefined || (lastContactAt > 0 && clock.now() - lastContactAt > leaseMs);

  /** What was taken away meanwhile goes before anything can be read again; noted, since this contact ends the lease's end. */
  function stayLocked(): void {
    mustCatchUp = true;
    outbox.file.meta.set("mustCatchUp", true);
  }

  function openAgain(): void {
    if (!mustCatchUp || !hasCaughtUp()) return;
    mustCatchUp = false;
    outbox.file.meta.delete("mustCatchUp");
  }

  /** VIS-6: rows, unsent changes, bodies and what was set aside. The keychain's key goes with the sign-out that follows. */
  async function removeAll(problem: LinkProblem): Promise<void> {
    lock(problem);
    tellState();
    log.warn("this device was taken out of use; everything on it is removed");
    await options.onRevoked?.();
    await close();
    rmSync(options.directory, { recursive: true, force: true });
  }

  /* ---------- state ---------- */

  function connection(): Connection {
    if (isLocked()) return "locked";
    if (linkState.state === "open") return welcome ? "online" : "connecting";
    const reason = problemOf(linkState)?.reason;
    if (reason === undefined) return "connecting";
    if (reason === "link.token") return "signedOut";
    return reason === "link.tooOld" ? "outdated" : "offline";
  }

  function state(): ReplicaState {
    const isFilling = welcome !== undefined && !rows.cookie();
    const problem = lockedFor ?? problemOf(linkState);
    return {
      connection: connection(),
      pending: outbox.size,
      issues: outbox.issueCount(),
      ...(lastContactAt > 0 ? { lastContactAt: new Date(lastContactAt).toISOString() } : {}),
      ...(isFilling ? { filling: { received } } : {}),
      ...(opened.rebuilt ? { rebuilt: opened.rebuilt } : {}),
      ...(problem ? { problem } : {}),
    };
  }

  let lastState = "";
  function tellState(): void {
    if (isClosed || listeners.state.size === 0) return;
    const next = state();
    const text = JSON.stringify({ ...next, lastContactAt: undefined });
    if (text === lastState) return;
    lastState = text;
    for (const listener of listeners.state) listener(next);
  }

  function tell(name: "outbox" | "issues"): void {
    for (const listener of listeners[name]) listener();
  }

  /* ---------- life ---------- */

  async function guarded(job: () => Promise<void> | void): Promise<void> {
    try {
      await job();
    } catch (error) {
      failed(error);
    }
  }

  function guardedSync(job: () => void): void {
    try {
      job();
    } catch (error) {
      failed(error);
    }
  }

  function failed(error: unknown): void {
    if (error instanceof ReplicaDamaged) {
      opened.markDamaged();
      options.onDamaged?.(error);
    }
    log.warn("the replica could not take what the server sent", { error: String(error) });
    // A batch that cannot be applied is not acknowledged; a new connection asks for it again from the cookie.
    link.disconnect();
    later(RECONNECT_AFTER_FAILURE_MS, () => link.connect());
  }

  function later(delayMs: number, job: () => void): NodeJS.Timeout {
    const timer = setTimeout(() => {
      timers.delete(timer);
      if (!isClosed) job();
    }, delayMs);
    timers.add(timer);
    return timer;
  }

  function startBackground(job: () => Promise<unknown>): void {
    background = background.then(() => (isClosed ? undefined : guarded(async () => void (await job()))));
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
  if (rows.hasStale) startBackground(() => rows.refreshStale(() => pacing.applied(0)));

  return {
    rows,
    outbox,
    pacing,
    options,
    state,
    enqueue,
    enqueueMany,
    amend,
    release,
    discard,
    retryIssue,
    discardIssue(mid) {
      const issue = outbox.removeIssue(mid);
      tell("issues");
      tellState();
      return issue;
    },
    token: () => token,
    tellOutbox() {
      tell("outbox");
      lastState = ""; // pending counts uploads, which this state does not know of
      tellState();
    },
    tryNow(mid) {
      outbox.hurry(mid);
      if (link.isOpen) sendPending();
      else reconnectNow();
    },
    useToken(newToken, newLeaseMs) {
      token = newToken;
      leaseMs = newLeaseMs;
      lastContactAt = clock.now();
      unlock();
      link.disconnect();
      link.connect(newToken);
    },
    audit,
    get isLocked() {
      return isLocked();
    },
    on(name, listener) {
      listeners[name].add(listener);
      return () => listeners[name].delete(listener);
    },
    close,
  };

  function close(): Promise<void> {
    closing ??= (async () => {
      isClosed = true;
      clearInterval(leaseTimer);
      for (const timer of timers) clearTimeout(timer);
      link.destroy();
      await inbound;
      await background;
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

/** Long enough that a full disk does not spin, short enough that a hiccup is not noticed. */
const RECONNECT_AFTER_FAILURE_MS = 2_000;

const problemOf = (state: LinkState): LinkProblem | undefined => ("problem" in state ? state.problem : undefined);

const toWire = ({ mid, name, collection, id, args, group, at }: PendingIntent) => ({
  mid,
  name,
  collection,
  id,
  args,
  ...(group === undefined ? {} : { group }),
  at,
});
