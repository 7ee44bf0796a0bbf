import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createMetrics } from "#kernel";
import { createTestDatabase, silentLog, type TestDatabase } from "#testing";
import { parseMessage } from "../mime/parseMessage.ts";
import {
  addSender,
  DELIVERED,
  dispatch,
  memoryBlobs,
  outboundOf,
  scriptedTransport,
  type ScriptedTransport,
  type Sender,
  type SentMessage,
} from "./outbound.fixture.ts";
import { actOnOutbound } from "./outbound.repo.ts";
import { createOutboundQueue, type OutboundDeps, type OutboundLimits, type OutboundQueue } from "./queue.ts";
import { GIVE_UP_AFTER_MS, TELL_AFTER_MS } from "./retrySchedule.ts";
import { sql } from "kysely";

const MINUTE_MS = 60_000;
let test: TestDatabase;
let anna: Sender;
let boris: Sender;
beforeAll(async () => {
  test = await createTestDatabase();
  anna = await addSender(test.db, "anna");
  boris = await addSender(test.db, "boris", "ru");
});
afterAll(() => test.drop());

let now: number;
let blobs: ReturnType<typeof memoryBlobs>;
let far: ScriptedTransport;
let queues: OutboundQueue[];
let noticed: number;
beforeEach(async () => {
  await test.pool.query("delete from mail_outbound; delete from mail_inbound; delete from change_log");
  now = Date.parse("2026-11-28T10:00:00Z");
  blobs = memoryBlobs();
  far = scriptedTransport();
  queues = [];
  noticed = 0;
});
afterEach(async () => {
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
    routeOf: async ({ domain }) => ({ kind: "mx", domain }),
    relayed: false,
    signingKeys: async () => [],
    noticed: () => void noticed++,
    changed: () => undefined,
    ownName: "mail.ours.example",
    timeZone: "Europe/Berlin",
    ...more,
    limits: { everyMs: 3_600_000, stopMs: 100, ...more.limits },
  });
  queues.push(queue);
  queue.start();
  return queue;
}

const send = (to: readonly string[], more: { sender?: Sender; from?: string; subject?: string } = {}) =>
  dispatch(test.db, blobs, { sender: anna, to, at: now, ...more });
const states = async (message: SentMessage) =>
  (await outboundOf(test.db, message)).map(({ recipient, state }) => `${recipient} ${state}`);
/** How many attempts a message had when it was looked at last: one that begins with the queue is over before anybody could look. */
const attemptsOf = new WeakMap<SentMessage, readonly number[]>();
async function settled(message: SentMessage, before: readonly number[] = []): Promise<void> {
  await expect
    .poll(async () => {
      const rows = await outboundOf(test.db, message);
      attemptsOf.set(
        message,
        rows.map(({ attempts }) => attempts),
      );
      return rows.every(
        ({ attempts, state }, at) => state !== "sending" && (attempts > (before[at] ?? 0) || state === "held"),
      );
    })
    .toBe(true);
}
/** One attempt for everything that is due, and its end. */
async function attempt(queue: OutboundQueue, message: SentMessage): Promise<void> {
  queue.wake();
  await settled(message, attemptsOf.get(message));
}
const inbound = async () =>
  (
    await test.pool.query<{ raw_sha256: string; recipients: string[]; mailbox_id: string; envelope_from: string }>(
      "select * from mail_inbound order by received_at, id",
    )
  ).rows;
async function notices() {
  return (await inbound()).map((row) => {
    const raw = blobs.bodies.get(row.raw_sha256) ?? Buffer.alloc(0);
    const parsed = parseMessage(raw);
    if (parsed.kind !== "parsed") throw new Error("a notice cannot be read");
    return { ...row, raw: raw.toString("latin1"), message: parsed.message };
  });
}

