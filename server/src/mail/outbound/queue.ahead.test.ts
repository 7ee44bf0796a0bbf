import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import { sql } from "kysely";
import { createMetrics } from "#kernel";
import { createTestDatabase, silentLog, type TestDatabase } from "#testing";
import {
  addSender,
  DELIVERED,
  dispatch,
  memoryBlobs,
  scriptedTransport,
  type ScriptedTransport,
  type Sender,
} from "./outbound.fixture.ts";
import { actOnOutbound, type OutboundRow } from "./outbound.repo.ts";
import { createOutboundQueue, type OutboundDeps, type OutboundLimits, type OutboundQueue } from "./queue.ts";
import type { Transport } from "./transport.port.ts";

/** What is claimed before there is a connection for it: where the far server has been quick. */
let test: TestDatabase;
let anna: Sender;
beforeAll(async () => {
  test = await createTestDatabase();
  anna = await addSender(test.db, "anna");
});
afterAll(() => test.drop());

const PER_LANE = 2;
const QUICK = 20;
let now: number;
let blobs: ReturnType<typeof memoryBlobs>;
let far: ScriptedTransport;
let queues: OutboundQueue[];
beforeEach(async () => {
  await test.pool.query("delete from mail_outbound");
  now = Date.parse("2026-11-28T10:00:00Z");
  blobs = memoryBlobs();
  far = scriptedTransport();
  queues = [];
});
afterEach(async () => {
  far.answer = () => DELIVERED;
  far.release();
  await Promise.all(queues.map((queue) => queue.stop()));
});

function start(more: Partial<OutboundDeps> & { limits?: Partial<OutboundLimits> } = {}): OutboundQueue {
  const queue = createOutboundQueue({
    db: test.db,
    clock: { now: () => now },
    log: silentLog,
    metrics: createMetrics(),
    blobs,
    transport: far,
    routeOf: async () => ({ kind: "relay", host: "relay", port: 25, security: "none" }),
    relayed: true,
    signingKeys: async () => [],
    noticed: () => undefined,
    changed: () => undefined,
    ownName: "mail.ours.example",
    timeZone: "UTC",
    ...more,
    limits: { everyMs: 3_600_000, stopMs: 1, perLane: PER_LANE, ...more.limits },
  });
  queues.push(queue);
  queue.start();
  return queue;
}

/** Forty messages to a relay that takes the first twenty at once, and then does something else. */
async function sendForty(then: ReturnType<ScriptedTransport["answer"]>): Promise<void> {
  for (let n = 0; n < 2 * QUICK; n++) {
    await dispatch(test.db, blobs, { sender: anna, to: [`u${n}@a.example`], at: now });
    now += 1;
  }
  far.answer = () => (far.transmissions.length <= QUICK ? DELIVERED : then);
}
const rows = async () =>
  (await test.pool.query<OutboundRow>("select * from mail_outbound order by queued_at, id")).rows;
const countOf = async (state: string) => (await rows()).filter((row) => row.state === state).length;
/** All that is due is claimed, and no more than the connections are in use. */
async function claimedAhead(): Promise<void> {
  await expect.poll(async () => [await countOf("waiting"), await countOf("delivered")]).toEqual([0, QUICK]);
  expect(await countOf("sending")).toBe(QUICK);
  expect(far.transmissions.length).toBe(QUICK + PER_LANE);
}

it("is given back when the server stops: due as it was, and no attempt counted", async () => {
  await sendForty("wait");
  const queue = start();
  await claimedAhead();
  await queue.stop();
  const [inFlight, rest] = [(await rows()).slice(QUICK, QUICK + PER_LANE), (await rows()).slice(QUICK + PER_LANE)];
  for (const row of inFlight) expect(row).toMatchObject({ state: "waiting", attempts: 1, reply: "stopped" });
  for (const row of rest)
    expect(row).toMatchObject({
      state: "waiting",
      attempts: 0,
      attempt_started_at: null,
      lease_until: null,
      reply: null,
    });
  far.answer = () => DELIVERED;
  start();
  await expect.poll(() => countOf("delivered")).toBe(2 * QUICK - PER_LANE);
  expect(new Set(far.delivered).size).toBe(far.delivered.length);
});

it("is given back when the far server has become slow: people can hold it again after a second", async () => {
  await sendForty("wait");
  const queue = start();
  await claimedAhead();
  const hold = () =>
    test.db
      .transaction()
      .execute((trx) => actOnOutbound(trx, "hold", { where: sql<boolean>`true`, now: new Date(now).toISOString() }));
  expect(await hold()).toEqual([]);
  now += 1_001;
  queue.wake();
  await expect.poll(() => countOf("waiting")).toBe(QUICK - PER_LANE);
  queue.wake();
  expect(await hold()).toHaveLength(QUICK - PER_LANE);
  far.answer = () => DELIVERED;
  far.release();
  await expect.poll(() => countOf("delivered")).toBe(QUICK + PER_LANE);
});

it("gets the answer of a lane on which nobody is there any more, without being asked for", async () => {
  await sendForty({ kind: "connection", words: "ECONNREFUSED", unreachable: true });
  start();
  await expect.poll(() => countOf("waiting")).toBe(QUICK);
  for (const row of (await rows()).slice(QUICK)) expect(row).toMatchObject({ attempts: 1, reply: "ECONNREFUSED" });
  expect(far.transmissions.length).toBeLessThanOrEqual(QUICK + PER_LANE);
});

it("is not begun by a node that could not renew its lease, and leaves once by another", async () => {
  await sendForty("wait");
  start();
  await claimedAhead();
  now += 31_000; // half of the lease is over, and time passes for leases only when it is renewed
  far.answer = () => DELIVERED;
  far.release();
  await expect.poll(() => countOf("delivered")).toBe(QUICK + PER_LANE);
  expect(far.transmissions.length).toBe(QUICK + PER_LANE);
  now += 30_000;
  const other = start();
  await expect.poll(() => countOf("sending")).toBe(0);
  now += 120_000;
  other.wake();
  await expect.poll(() => countOf("delivered")).toBe(2 * QUICK);
  expect(new Set(far.delivered).size).toBe(far.delivered.length);
});

it("keeps to the limit of a lane on all nodes together, and nothing leaves twice", async () => {
  let [open, most] = [0, 0];
  const transport: Transport = {
    close: () => undefined,
    async transmit(transmission) {
      open += 1;
      most = Math.max(most, open);
      await new Promise((resolve) => setImmediate(resolve));
      open -= 1;
      return far.transmit(transmission);
    },
  };
  await sendForty(DELIVERED);
  await sendForty(DELIVERED);
  for (let node = 0; node < 3; node++) start({ transport });
  await expect.poll(() => countOf("delivered")).toBe(4 * QUICK);
  expect(most).toBeLessThanOrEqual(PER_LANE);
  expect(far.transmissions.length).toBe(4 * QUICK);
});

it("a message to many domains is read once and signed once", async () => {
  const domains = Array.from({ length: 10 }, (_, n) => `d${n}.example`);
  await dispatch(test.db, blobs, { sender: anna, to: domains.map((domain) => `x@${domain}`), at: now });
  let [reads, signs] = [0, 0];
  start({
    relayed: false,
    routeOf: async ({ domain }) => ({ kind: "mx", domain }),
    blobs: { ...blobs, get: (sha256, range) => (reads++, blobs.get(sha256, range)) },
    signingKeys: async () => (signs++, []),
  });
  await expect.poll(() => countOf("delivered")).toBe(domains.length);
  expect([reads, signs, far.transmissions.length]).toEqual([1, 1, domains.length]);
});
