import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { newId } from "@kontor/shared/base";
import { createMetrics } from "#kernel";
import { createTestDatabase, silentLog, type TestDatabase } from "#testing";
import { types } from "../mail.fixture.ts";
import { receiveMessage } from "../messages/receiveMessage.ts";
import { createMessageReader } from "../mime/messageReader.ts";
import { readMail } from "../mime/readMail.ts";
import {
  addSender,
  dispatch,
  memoryBlobs,
  outboundOf,
  type Sender,
  type SentMessage,
} from "../outbound/outbound.fixture.ts";
import { createInboundDelivery, deliverInbound, type DeliverDeps } from "./deliver.ts";
import { insertInbound, type InboundRow } from "./inbound.repo.ts";
import { createOwnNames } from "./ownNames.ts";
import type { Verdict } from "./verdict.ts";

const MINUTE_MS = 60_000;
let test: TestDatabase;
let anna: Sender;
let boris: Sender;
let now: number;
let blobs: ReturnType<typeof memoryBlobs>;
let deps: DeliverDeps;
beforeAll(async () => {
  test = await createTestDatabase();
  anna = await addSender(test.db, "anna");
  boris = await addSender(test.db, "boris");
  await test.pool.query(`
    insert into mail_address (address, mailbox_id) values ('sales@ours.example', '${anna.mailboxId}');
    insert into mail_group (id, name, address) values ('00000000-0000-7000-8000-000000000001', 'All', 'all@ours.example');
    insert into mail_address (address, group_id) values ('all@ours.example', '00000000-0000-7000-8000-000000000001');
    insert into mail_group_member (group_id, mailbox_id)
      select '00000000-0000-7000-8000-000000000001', id from mailbox`);
});
afterAll(() => test.drop());
beforeEach(async () => {
  await test.pool.query(
    "delete from mail_outbound; delete from mail_message; delete from mail_inbound; delete from mail_thread",
  );
  now = Date.parse("2026-11-28T10:00:00Z");
  blobs = memoryBlobs();
  const clock = { now: () => now };
  deps = {
    db: test.db,
    clock,
    log: silentLog,
    metrics: createMetrics(),
    blobs,
    read: async (raw) => readMail(raw),
    receive: (trx, arrival) => receiveMessage(trx, { types, forward: async () => undefined }, arrival),
    keepFiles: async () => undefined,
    ownNames: createOwnNames(test.db, clock),
    administrators: async () => [boris.userId],
    changed: () => undefined,
  };
});

const judged: Verdict = {
  ip: "203.0.113.5",
  helo: "mx.far.example",
  protocol: "ESMTPS",
  spf: "pass",
  dkim: "pass",
  dmarc: "pass",
  policy: "reject",
  signedBy: ["far.example"],
  hops: 1,
};
const RAW =
  "From: X <x@far.example>\r\nTo: anna@ours.example\r\nSubject: Hello\r\nMessage-ID: <1@far.example>\r\n\r\nHello\r\n";

interface Incoming {
  readonly to?: readonly string[];
  readonly raw?: string;
  readonly from?: string;
  readonly verdict?: Verdict;
  readonly mailboxId?: string;
}
/** As the intake leaves it. */
async function come({
  to = ["anna@ours.example"],
  raw = RAW,
  from = "x@far.example",
  verdict = judged,
  mailboxId,
}: Incoming = {}) {
  const id = newId();
  const receivedAt = new Date(now).toISOString();
  const stored = await blobs.put(
    Readable.from([Buffer.from(`Received: from x by y id ${id}; ${receivedAt}\r\n${raw}`)]),
  );
  await test.db.transaction().execute((trx) =>
    insertInbound(trx, {
      id,
      raw: stored,
      bodySha256: createHash("sha256").update(raw).digest("hex"),
      envelopeFrom: from,
      recipients: to,
      verdict,
      receivedAt,
      ...(mailboxId !== undefined && { mailboxId }),
    }),
  );
  return id;
}
const row = async (id: string) =>
  (await test.pool.query<InboundRow>("select * from mail_inbound where id = $1", [id])).rows[0];
async function work(more: Partial<DeliverDeps> = {}) {
  const delivery = createInboundDelivery({ ...deps, metrics: createMetrics(), ...more });
  delivery.start();
  await delivery.stop(); // after the turn that it is in
}
async function deliver(incoming: Incoming = {}) {
  const id = await come(incoming);
  await work();
  return (await row(id)) as InboundRow;
}
const lying = async () =>
  (
    await test.pool.query<{ name: string; role: string; subject: string; authenticity: object; thread_id: string }>(`
      select mailbox.name, mail_folder.role, subject, authenticity, thread_id, has_remote
      from mail_message join mailbox on mailbox.id = mailbox_id join mail_folder on mail_folder.id = folder_id
      join mail_content on mail_content.id = content_id where send_state is null order by mailbox.name, mail_message.id`)
  ).rows;