describe("sending", () => {
  it("gives recipients of one domain to one transaction, and each domain to its own", async () => {
    const message = await send(["x@a.example", "y@a.example", "z@b.example"]);
    start();
    await settled(message);
    expect(await states(message)).toEqual(["x@a.example delivered", "y@a.example delivered", "z@b.example delivered"]);
    expect(far.transmissions.map(({ envelope }) => envelope.recipients.toSorted()).toSorted()).toEqual([
      ["x@a.example", "y@a.example"],
      ["z@b.example"],
    ]);
    expect(far.transmissions[0]?.envelope).toMatchObject({ from: "anna@ours.example", envelopeId: message.envelopeId });
    const [row] = await outboundOf(test.db, message);
    expect(row).toMatchObject({ attempts: 1, reply: "250 2.0.0 Taken", lease_until: null });
    expect(row?.finished_at).toBe(new Date(now).toISOString());
  });

  it("gives all of them to one transaction where a relay takes everything", async () => {
    const message = await send(["x@a.example", "z@b.example"]);
    start({ relayed: true, routeOf: async () => ({ kind: "relay", host: "relay", port: 25, security: "none" }) });
    await settled(message);
    expect(far.transmissions.map(({ envelope }) => envelope.recipients)).toEqual([["x@a.example", "z@b.example"]]);
  });

  it("sends a hundred recipients at most in one transaction", async () => {
    const message = await send(Array.from({ length: 250 }, (_, at) => `u${at}@a.example`));
    start();
    await settled(message);
    expect(far.transmissions.map(({ envelope }) => envelope.recipients.length)).toEqual([100, 100, 50]);
  });

  it("tells the sender's copy of each change", async () => {
    const message = await send(["x@a.example"]);
    await test.pool.query("delete from change_log");
    start();
    await settled(message);
    const { rows } = await test.pool.query("select collection, row_id from change_log");
    expect(rows).toEqual([{ collection: "messages", row_id: message.id }]);
  });

  it("is done by several nodes together, and nothing twice", async () => {
    const messages = await Promise.all(Array.from({ length: 40 }, (_, at) => send([`x@d${at % 7}.example`])));
    for (let node = 0; node < 4; node++) start({ limits: { atOnce: 3, perLane: 2 } });
    for (const message of messages) await settled(message);
    expect(far.transmissions.length).toBe(40);
    for (const message of messages) expect(await states(message)).toEqual([expect.stringMatching(/ delivered$/)]);
  });

  it("keeps to its limits on all nodes together: a domain that is slow holds up no other", async () => {
    far.answer = (recipient) => (recipient.endsWith("slow.example") ? "wait" : DELIVERED);
    const slow = await Promise.all(Array.from({ length: 30 }, (_, at) => send([`u${at}@slow.example`])));
    now += 1;
    const quick = await Promise.all(Array.from({ length: 5 }, (_, at) => send([`u${at}@quick.example`])));
    for (let node = 0; node < 2; node++) start({ limits: { atOnce: 10, perLane: 3 } });
    for (const message of quick) await settled(message);
    expect(far.transmissions.filter(({ envelope }) => envelope.recipients[0]?.endsWith("slow.example")).length).toBe(3);
    far.answer = () => DELIVERED;
    far.release();
    for (const message of slow)
      await expect.poll(() => states(message)).toEqual([expect.stringMatching(/ delivered$/)]);
  });

  it("keeps to a number of recipients a minute, and goes on in the next", async () => {
    await send(["a@x.example", "b@x.example", "c@x.example"]);
    const queue = start({ limits: { perMinute: 2 } });
    await expect.poll(() => far.delivered.length).toBe(2);
    now += MINUTE_MS - 1;
    await queue.stop(); // after the turn that it is in
    const next = start({ limits: { perMinute: 2 } });
    await next.stop();
    expect(far.delivered.length).toBe(2);
    now += 2;
    start({ limits: { perMinute: 2 } });
    await expect.poll(() => far.delivered.length).toBe(3);
  });
});

