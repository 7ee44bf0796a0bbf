import type { WebSocket } from "ws";
import type { AccessEngine } from "@kontor/shared/access";
import type { Clock, ErrorCode } from "@kontor/shared/base";
import {
  closeCode,
  isStockFrame,
  limits,
  PROTOCOL_VERSION,
  type FrameCodec,
  type FeedBatch,
  type Hello,
  type IntentResult,
  type Message,
} from "@kontor/shared/protocol";
import { auditActor, sensitiveReads, type AuditLog, type Database, type Log, type Principal } from "#kernel";
import { answerControl } from "./control.ts";
import { createFeed, type Feed, type FeedStart } from "./feed.ts";
import { closeFor, type Authenticate, type Client } from "./gateway.ts";
import { createHelloReader } from "./hello.ts";
import type { Intents } from "./intents.ts";
import type { SyncMetrics } from "./metrics.ts";
import { cookieAt } from "./place.ts";
import type { Profiles, ProfileState, Seat } from "./profile.ts";
import type { Projector } from "./projection.ts";
import { createPushes } from "./pushes.ts";

/**
 * One device's connection:
 *
 *   HELLO ─► WELCOME ─► FEED … (at most four batches without ACK) ─► live
 *   PUSH  ─► applied one by one ─► FEED carries the effect ─► RESULT   (pushes.ts)
 *   HELLO again, once caught up ─► WELCOME with the comparison of counts and hashes (SYN-10)   (hello.ts)
 */

/** Without an answer, the network went away without saying so. Counted, since a clock may be set. */
const MAX_UNANSWERED_PINGS = 3;
export interface Session {
  readonly principal: Principal;
  /** Whose decisions the feed carries, and from where. */
  readonly seat: Seat;
  /** The same for all connections of one device: the newest replaces the older. */
  readonly deviceKey: string | undefined;
  /** Its profile has moved on, or it has another one now. */
  heard(state: Heard): void;
  close(code: number, reason: string): void;
  /** Resolves when the pushes that have arrived are answered. */
  finish(): Promise<void>;
}

export type Heard = Pick<ProfileState, "profileId" | "no" | "position">;

export interface SessionDeps {
  readonly db: Database;
  readonly audit: Pick<AuditLog, "note">;
  readonly codec: FrameCodec;
  readonly profiles: Profiles;
  readonly projector: Projector;
  readonly intents: Intents;
  readonly access: () => AccessEngine;
  readonly authenticate: Authenticate;
  readonly epoch: string;
  readonly leaseMs: number;
  readonly pingMs: number;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: SyncMetrics;
  /** Undefined: go ahead; else the pause that the device is asked to make. */
  readonly throttle: (userId: string, intents: number) => Promise<number | undefined>;
  readonly advance: (seat: Seat) => Promise<ProfileState | undefined>;
  readonly onHello: (session: Session) => void;
  readonly onPushed: () => void;
  /** Rows were sent newer than the profile of this seat knows them. */
  readonly onSentOtherwise: (seat: Seat) => void;
  readonly onClose: (session: Session) => void;
}