const where = async () => (await lying()).map(({ name, role }) => `${name} ${role}`);

describe("a message that came in", () => {
  it("lies in the inbox of each recipient once, whichever ways it came, with what is known of its sender", async () => {
    const { state } = await deliver({
      to: ["all@ours.example", "anna@ours.example", "sales@ours.example", "boris+x@ours.example"],
    });
    expect([state, await where()]).toEqual(["delivered", ["anna inbox", "boris inbox"]]);
    expect((await lying())[0]).toMatchObject({
      subject: "Hello",
      authenticity: { internal: false, spf: "pass", dkim: "pass", dmarc: "pass", warnings: [] },
    });
    const { rows: contents } = await test.pool.query(
      "select 1 from mail_content where subject = 'Hello' and raw_sha256 = $1",
      [[...blobs.bodies.keys()][0]],
    );
    expect(contents.length).toBe(1);
  });

  it("goes to junk where its domain asks for that, and stays in the inbox where it only watches", async () => {
    const forged = { ...judged, spf: "fail", dkim: "none", dmarc: "fail" } as const;
    expect(await deliver({ verdict: { ...forged, policy: "quarantine" } })).toMatchObject({
      state: "delivered",
      reason: "junk",
    });
    expect(await where()).toEqual(["anna junk"]);
    await deliver({ verdict: { ...forged, policy: "none" }, raw: RAW.replace("1@far", "2@far") });
    expect(await where()).toEqual(["anna junk", "anna inbox"]);
    expect((await lying())[1]?.authenticity).toMatchObject({ dmarc: "fail", warnings: ["dmarcFail"] });
  });

  it("is marked where it pretends to be one of us", async () => {
    const none = { ...judged, spf: "none", dkim: "none", dmarc: "none" } as const;
    await deliver({ verdict: none, raw: RAW.replace("X <x@far.example>", "boris <x@evil.example>") });
    expect((await lying())[0]?.authenticity).toMatchObject({ warnings: ["nameLooksInternal"] });
  });

  it("comes to postmaster although nobody has the address", async () => {
    await deliver({ to: ["postmaster@ours.example"] });
    expect(await where()).toEqual(["boris inbox"]);
  });

  it("that is sent again, since our answer was lost, lies there once; another recipient of it gets it, too", async () => {
    const first = await deliver();
    expect(await deliver({ to: ["anna@ours.example"] })).toMatchObject({ state: "delivered", reason: "repeated" });
    expect(await where()).toEqual(["anna inbox"]);
    await deliver({ to: ["anna@ours.example", "boris@ours.example"] });
    expect(await where()).toEqual(["anna inbox", "boris inbox"]);
    expect(first.reason).toBe(null);
    await deliver({ from: "another@far.example" }); // of another sender the same bytes are another message
    expect((await where()).length).toBe(3);
  });

  it("that is sent again while the first is still waiting lies there once as well", async () => {
    await Promise.all(Array.from({ length: 6 }, () => come()));
    await Promise.all([work(), work(), work()]);
    expect(await where()).toEqual(["anna inbox"]);
    const { rows } = await test.pool.query("select state from mail_inbound where state <> 'delivered'");
    expect(rows).toEqual([]);
  });
});