describe("what is not taken at once", () => {
  it("greylisting: comes back after a minute, and then after five", async () => {
    const message = await send(["x@a.example"]);
    far.answer = () => ({ kind: "temporary", code: 450, enhancedCode: "4.7.1", words: "Greylisted" });
    const queue = start();
    await attempt(queue, message);
    const [first] = await outboundOf(test.db, message);
    expect(first).toMatchObject({ state: "waiting", reply: "450 4.7.1 Greylisted" });
    expect((Date.parse(first?.next_at ?? "") - now) / MINUTE_MS).toBeCloseTo(1, 0);
    queue.wake();
    now += 1.2 * MINUTE_MS;
    far.answer = () => DELIVERED;
    await attempt(queue, message);
    expect(await states(message)).toEqual(["x@a.example delivered"]);
    expect(await inbound()).toEqual([]);
  });

  it("tells the sender once after four hours, and gives up after five days, in their language", async () => {
    const message = await send(["x@a.example"], { sender: boris, subject: "Договор" });
    const queued = now;
    far.answer = () => ({ kind: "temporary", code: 451, words: "Busy" });
    const queue = start();
    const told: number[] = [];
    for (;;) {
      await attempt(queue, message);
      const [row] = await outboundOf(test.db, message);
      if ((await inbound()).length > told.length) told.push(now - queued);
      if (row?.state === "failed") break;
      expect(row?.state).toBe(now - queued >= TELL_AFTER_MS ? "delayed" : "waiting");
      now = Date.parse(row?.next_at ?? "");
    }
    expect(told).toEqual([TELL_AFTER_MS, GIVE_UP_AFTER_MS]);
    const [delayed, failed] = await notices();
    expect(delayed?.message.subject).toBe("Пока не доставлено: Договор");
    expect(delayed?.message.text).toContain("Попытки продолжатся до 3 декабря 2026 г. в 11:00");
    expect(failed?.message.subject).toBe("Не доставлено: Договор");
    expect(failed?.message.text).toContain("Сервер не принимал письмо в течение пяти дней.");
    expect(failed?.raw).toMatch(/^Action: failed\r$/m);
    expect(failed?.raw).toMatch(/^Status: 5\.4\.7\r$/m);
    expect(noticed).toBe(2);
  });

  it("tells the sender of a refusal, in the thread of the message, and never tries again", async () => {
    const message = await send(["gone@a.example", "there@a.example"]);
    far.answer = (recipient) =>
      recipient.startsWith("gone")
        ? { kind: "permanent", code: 550, enhancedCode: "5.1.1", words: "Кто? <x@y>" }
        : DELIVERED;
    const queue = start();
    await attempt(queue, message);
    expect(await states(message)).toEqual(["gone@a.example failed", "there@a.example delivered"]);
    now += 2 * GIVE_UP_AFTER_MS;
    queue.wake();
    await queue.stop();
    expect(far.transmissions.length).toBe(1);

    const [notice, ...others] = await notices();
    expect(others).toEqual([]);
    expect(notice).toMatchObject({ recipients: ["anna@ours.example"], mailbox_id: anna.mailboxId, envelope_from: "" });
    expect(notice?.message).toMatchObject({
      subject: "Not delivered: Hello",
      people: {
        from: [{ address: "mailer-daemon@mail.ours.example", name: "Mail delivery" }],
        to: [{ address: anna.address }],
      },
      inReplyTo: [message.messageId],
      refs: [message.messageId],
      extras: { autoSubmitted: true },
    });
    expect(notice?.message.text).toContain("gone@a.example");
    expect(notice?.message.text).toContain("There is no such mailbox. Check the address.");
    expect(notice?.message.text).toContain("The far server said: 550 5.1.1 Кто? <x@y>");
    expect(notice?.message.text).not.toContain("there@a.example\r\n  There");
    expect(notice?.raw).toContain(`Original-Envelope-Id: ${message.envelopeId}\r\n`);
    expect(notice?.raw).toContain("Final-Recipient: rfc822; gone@a.example\r\n");
    expect(notice?.raw).toContain("Diagnostic-Code: smtp; 550 5.1.1 ?? <x@y>\r\n");
    expect(notice?.raw).toContain(`Message-ID: <${message.messageId}>`);
  });

  it("tells nobody where there is no sender (RFC 5321 §4.5.5)", async () => {
    const message = await send(["gone@a.example"], { from: "" });
    far.answer = () => ({ kind: "permanent", code: 550, words: "No" });
    await attempt(start(), message);
    expect(await states(message)).toEqual(["gone@a.example failed"]);
    expect(await inbound()).toEqual([]);
  });

  it("asks a server that is not there once for everything that is due for it", async () => {
    const dead = await Promise.all(Array.from({ length: 30 }, (_, at) => send([`u${at}@dead.example`])));
    const alive = await send(["x@alive.example"]);
    far.answer = (recipient) =>
      recipient.endsWith("dead.example") ? { kind: "connection", words: "ECONNREFUSED", unreachable: true } : DELIVERED;
    start({ limits: { perLane: 2 } });
    for (const message of [...dead, alive])
      await expect.poll(async () => (await outboundOf(test.db, message))[0]?.attempts).toBe(1);
    for (const message of dead) {
      await settled(message);
      const [row] = await outboundOf(test.db, message);
      expect(row).toMatchObject({ state: "waiting", reply: "ECONNREFUSED" });
      expect(Date.parse(row?.next_at ?? "")).toBeGreaterThan(now);
    }
    expect(far.transmissions.length).toBeLessThanOrEqual(3);
    expect(await states(alive)).toEqual(["x@alive.example delivered"]);
  });

  it("waits where there is no way out, and says so", async () => {
    const message = await send(["x@a.example"]);
    await attempt(start({ routeOf: async () => ({ kind: "none", words: "No way out is configured." }) }), message);
    expect(await outboundOf(test.db, message)).toMatchObject([
      { state: "waiting", reply: "No way out is configured." },
    ]);
    expect(far.transmissions).toEqual([]);
  });

  it("tries again what it could not read itself", async () => {
    const message = await send(["x@a.example"]);
    const queue = start({
      routeOf: async () => {
        throw new Error("the account cannot be read");
      },
    });
    await attempt(queue, message);
    expect(await outboundOf(test.db, message)).toMatchObject([{ state: "waiting", attempts: 1 }]);
  });
});