export function openSession(socket: WebSocket, client: Client, deps: SessionDeps): Session {
  const { db, codec, profiles, projector, metrics, clock } = deps;
  const { token, ip } = client;
  let { principal } = client;
  let seat = seatOf(principal, ip);
  const { userId } = principal;
  const log = deps.log.child({ userId, deviceId: principal.deviceId });
  let deviceKey: string | undefined;
  let feed: Feed | undefined;
  let batch = 0;
  const unacknowledged = new Set<number>();
  let isPumping = false;
  let pumpAgain = false;
  let unansweredPings = 0;
  /** One thing at a time: HELLO, then pushes, in the order in which they came. */
  let work: Promise<void> = Promise.resolve();
  let waiters: { readonly position: number; readonly done: () => void }[] = [];

  const isOpen = () => socket.readyState === socket.OPEN;
  const send = (message: Message) => {
    if (isOpen()) socket.send(codec.encode(message));
  };
  const fail = (code: ErrorCode, message: string) => {
    send({ type: "error", body: { code, message } });
    socket.close(1008, message.slice(0, 100));
  };
  /** The device comes again, on another node perhaps, and is told everything from its cookie. */
  const failed = (what: string) => (error: unknown) => {
    log.error({ err: error }, what);
    socket.close(closeCode.draining, "internal");
  };
  const inOrder = (job: () => Promise<void>) => {
    work = work.then(() => (isOpen() ? job() : undefined)).catch(failed("a device's message failed"));
  };

  const greeting = createHelloReader({ db, userId, epoch: deps.epoch, metrics, log });
  const pushes = createPushes({
    audit: deps.audit,
    intents: deps.intents,
    ip,
    principal: () => principal,
    isOpen,
    isGreeted: () => feed !== undefined,
    throttle: deps.throttle,
    advance: () => deps.advance(seat),
    carried,
    onPushed: deps.onPushed,
    inOrder,
    sendResults,
    refuse: fail,
    failed: failed("a push could not be answered"),
  });

  function onMessage(data: Buffer): void {
    unansweredPings = 0;
    if (isStockFrame(data)) {
      const answer = answerControl(data);
      if (answer && isOpen()) socket.send(answer);
      return;
    }
    const message = codec.decode(data);
    // A broken or hostile client: nothing it said can be trusted to have been meant.
    if (message.type === "malformed") {
      log.warn({ reason: message.reason }, "malformed frame");
      return fail("invalid", `This frame cannot be read: ${message.reason}`);
    }
    if (message.type === "ping") return send({ type: "pong", body: {} });
    if (message.type === "pong") return undefined;
    if (message.type === "hello") return inOrder(() => onHello(message.body));
    if (message.type === "ack") return onAck(message.body.batch);
    if (message.type === "push") return pushes.take(message.body.intents);
    // Open sections and history on demand are in the protocol, and not yet in this server.
    send({ type: "error", body: { code: "unavailable", message: `The server does not serve "${message.type}" yet.` } });
    return undefined;
  }

  /* ---------- HELLO ---------- */

  async function onHello(hello: Hello): Promise<void> {
    if (hello.protocol !== PROTOCOL_VERSION) {
      send({
        type: "error",
        body: { code: "outdated", message: "This version of the app is too old for the server." },
      });
      return socket.close(closeCode.clientTooOld, "protocol");
    }
    const state = await deps.advance(seat);
    if (!state) return socket.close(closeCode.accountOff, "account off");
    if (feed) {
      heard(state);
      return await compareAgain(hello, state, feed);
    }
    const start = await greeting.startOf(hello, state);
    const differing = start.mode === "resume" ? await greeting.compare(hello, state) : undefined;
    feed = feedOf(state, start);
    if (differing && differing.length > 0) feed.repair(differing);
    deviceKey = `${userId} ${principal.deviceId ?? hello.deviceId}`;
    deps.onHello(session);
    welcome(start.mode, state, differing);
    log.info({ mode: start.mode, from: hello.cookie?.position, to: state.position }, "device connected");
    pump();
  }

  const feedOf = ({ profileId, no }: Heard, start: FeedStart) =>
    createFeed(
      { db, projector, profileId, no, epoch: deps.epoch, onSentOtherwise: () => deps.onSentOtherwise(seat) },
      start,
    );

  async function compareAgain(hello: Hello, state: ProfileState, current: Feed): Promise<void> {
    const differing = current.isIdle ? await greeting.compare(hello, state) : undefined;
    if (differing && differing.length > 0) current.repair(differing);
    welcome("resume", state, differing);
    pump();
  }

  function welcome(mode: FeedStart["mode"], state: Heard, differing: readonly string[] | undefined): void {
    const isPartial = differing !== undefined && differing.length > 0;
    send({
      type: "welcome",
      body: {
        mode: isPartial ? "partial" : mode === "switch" ? "resume" : mode,
        ...(isPartial ? { buckets: differing } : {}),
        epoch: cookieAt(deps.epoch, state).epoch,
        policyRev: deps.access().rev,
        position: state.position,
        compared: differing !== undefined,
        serverTime: new Date(clock.now()).toISOString(),
        leaseMs: deps.leaseMs,
      },
    });
  }

  /* ---------- FEED ---------- */

  function heard(state: Heard): void {
    if (feed && feed.profileId !== state.profileId)
      switchTo(state, feed).catch(failed("a device could not be switched"));
    else feed?.heard(state.position);
    pump();
  }

  /** The place or the policies changed, so that this device is of another profile now. */
  async function switchTo(state: Heard, left: Feed): Promise<void> {
    const { places } = left;
    const start = places && (await greeting.startFrom(places, state));
    if (feed !== left) return; // another one was faster
    feed = feedOf(state, start ?? { mode: "reset", to: state.position, fresh: false });
    log.info({ from: places, to: state.no }, "a device changed its view profile");
    // Positions of the profile that it left mean nothing any more; what they stood for is in this one.
    waiters = waiters.map((waiter) => ({ ...waiter, position: Math.min(waiter.position, state.position) }));
    welcome(start ? "resume" : "reset", state, undefined);
    pump();
  }

  function onAck(number: number): void {
    unacknowledged.delete(number);
    pump();
  }

  function pump(): void {
    if (isPumping) {
      pumpAgain = true;
      return;
    }
    isPumping = true;
    void sendBatches()
      .catch(failed("the feed failed"))
      .finally(() => {
        isPumping = false;
        if (!pumpAgain) return;
        pumpAgain = false;
        pump();
      });
  }

  async function sendBatches(): Promise<void> {
    const current = feed;
    if (!current) return;
    while (!current.isIdle && isOpen() && unacknowledged.size < limits.feedCredit) {
      const viewer = await profiles.viewerOf(seat);
      if (!viewer) return socket.close(closeCode.accountOff, "account off");
      const next = await current.next(viewer);
      if (feed !== current) return pump();
      if (!next) break;
      const { operations, cookie, complete } = next;
      await noteReads(operations);
      if (operations.length > 0 || cookie || complete) {
        batch++;
        unacknowledged.add(batch);
        for (const { op } of operations) metrics.operations.inc({ op });
        send({ type: "feed", body: { batch, ...next } });
      }
      tellWaiters(current.live);
    }
    tellWaiters(current.live);
  }

  /** POL-12: what is sensitive leaves the server after that is on record. */
  async function noteReads(operations: FeedBatch["operations"]): Promise<void> {
    const parts = await projector.sensitiveIn(db, operations);
    await deps.audit.note(sensitiveReads(parts, auditActor(principal), "feed"));
  }

  function tellWaiters(live: number): void {
    const due = waiters.filter((waiter) => waiter.position <= live);
    waiters = waiters.filter((waiter) => waiter.position > live);
    for (const waiter of due) waiter.done();
  }

  /** Resolves when the feed has carried all that the profile knows; false when the connection ended first. */
  async function carried(state: Heard): Promise<boolean> {
    const { position, profileId } = state;
    heard(state);
    if (!feed || feed.profileId !== profileId || feed.live >= position) return true;
    return await new Promise((resolve) => waiters.push({ position, done: () => resolve(isOpen()) }));
  }

  function sendResults(results: readonly IntentResult[]): void {
    for (const result of results) {
      metrics.intents.inc({ status: result.status });
      send({ type: "result", body: result });
    }
  }

  /* ---------- life ---------- */

  /** Is the token still good? Not asked at rings: a change that is nobody's business costs a connection nothing. */
  async function verify(): Promise<void> {
    try {
      const found = await deps.authenticate(token);
      if (!found) return socket.close(closeCode.token, "token");
      principal = found;
      seat = seatOf(principal, ip);
    } catch (error) {
      closeFor(socket, error, log);
    }
  }

  const heartbeat = setInterval(() => {
    if (unansweredPings >= MAX_UNANSWERED_PINGS) return socket.terminate();
    unansweredPings++;
    send({ type: "ping", body: {} });
    void verify();
    return undefined;
  }, deps.pingMs);

  socket.binaryType = "nodebuffer";
  socket.on("message", (data: Buffer, isBinary) => {
    if (!isBinary) return fail("invalid", "Text frames are not part of this protocol.");
    return onMessage(data);
  });
  socket.on("close", (code) => {
    clearInterval(heartbeat);
    tellWaiters(Number.POSITIVE_INFINITY);
    log.info({ code }, "device disconnected");
    deps.onClose(session);
  });

  const session: Session = {
    get principal() {
      return principal;
    },
    get seat() {
      return seat;
    },
    get deviceKey() {
      return deviceKey;
    },
    heard,
    close: (code, reason) => socket.close(code, reason),
    async finish() {
      await work;
      await pushes.finish();
    },
  };
  return session;
}

/** What decisions of the feed are made in, but for the time. */
const seatOf = ({ userId, deviceId, deviceTrusted, factorLevel }: Principal, ip: string | undefined): Seat => ({
  userId,
  context: { channel: "desktop", offline: false, ip, deviceId, deviceTrusted, factorLevel },
});
