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

/** The server that starts again, with time that only the test moves: a lease ends, and then the minute until the next attempt. */
async function finish(message: SentMessage): Promise<void> {
  let now = Date.now();
  const queue = createOutboundQueue({
    db: house.test.db,
    clock: { now: () => now },
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
