import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, it } from "vitest";
import { newId, systemClock } from "@kontor/shared/base";
import { createMetrics } from "#kernel";
import { createTypeRegistry } from "#objects";
import { silentLog } from "#testing";
import { createInboundCounters, startListener, type MailListener } from "../../src/adapters/smtp/index.ts";
import { zoneDns } from "../../src/mail/domains/zone.fixture.ts";
import { createInboundDelivery } from "../../src/mail/inbound/deliver.ts";
import { createIntake } from "../../src/mail/inbound/intake.ts";
import { createOwnNames } from "../../src/mail/inbound/ownNames.ts";
import { receiveMessage } from "../../src/mail/messages/receiveMessage.ts";
import { readMail } from "../../src/mail/mime/readMail.ts";
import { killRounds, openKillHouse, ROUND_MS, type KillHouse } from "./killHouse.ts";
import { talkTo } from "./talk.ts";

let house: KillHouse;
let listener: MailListener;
/** The server that starts again. */
let again: AddressInfo;
beforeAll(async () => {
  house = await openKillHouse();
  listener = await startListener({
    protocol: "smtp",
    listen: { host: "127.0.0.1", port: 0 },
    name: "mail.ours.example",
    log: silentLog,
    counters: createInboundCounters(createMetrics()),
    intake: createIntake({
      db: house.test.db,
      clock: systemClock,
      blobs: house.blobs,
      dns: zoneDns({}),
      ownName: "mail.ours.example",
      refusesForged: false,
      taken: () => undefined,
    }),
  });
  again = listener.address as AddressInfo;
});
afterAll(async () => {
  await listener?.stop();
  await house?.stop();
});

/** Somebody else's server, which keeps a message until it is taken. */
async function bring(port: string, id: string): Promise<boolean> {
  const talk = await talkTo({ port: Number(port) }).catch(() => undefined);
  if (!talk) return false;
  const raw = `From: x@far.example\r\nSubject: ${id}\r\nMessage-ID: <${id}@far.example>\r\n\r\n${"Hello\r\n".repeat(20_000)}`;
  const answer = await talk.send({ to: ["anna@ours.example"], raw });
  talk.end();
  return answer.startsWith("250");
}
/** The server that starts again delivers what it took. */
async function deliverRest(id: string): Promise<void> {
  const clock = { now: () => Date.now() + 3_600_000 }; // whoever had it is gone for long
  const delivery = createInboundDelivery({
    db: house.test.db,
    clock,
    log: silentLog,
    metrics: createMetrics(),
    blobs: house.blobs,
    read: async (raw) => readMail(raw),
    receive: (trx, arrival) =>
      receiveMessage(trx, { types: createTypeRegistry([]), forward: async () => undefined }, arrival),
    keepFiles: async () => undefined,
    ownNames: createOwnNames(house.test.db, clock),
    administrators: async () => [],
    changed: () => undefined,
  });
  delivery.start();
  try {
    // The database notices only now that whoever held the message is gone.
    const look = () => (delivery.wake(), copies(id));
    await expect.poll(look, { timeout: ROUND_MS, interval: 50 }).toBe(1);
  } finally {
    await delivery.stop();
  }
}
const copies = async (id: string) =>
  (
    await house.test.pool.query<{ count: number }>(
      "select count(*)::int as count from mail_message join mail_content c on c.id = content_id where c.subject = $1 and send_state is null",
      [id],
    )
  ).rows[0]?.count;

it.each([
  "rcpt.before",
  "rcpt.after",
  "take.before",
  "body",
  "put.before",
  "put.after",
  "judge.before",
  "judge.after",
  "insert.middle",
  "insert.after",
  "take.after",
  "answered",
  "take.middle",
  "get.before",
  "get.after",
  "names.before",
  "names.after",
  "receive.before",
  "content.middle",
  "place.middle",
  "receive.after",
  "finish.middle",
  "deliver.after",
])(
  "killed at %s: what was acknowledged lies in the mailbox, once",
  { timeout: ROUND_MS * killRounds },
  async (step) => {
    for (let round = 0; round < killRounds; round++) {
      const id = newId();
      let isTaken = false;
      if (step.endsWith(".middle"))
        await house.killAtGate(step, async () => {
          isTaken = await bring(await house.start("receiver", ""), id);
        });
      else {
        isTaken = await bring(await house.start("receiver", step), id);
        if (step === "answered") house.kill();
        await house.ended();
      }
      house.kill();
      await house.ended();
      if (!isTaken) isTaken = await bring(String(again.port), id);
      await deliverRest(id);
      expect([step, round, isTaken, await copies(id)]).toEqual([step, round, true, 1]);
    }
  },
);
