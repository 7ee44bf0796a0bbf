import { afterAll, beforeAll, expect, it } from "vitest";
import { newId } from "@kontor/shared/base";
import { createMetrics } from "#kernel";
import { silentLog } from "#testing";
import { createSmtpTransport } from "../../src/adapters/smtp/index.ts";
import { zoneDns } from "../../src/mail/domains/zone.fixture.ts";
import { dispatch, outboundOf, type SentMessage } from "../../src/mail/outbound/outbound.fixture.ts";
import { createOutboundQueue } from "../../src/mail/outbound/queue.ts";
import { killRounds, openKillHouse, ROUND_MS, type KillHouse } from "./killHouse.ts";
import { startSink, type Sink } from "./sink.ts";

let house: KillHouse;
let sink: Sink;
beforeAll(async () => {
  house = await openKillHouse();
  sink = await startSink();
});
afterAll(async () => {
  await house?.stop();
  await sink?.stop();
});

/** The server that starts again, with time that only the test moves. */
const nextServer = (now: () => number) =>
  createOutboundQueue({
    db: house.test.db,
    clock: { now },
    log: silentLog,
    metrics: createMetrics(),
    blobs: house.blobs,
    relayed: false,
    transport: createSmtpTransport({
      dns: zoneDns({ "far.example": { A: ["127.0.0.1"] } }),
      name: "mail.ours.example",
      allowPrivate: true,
      mxPort: sink.port,
    }),
    routeOf: async ({ domain }) => ({ kind: "mx", domain }),
    signingKeys: async () => [],
    noticed: () => undefined,
    changed: () => undefined,
    ownName: "mail.ours.example",
    timeZone: "UTC",
  });

/** A lease ends, and then the minute until the next attempt. */
async function finish(message: SentMessage): Promise<void> {
  let now = Date.now();
  const queue = nextServer(() => now);
  queue.start();
  const look = async () => {
    now += 70_000;
    queue.wake();
    return (await outboundOf(house.test.db, message)).map(({ state }) => state);
  };
  try {
    await expect.poll(look, { timeout: ROUND_MS, interval: 50 }).toEqual(["delivered"]);
  } finally {
    await queue.stop();
  }
}

/** The far server had it, and nobody here knew. */
const twice = new Set(["sink.dot", "sink.answered", "transmit.after", "record.middle"]);
const inTalk = ["sink.greeting", "sink.mail", "sink.rcpt", "sink.body", "sink.dot", "sink.answered"];

/** Connections to one domain, as the queue has them where nothing else is said. */
const PER_LANE = 5;

/** Killed in the middle of the body, more of it is left than the buffers of both ends hold: the system sends those on for the dead. */
const linesFor = (step: string): number => (step === "sink.body" ? 3_000_000 : 20_000);

function scriptFor(step: string): void {
  const die = (name: string) => () => {
    if (name === step) house.kill();
    return undefined;
  };
  sink.script.greeting = die("sink.greeting");
  sink.script.mail = die("sink.mail");
  sink.script.rcpt = die("sink.rcpt");
  sink.script.onBody = die("sink.body");
  sink.script.data = async () => {
    if (step === "sink.answered") setImmediate(house.kill);
    if (step !== "sink.dot") return undefined;
    house.kill();
    await house.ended();
    return "cut";
  };
}

it.each([
  "claim.middle",
  "claim.after",
  "get.before",
  "get.after",
  "transmit.before",
  ...inTalk,
  "transmit.after",
  "record.middle",
  "record.after",
])(
  "killed at %s: a message leaves, and twice only where the answer was lost",
  { timeout: ROUND_MS * killRounds },
  async (step) => {
    for (let round = 0; round < killRounds; round++) {
      scriptFor(step);
      const { anna, test, blobs } = house;
      const message = await dispatch(test.db, blobs, {
        sender: anna,
        to: [`${newId()}@far.example`],
        at: Date.now(),
        raw: `Subject: ${step}\r\nMessage-ID: <${newId()}>\r\n\r\n${"Hello\r\n".repeat(linesFor(step))}`,
      });
      if (step.endsWith(".middle")) await house.killAtGate(step, () => house.start("sender", "", sink.port));
      else {
        await house.start("sender", step, sink.port);
        await house.ended();
      }
      scriptFor("");
      await finish(message);
      const copies = sink.messages.filter(({ session }) => session.envelope.dsn?.envid === message.envelopeId).length;
      const most = twice.has(step) ? 2 : 1;
      expect([step, round, copies, copies >= 1 && copies <= most]).toEqual([step, round, copies, true]);
    }
  },
);

const send = () =>
  dispatch(house.test.db, house.blobs, { sender: house.anna, to: [`${newId()}@far.example`], at: Date.now() });
const countOf = async (state: string) =>
  Number((await house.test.pool.query("select count(*) from mail_outbound where state = $1", [state])).rows[0]?.count);

it(
  "killed with many claimed ahead: what had not begun leaves once, and twice only what the far server had by then",
  { timeout: ROUND_MS * killRounds },
  async () => {
    for (let round = 0; round < killRounds; round++) {
      scriptFor("");
      const messages: SentMessage[] = [];
      while (messages.length < 100) messages.push(await send());
      const before = sink.messages.length;
      // Quick at first, so that it is trusted with more; then it takes everything and answers nothing.
      sink.script.data = async () => {
        if (sink.messages.length - before < 30) return undefined;
        await house.ended();
        return "cut";
      };
      await house.start("sender", "", sink.port);
      await expect.poll(() => countOf("sending"), { timeout: ROUND_MS, interval: 5 }).toBeGreaterThan(2 * PER_LANE);
      house.kill();
      await house.ended();
      scriptFor("");
      const envelopes = new Set(messages.map(({ envelopeId }) => envelopeId));
      const taken = () =>
        sink.messages.flatMap(({ session }) => session.envelope.dsn?.envid ?? []).filter((id) => envelopes.has(id));
      await expect.poll(() => sink.open(), { timeout: ROUND_MS }).toBe(0);
      const known = new Set(taken());

      let now = Date.now() + 70_000; // after the leases of the dead one
      const queue = nextServer(() => now);
      queue.start();
      try {
        // Time passes when nothing is under way, and as much as it takes until something is due.
        const look = async () => {
          const { rows } = await house.test.pool.query<{ state: string; next_at: string }>(
            "select distinct state, next_at from mail_outbound where state <> 'delivered' order by next_at",
          );
          const [next] = rows;
          if (next && rows.every(({ state }) => state === "waiting") && Date.parse(next.next_at) > now) {
            now = Date.parse(next.next_at);
            queue.wake();
          }
          return rows;
        };
        await expect.poll(look, { timeout: ROUND_MS, interval: 20 }).toEqual([]);
      } finally {
        await queue.stop();
      }
      const copies = new Map<string, number>();
      for (const id of taken()) copies.set(id, (copies.get(id) ?? 0) + 1);
      expect([round, copies.size]).toEqual([round, messages.length]);
      expect(Math.max(...copies.values())).toBeLessThanOrEqual(2);
      const twice = [...copies].filter(([, count]) => count > 1).map(([id]) => id);
      expect(twice.filter((id) => !known.has(id))).toEqual([]);
    }
  },
);