describe("attempts that end without a word", () => {
  it("are made again when their node has gone, and by a living node's lease not before", async () => {
    const message = await send(["x@a.example"]);
    far.answer = () => "wait";
    start({ limits: { leaseMs: 60_000 } });
    await expect.poll(() => far.transmissions.length).toBe(1);
    const other = start({ limits: { leaseMs: 60_000 } });
    now += 30_000;
    other.wake();
    expect(await states(message)).toEqual(["x@a.example sending"]);
    now += 31_000; // nobody renewed it: the first node stands still
    far.answer = () => DELIVERED;
    other.wake();
    await expect.poll(() => states(message)).toEqual(["x@a.example waiting"]);
    expect((await outboundOf(test.db, message))[0]?.reply).toMatch(/may have been taken/);
    now += 2 * MINUTE_MS;
    other.wake();
    await expect.poll(() => states(message)).toEqual(["x@a.example delivered"]);
    // What the first node says afterwards changes nothing any more.
    far.release();
    expect(await states(message)).toEqual(["x@a.example delivered"]);
    expect(far.transmissions.length).toBe(2);
  });

  it("write their answer as soon as the database takes it again", async () => {
    const message = await send(["x@a.example"]);
    await test.pool.query(`
      create function refuse() returns trigger language plpgsql as $$ begin
        if new.state = 'delivered' then raise exception 'the disk is full'; end if; return new; end $$;
      create trigger refuse before update on mail_outbound for each row execute function refuse()`);
    try {
      start();
      await expect.poll(() => far.delivered).toEqual(["x@a.example"]);
    } finally {
      await test.pool.query("drop trigger refuse on mail_outbound; drop function refuse()");
    }
    await expect.poll(() => states(message), { timeout: 5_000 }).toEqual(["x@a.example delivered"]);
    expect(far.transmissions.length).toBe(1);
  });

  it("give their connection to the next message while their answer is being written", async () => {
    const [first, second] = [await send(["x@a.example"]), await send(["y@a.example"])];
    far.answer = () => "wait";
    start({ limits: { perLane: 1 } });
    await expect.poll(() => far.transmissions.length).toBe(1);
    const client = await test.pool.connect();
    try {
      await client.query("begin; select from mail_outbound where state = 'sending' for update");
      far.release();
      await expect.poll(() => far.transmissions.length).toBe(2);
      expect(await states(first)).toEqual(["x@a.example sending"]);
      await client.query("commit");
    } finally {
      client.release();
    }
    await settled(first);
    far.release();
    await settled(second);
    expect(far.delivered).toEqual(["x@a.example", "y@a.example"]);
  });

  it("are stopped with the server, and made again afterwards", async () => {
    const message = await send(["x@a.example"]);
    far.answer = () => "wait";
    const queue = start({ limits: { stopMs: 1 } });
    await expect.poll(() => far.transmissions.length).toBe(1);
    await queue.stop();
    expect(await outboundOf(test.db, message)).toMatchObject([{ state: "waiting", reply: "stopped" }]);
  });
});