describe("what cannot be delivered", () => {
  it("is in quarantine with its reason, is tried once, and can be released as an attachment", async () => {
    const kept: string[] = [];
    deps = { ...deps, keepFiles: async (_trx, files) => void kept.push(...files.map(({ name }) => name)) };
    const quarantined = await deliver({ raw: "" });
    expect(quarantined).toMatchObject({ state: "delivered" }); // the trace alone is a message without a body
    const raw = `\u0000`.repeat(100);
    const id = newId();
    const stored = await blobs.put(Readable.from([Buffer.from(raw)]));
    await test.db.transaction().execute((trx) =>
      insertInbound(trx, {
        id,
        raw: stored,
        bodySha256: stored.sha256,
        envelopeFrom: "x@far.example",
        recipients: ["boris@ours.example"],
        verdict: judged,
        receivedAt: new Date(now).toISOString(),
      }),
    );
    await work();
    const found = (await row(id)) as InboundRow;
    expect(found).toMatchObject({ state: "quarantined", attempts: 1, reason: expect.stringMatching(/^unreadable\./) });
    now += 60 * MINUTE_MS;
    await work();
    expect((await row(id))?.attempts).toBe(1);
    expect(await deliverInbound(deps, found, new Date(now).toISOString(), { release: true })).toBe("delivered");
    expect((await row(id))?.state).toBe("released");
    expect(kept).toEqual(["message.eml"]);
    expect(await where()).toContain("boris inbox");
  });

  it("is in quarantine at once where reading it ends the thread that reads, and what comes with it is delivered", async () => {
    const dies = new URL(
      "data:text/javascript,import { parentPort } from 'node:worker_threads'; parentPort.on('message', () => process.exit(1)); parentPort.postMessage({ kind: 'ready' })",
    );
    const reader = createMessageReader({ largeBytes: 10_000, module: dies });
    const hostile = await come({ raw: `${RAW}${"x".repeat(20_000)}\r\n` });
    const harmless = await come({ raw: RAW.replace("<1@", "<2@") });
    await work({ read: reader.read });
    await reader.stop();
    expect(await row(hostile)).toMatchObject({ state: "quarantined", attempts: 1, reason: "unreadable.tooCostly" });
    expect(await row(harmless)).toMatchObject({ state: "delivered" });
  });

  it("is in quarantine when nobody has the address any longer", async () => {
    expect(await deliver({ to: ["gone@ours.example"] })).toMatchObject({ state: "quarantined", reason: "noRecipient" });
  });

  it("is tried again later and later, and not for ever", async () => {
    const id = await come();
    const failing = { receive: () => Promise.reject(new Error("no\u0000 room")) };
    let times = 0;
    for (let hour = 0; hour < 24 * 60; hour++) {
      await work(failing);
      const found = await row(id);
      if (found?.state === "quarantined") break;
      times = found?.attempts ?? 0;
      now += MINUTE_MS;
    }
    expect(await row(id)).toMatchObject({
      state: "quarantined",
      reason: "failed",
      message: "no room",
      attempts: times + 1,
    });
    expect(times).toBeGreaterThan(2);
    expect(times).toBeLessThan(10);
  });

  it("ends in quarantine when it takes the process with it each time", async () => {
    const id = await come();
    await test.pool.query("update mail_inbound set attempts = 6, next_at = received_at"); // six that ended without a word
    await work();
    expect(await row(id)).toMatchObject({ state: "quarantined", reason: "failed" });
  });

  it("is waited for by others while one works at it, and taken over when that one has gone", async () => {
    const id = await come();
    await test.pool.query("update mail_inbound set attempts = 1, next_at = $1", [new Date(now + MINUTE_MS)]);
    await work();
    expect((await row(id))?.state).toBe("waiting");
    now += MINUTE_MS;
    await work();
    expect((await row(id))?.state).toBe("delivered");
  });
});

