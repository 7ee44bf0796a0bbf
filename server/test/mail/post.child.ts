/**
 * The part of a server that sends, or takes mail in, in a process of its own, to be killed at a chosen step. Its ports are real (SMTP,
 * the database, the disk); each is wrapped so that the process ends, as by a power cut, just before or after it is used.
 */
import { createInterface } from "node:readline";
import { newId } from "@kontor/shared/base";
import { createDatabase, createLog, createMetrics } from "#kernel";
import { createTypeRegistry } from "#objects";
import { createDiskBlobs } from "../../src/adapters/disk/index.ts";
import { createInboundCounters, createSmtpTransport, startListener } from "../../src/adapters/smtp/index.ts";
import { zoneDns } from "../../src/mail/domains/zone.fixture.ts";
import { createInboundDelivery, type DeliverDeps } from "../../src/mail/inbound/deliver.ts";
import { createIntake } from "../../src/mail/inbound/intake.ts";
import { createOwnNames } from "../../src/mail/inbound/ownNames.ts";
import { receiveMessage } from "../../src/mail/messages/receiveMessage.ts";
import { readMail } from "../../src/mail/mime/readMail.ts";
import { createOutboundQueue } from "../../src/mail/outbound/queue.ts";

const [databaseUrl = "", directory = ""] = process.argv.slice(2);
const orders = createInterface({ input: process.stdin });
const line = await new Promise<string>((resolve) => orders.once("line", resolve));
const [role, killAt, sinkPort] = JSON.parse(line) as [string, string, number];
// Whoever gave the order is gone: there is nobody left to kill it.
orders.once("close", () => process.exit());

/** The end of this process, where the step is the one. */
function step(name: string): void {
  if (name === killAt) process.kill(process.pid, "SIGKILL");
}
async function around<Result>(name: string, run: () => Promise<Result>): Promise<Result> {
  step(`${name}.before`);
  const result = await run();
  step(`${name}.after`);
  return result;
}

const log = createLog({ level: "silent" });
const { db } = createDatabase({ url: databaseUrl, poolSize: 5, log });
const disk = await createDiskBlobs({ root: directory });
const clock = { now: () => Date.now() };
const metrics = createMetrics();
const blobs: typeof disk = {
  ...disk,
  put: (body, expected) => around("put", () => disk.put(body, expected)),
  get: (sha256, range) => around(range ? "judge" : "get", () => disk.get(sha256, range)),
};

if (role === "sender") {
  const transport = createSmtpTransport({
    dns: zoneDns({ "far.example": { A: ["127.0.0.1"] } }),
    name: "mail.ours.example",
    allowPrivate: true,
    mxPort: sinkPort,
  });
  const queue = createOutboundQueue({
    db,
    clock,
    log,
    metrics,
    blobs,
    relayed: false,
    transport: {
      transmit: (transmission) => around("transmit", () => transport.transmit(transmission)),
      close: () => transport.close(),
    },
    routeOf: async ({ domain }) => (step("claim.after"), { kind: "mx", domain }),
    signingKeys: async () => [],
    noticed: () => undefined,
    changed: () => step("record.after"),
    ownName: "mail.ours.example",
    timeZone: "UTC",
  });
  queue.start();
} else {
  const delivering: DeliverDeps = {
    db,
    clock,
    log,
    metrics,
    blobs,
    read: async (raw) => readMail(raw),
    receive: (trx, arrival) =>
      around("receive", () =>
        receiveMessage(trx, { types: createTypeRegistry([]), forward: async () => undefined }, arrival),
      ),
    keepFiles: async () => undefined,
    ownNames: () => around("names", createOwnNames(db, clock)),
    administrators: async () => [],
    changed: () => step("deliver.after"),
  };
  const delivery = createInboundDelivery(delivering);
  const intake = createIntake({
    db,
    clock,
    blobs,
    dns: zoneDns({}),
    ownName: "mail.ours.example",
    refusesForged: false,
    taken() {
      step("insert.after");
      delivery.wake();
    },
  });
  const listener = await startListener({
    protocol: "smtp",
    listen: { host: "127.0.0.1", port: 0 },
    name: `mail-${newId().slice(-6)}.ours.example`,
    intake: {
      accepts: (recipient) => around("rcpt", () => intake.accepts(recipient)),
      take: (message, body) => around("take", () => intake.take(message, cut(body))),
    },
    log,
    counters: createInboundCounters(metrics),
  });
  delivery.start();
  const { address } = listener;
  process.stdout.write(`${typeof address === "string" ? address : address.port}\n`);
}

/** In the middle of the body. */
async function* cut(body: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  for await (const chunk of body) {
    yield chunk;
    step("body");
  }
}
if (role === "sender") process.stdout.write("ready\n");