describe("acts of people", () => {
  const act = (name: "retry" | "hold" | "cancel", message: SentMessage) =>
    test.db.transaction().execute((trx) =>
      actOnOutbound(trx, name, {
        where: sql<boolean>`envelope_id = ${message.envelopeId}`,
        now: new Date(now).toISOString(),
      }),
    );

  it("hold, let go and cancel what has not left", async () => {
    const message = await send(["x@a.example"]);
    expect(await act("hold", message)).toHaveLength(1);
    const queue = start();
    queue.wake();
    await queue.stop();
    expect([await states(message), far.transmissions.length]).toEqual([["x@a.example held"], 0]);
    expect(await act("retry", message)).toHaveLength(1);
    await attempt(start(), message);
    expect(await states(message)).toEqual(["x@a.example delivered"]);
    for (const name of ["retry", "hold", "cancel"] as const) expect(await act(name, message)).toEqual([]);

    const regretted = await send(["y@a.example"]);
    expect(await act("cancel", regretted)).toHaveLength(1);
    expect((await outboundOf(test.db, regretted))[0]).toMatchObject({
      state: "cancelled",
      finished_at: expect.any(String),
    });
    expect(await act("retry", regretted)).toEqual([]);
  });

  it("a retry comes at once, and one that is under way is left alone", async () => {
    const message = await send(["x@a.example"]);
    far.answer = () => ({ kind: "temporary", code: 450, words: "Later" });
    const queue = start();
    await attempt(queue, message);
    far.answer = () => "wait";
    await act("retry", message);
    queue.wake();
    await expect.poll(() => states(message)).toEqual(["x@a.example sending"]);
    for (const name of ["retry", "hold", "cancel"] as const) expect(await act(name, message)).toEqual([]);
    far.release();
    await settled(message);
    expect(await states(message)).toEqual(["x@a.example delivered"]);
  });
});

it("writes a message for people and for programs, whatever the address", async () => {
  const message = await send(["анна@пример.рф"]);
  far.answer = () => ({ kind: "permanent", code: 553, enhancedCode: "5.6.7", words: "ASCII only" });
  await attempt(start(), message);
  const [notice] = await notices();
  expect(notice?.raw).toContain(String.raw`Final-Recipient: utf-8; \x{430}\x{43d}\x{43d}\x{430}@\x{43f}`);
  expect(notice?.message.text).toContain("анна@пример.рф");
  for (const line of notice?.raw.split("\r\n") ?? []) expect(line.length).toBeLessThanOrEqual(998);
  // oxlint-disable-next-line no-control-regex -- all of ASCII
  expect(notice?.raw).toMatch(/^[\u0001-\u007f]*$/);
});