describe("reports of other servers", () => {
  const report = (
    sent: SentMessage,
    more: { action?: string; recipient?: string; envid?: boolean; returned?: boolean; status?: string } = {},
  ) =>
    [
      "From: Mail Delivery System <MAILER-DAEMON@relay.example>",
      "To: anna@ours.example",
      "Subject: Undelivered Mail Returned to Sender",
      "Auto-Submitted: auto-replied",
      'Content-Type: multipart/report; report-type=delivery-status; boundary="b"',
      "",
      "--b",
      "Content-Type: text/plain",
      "",
      "I could not deliver it.",
      "--b",
      "Content-Type: message/delivery-status",
      "",
      "Reporting-MTA: dns; relay.example",
      ...(more.envid === false ? [] : [`Original-Envelope-Id: ${sent.envelopeId}`]),
      "",
      `Final-Recipient: rfc822; ${more.recipient ?? "x@far.example"}`,
      `Action: ${more.action ?? "failed"}`,
      `Status: ${more.status ?? "5.1.1"}`,
      "Diagnostic-Code: smtp; 550 5.1.1 No such user",
      "",
      "--b",
      "Content-Type: text/rfc822-headers",
      "",
      ...(more.returned === false ? [] : [`Message-ID: <${sent.messageId}>`]),
      "Subject: Hello",
      "--b--",
      "",
    ].join("\r\n");
  const left = async (state: string, to = ["x@far.example"]) => {
    const sent = await dispatch(test.db, blobs, { sender: anna, to, at: now });
    await test.pool.query("update mail_outbound set state = $1 where envelope_id = $2", [state, sent.envelopeId]);
    return sent;
  };
  const states = async (sent: SentMessage) =>
    (await outboundOf(test.db, sent)).map(({ recipient, state, reply }) => [recipient, state, reply]);

  it("change the state of the recipient, and lie in the thread of the message", async () => {
    const sent = await left("relayed", ["x@far.example", "y@far.example"]);
    await test.pool.query("delete from change_log");
    await deliver({ from: "", raw: report(sent) });
    expect(await states(sent)).toEqual([
      ["x@far.example", "failed", "550 5.1.1 No such user"],
      ["y@far.example", "relayed", null],
    ]);
    const { rows } = await test.pool.query<{ thread_id: string }>("select thread_id from mail_message order by id");
    expect(rows.length).toBe(2);
    expect(rows[0]?.thread_id).toBe(rows[1]?.thread_id);
    const { rows: changes } = await test.pool.query("select row_id from change_log where row_id = $1", [sent.id]);
    expect(changes.length).toBeGreaterThan(0);
  });

  it("are known by the envelope id alone, and by the Message-ID alone", async () => {
    const one = await left("relayed");
    await deliver({ from: "", raw: report(one, { returned: false }) });
    const other = await left("delivered");
    await deliver({ from: "", raw: report(other, { envid: false }) });
    expect([(await states(one))[0]?.[1], (await states(other))[0]?.[1]]).toEqual(["failed", "failed"]);
  });

  it("lie in the inbox although nobody signed them, where they name the envelope id", async () => {
    const forged = { ...judged, spf: "none", dkim: "none", dmarc: "fail" } as const;
    await deliver({ from: "", verdict: forged, raw: report(await left("relayed")) });
    await deliver({ from: "", verdict: forged, raw: report(await left("relayed"), { envid: false }) });
    expect(await where()).toEqual(["anna inbox", "anna junk"]);
  });

  it("of an arrival make what was relayed delivered", async () => {
    const sent = await left("relayed");
    await deliver({ from: "", raw: report(sent, { action: "delivered", status: "2.0.0" }) });
    expect((await states(sent))[0]?.[1]).toBe("delivered");
  });

  it("change nothing that is not theirs to tell", async () => {
    for (const [state, change] of [
      ["cancelled", {}],
      ["waiting", {}],
      ["failed", { action: "delivered" }],
      ["relayed", { action: "delayed" }],
      ["relayed", { recipient: "somebody@else.example", envid: false }],
    ] as const) {
      const sent = await left(state);
      await deliver({ from: "", raw: report(sent, change) });
      expect([state, (await states(sent))[0]?.[1]]).toEqual([state, state]);
    }
    const stranger = { envelopeId: newId(), messageId: "nobody@nowhere", id: "", contentId: "" };
    expect(await deliver({ from: "", raw: report(stranger) })).toMatchObject({ state: "delivered" });
  });

  it("of one address that was forwarded to another are about the one that we wrote to", async () => {
    const sent = await left("relayed");
    await deliver({ from: "", raw: report(sent, { recipient: "private@elsewhere.example" }) });
    expect((await states(sent))[0]?.[1]).toBe("failed");
  });
});

it("a notice of ours lies in its mailbox as from inside, and with the provider where that has the rest", async () => {
  const [account] = (
    await test.pool.query<{ id: string }>(
      `
      insert into mailbox (id, kind, owner_id, name, address) values ($1, 'external', $2, 'elsewhere', 'anna@provider.example') returning id`,
      [newId(), anna.userId],
    )
  ).rows;
  const folder = newId();
  await test.pool.query("insert into mail_folder (id, mailbox_id, role, name) values ($1, $2, 'inbox', 'INBOX')", [
    folder,
    account?.id,
  ]);
  await deliver({ from: "", to: ["anna@provider.example"], verdict: { own: true }, mailboxId: account?.id ?? "" });
  expect(await where()).toEqual(["elsewhere inbox"]);
  expect((await lying())[0]?.authenticity).toEqual({ internal: true, warnings: [] });
  const { rows } = await test.pool.query("select kind, folder_id from mail_remote_change");
  expect(rows).toEqual([{ kind: "append", folder_id: folder }]);
});

it("forgets what is done after a month, and never what is in quarantine", async () => {
  const done = await deliver();
  const kept = await deliver({ to: ["gone@ours.example"] });
  now += 31 * 24 * 60 * MINUTE_MS;
  await work();
  expect([await row(done.id), (await row(kept.id))?.state]).toEqual([undefined, "quarantined"]);
});
