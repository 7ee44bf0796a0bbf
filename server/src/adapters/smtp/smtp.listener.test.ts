import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import SMTPConnection from "nodemailer/lib/smtp-connection";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createMetrics, type Metrics } from "#kernel";
import { createTestDatabase, silentLog, type TestDatabase } from "#testing";
import { makeCertificate } from "../../../test/mail/certificate.ts";
import { talkTo, type Talk } from "../../../test/mail/talk.ts";
import { zoneDns, type Zone } from "../../mail/domains/zone.fixture.ts";
import { createIntake, type IntakeDeps } from "../../mail/inbound/intake.ts";
import type { InboundRow } from "../../mail/inbound/inbound.repo.ts";
import { addSender, memoryBlobs, type Sender } from "../../mail/outbound/outbound.fixture.ts";
import {
  createInboundCounters,
  startListener,
  type InboundCounters,
  type ListenerOptions,
  type MailListener,
} from "./smtp.listener.ts";

const RAW = "From: X <x@far.example>\r\nTo: anna@ours.example\r\nSubject: Hello\r\n\r\nHello\r\n";
const zone: Zone = {
  "far.example": { TXT: ["v=spf1 ip4:127.0.0.1 -all"] },
  "forged.example": { TXT: ["v=spf1 -all"] },
  "_dmarc.forged.example": { TXT: ["v=DMARC1; p=reject"] },
};
let test: TestDatabase;
let anna: Sender;
beforeAll(async () => {
  test = await createTestDatabase();
  anna = await addSender(test.db, "anna");
  await test.pool.query(`
    insert into mail_address (address, mailbox_id) values ('alias@ours.example', '${anna.mailboxId}');
    insert into mail_group (id, name, address) values ('00000000-0000-7000-8000-000000000001', 'All', 'all@ours.example');
    insert into mail_address (address, group_id) values ('all@ours.example', '00000000-0000-7000-8000-000000000001')`);
});
afterAll(() => test.drop());

let blobs: ReturnType<typeof memoryBlobs>;
let metrics: Metrics;
let counters: InboundCounters;
let taken: number;
const stops: (() => Promise<void> | void)[] = [];
beforeEach(async () => {
  await test.pool.query("delete from mail_inbound");
  blobs = memoryBlobs();
  metrics = createMetrics();
  counters = createInboundCounters(metrics);
  taken = 0;
});
afterEach(async () => {
  for (const stop of stops.splice(0).toReversed()) await stop();
});

async function listen(more: Partial<ListenerOptions> = {}, deps: Partial<IntakeDeps> = {}) {
  const listener = await startListener({
    protocol: "smtp",
    listen: { host: "127.0.0.1", port: 0 },
    name: "mail.ours.example",
    log: silentLog,
    counters,
    intake: createIntake({
      db: test.db,
      clock: { now: () => Date.parse("2026-11-28T10:00:00Z") },
      blobs,
      dns: zoneDns(zone),
      ownName: "mail.ours.example",
      refusesForged: false,
      taken: () => void taken++,
      ...deps,
    }),
    ...more,
  });
  stops.push(() => listener.stop());
  return listener;
}
const portOf = ({ address }: MailListener) => (address as AddressInfo).port;
async function talk(listener: MailListener): Promise<Talk> {
  const { address } = listener;
  const talking = await talkTo(typeof address === "string" ? { path: address } : { port: address.port });
  stops.push(() => talking.end());
  return talking;
}
const rows = async () =>
  (await test.pool.query<InboundRow>("select * from mail_inbound order by received_at, id")).rows;
const stored = (row: InboundRow | undefined) => blobs.bodies.get(row?.raw_sha256 ?? "")?.toString("latin1");

describe("a message from another server", () => {
  it("is stored byte for byte behind its trace, judged and noted before it is answered", async () => {
    const peer = await talk(await listen());
    expect(peer.greeting).toBe("220 mail.ours.example ESMTP");
    expect(await peer.say("EHLO peer.example")).toMatch(/^250 SIZE 52428800$/m);
    expect(await peer.send({ to: ["Anna@Ours.Example"], raw: RAW })).toMatch(/^250 2\.6\.0 Taken as /);
    const [row] = await rows();
    expect(row).toMatchObject({
      envelope_from: "x@far.example",
      recipients: ["anna@ours.example"],
      state: "waiting",
      verdict: { ip: "127.0.0.1", helo: "peer.example", protocol: "ESMTP", spf: "pass", dkim: "none", dmarc: "none" },
    });
    expect(stored(row)).toBe(
      `Return-Path: <x@far.example>\r\nReceived: from peer.example ([127.0.0.1])\r\n\tby mail.ours.example with ESMTP id ${row?.id}\r\n\tfor <Anna@Ours.Example>;\r\n\tSat, 28 Nov 2026 10:00:00 +0000\r\n${RAW}`,
    );
    expect([row?.raw_size, taken]).toEqual([stored(row)?.length, 1]);
    const { rows: noted } = await test.pool.query("select 1 from blob where sha256 = $1", [row?.raw_sha256]);
    expect(noted.length).toBe(1);
  });

  it("goes to an address, an alias, a group, what follows a plus, and to postmaster; to nobody else", async () => {
    const peer = await talk(await listen());
    await peer.say("EHLO peer.example");
    await peer.say("MAIL FROM:<x@far.example>");
    for (const to of ["anna", "ANNA", "alias", "all", "anna+news", "postmaster", "Abuse"])
      expect([to, await peer.say(`RCPT TO:<${to}@ours.example>`)]).toEqual([to, expect.stringMatching(/^250 /)]);
    for (const to of ["nobody", "anna-news", "an", "all.anna"])
      expect([to, await peer.say(`RCPT TO:<${to}@ours.example>`)]).toEqual([
        to,
        expect.stringMatching(/^550 5\.1\.1 /),
      ]);
  });

  it("[relay] is never for elsewhere, however it is written", async () => {
    const peer = await talk(await listen());
    await peer.say("EHLO peer.example");
    await peer.say("MAIL FROM:<anna@ours.example>");
    for (const to of [
      "x@far.example",
      "x%far.example@ours.example",
      '"x@far.example"@ours.example',
      "far.example!x@ours.example",
      "@ours.example:x@far.example",
      "x@[127.0.0.1]",
      "anna@ours.example.",
      "anna@ours.example@far.example",
      "x@far.example\u0000@ours.example",
    ])
      expect([to, await peer.say(`RCPT TO:<${to}>`)]).toEqual([to, expect.stringMatching(/^(?:55\d|50\d) /)]);
    expect(await peer.say("DATA")).toMatch(/^503 /);
    expect(await peer.say("VRFY anna")).toMatch(/^(?:252|50\d) /);
    expect(await peer.say("EXPN all")).toMatch(/^50\d |^252 /);
    expect(await peer.say("AUTH PLAIN AGEAYg==")).toMatch(/^500 /);
    expect(await peer.say("XCLIENT ADDR=10.0.0.1")).toMatch(/^5/);
    expect(await rows()).toEqual([]);
  });

  it("comes with TLS where there is a certificate, and with a renewed one from then on", async () => {
    const [first, second] = [makeCertificate("mail.ours.example"), makeCertificate("mail.ours.example")];
    const listener = await listen({ certificate: first });
    const sendWith = (ca: string) =>
      new Promise<string>((resolve, reject) => {
        const client = new SMTPConnection({
          host: "127.0.0.1",
          port: portOf(listener),
          requireTLS: true,
          tls: { ca, servername: "mail.ours.example" },
        });
        client.once("error", reject);
        client.connect(() =>
          client.send({ from: "x@far.example", to: ["anna@ours.example"] }, RAW, (error, info) => {
            client.close();
            if (error) reject(error);
            else resolve(info.response);
          }),
        );
      });
    expect(await sendWith(first.cert)).toMatch(/^250/);
    expect((await rows())[0]?.verdict).toMatchObject({ protocol: "ESMTPS" });
    listener.useCertificate(second);
    await expect(sendWith(first.cert)).rejects.toThrow(/certificate/);
    expect(await sendWith(second.cert)).toMatch(/^250/);
    expect(await (await talk(await listen())).say("EHLO x")).not.toMatch(/STARTTLS/);
  });

  it("may have eight bits and addresses beyond ASCII", async () => {
    await test.pool.query("insert into mail_address (address, mailbox_id) values ('анна@ours.example', $1)", [
      anna.mailboxId,
    ]);
    const peer = await talk(await listen());
    expect(await peer.say("EHLO peer.example")).toMatch(/8BITMIME[^]*SMTPUTF8/);
    const utf8 = (text: string) => Buffer.from(text).toString("latin1");
    await peer.write(Buffer.from("MAIL FROM:<пётр@far.example> BODY=8BITMIME SMTPUTF8\r\n"));
    expect(await peer.hear()).toMatch(/^250/);
    await peer.write(Buffer.from("RCPT TO:<анна@ours.example>\r\n"));
    expect(await peer.hear()).toMatch(/^250/);
    await peer.say("DATA");
    const raw = "From: <пётр@far.example>\r\nSubject: Привет\r\n\r\nПривет\r\n";
    await peer.write(Buffer.from(`${raw}.\r\n`));
    expect(await peer.hear()).toMatch(/^250/);
    const [row] = await rows();
    expect(row).toMatchObject({ envelope_from: "пётр@far.example", recipients: ["анна@ours.example"] });
    expect(stored(row)?.endsWith(utf8(raw))).toBe(true);
  });

  it("is turned away for forgery where that is wanted, and leaves nothing behind", async () => {
    const forged = { from: "boss@forged.example", to: ["anna@ours.example"], raw: RAW.replace("x@far", "boss@forged") };
    const peer = await talk(await listen({}, { refusesForged: true }));
    expect(await peer.send(forged)).toMatch(/^550 5\.7\.1 /);
    expect([await rows(), blobs.bodies.size]).toEqual([[], 0]);
    expect(await peer.send({ to: ["anna@ours.example"], raw: RAW })).toMatch(/^250 /);
    expect(await (await talk(await listen())).send(forged)).toMatch(/^250 /);
    expect((await rows()).at(-1)?.verdict).toMatchObject({ dmarc: "fail", policy: "reject" });
  });

  it("is turned away when it goes round in a circle", async () => {
    const hop = "Received: from a by b; Sat, 28 Nov 2026 10:00:00 +0000\r\n";
    const peer = await talk(await listen());
    expect(await peer.send({ to: ["anna@ours.example"], raw: hop.repeat(101) + RAW })).toMatch(/^554 5\.4\.6 /);
    expect(await peer.send({ to: ["anna@ours.example"], raw: hop.repeat(100) + RAW })).toMatch(/^250 /);
  });

  it("is to come later where the database or the store does not work, and nobody learns why", async () => {
    const broken = await talk(
      await listen({}, { blobs: { ...blobs, put: () => Promise.reject(new Error("secret path /x")) } }),
    );
    expect(await broken.send({ to: ["anna@ours.example"], raw: RAW })).toBe(
      "451 4.3.0 Something here does not work at the moment. Try again.",
    );
    const intake = {
      accepts: () => Promise.reject(new Error("connection to 10.0.0.1 refused")),
      take: () => Promise.reject(new Error("x")),
    };
    const listener = await startListener({
      protocol: "smtp",
      listen: { host: "127.0.0.1", port: 0 },
      name: "mail.ours.example",
      log: silentLog,
      counters,
      intake,
    });
    stops.push(() => listener.stop());
    expect(await (await talk(listener)).send({ to: ["anna@ours.example"], raw: RAW })).toMatch(
      /^451 4\.3\.0 Something/,
    );
  });
});

describe("what somebody from outside can make us hold, count or wait for", () => {
  it("a size that is announced, and one that is not", async () => {
    const listener = await listen({ limits: { maxBytes: 2_000 } }, { maxBytes: 2_000 });
    const peer = await talk(listener);
    await peer.say("EHLO peer.example");
    expect(await peer.say("MAIL FROM:<x@far.example> SIZE=2001")).toMatch(/^552 /);
    expect(await peer.send({ to: ["anna@ours.example"], raw: `${RAW}${"x".repeat(3_000)}\r\n` })).toMatch(
      /^552 5\.3\.4 /,
    );
    expect(await peer.send({ to: ["anna@ours.example"], raw: RAW })).toMatch(/^250 /);
    expect((await rows()).length).toBe(1);
    expect(blobs.bodies.size).toBe(1);
  });

  it("a sender who goes away in the middle leaves nothing", async () => {
    const peer = await talk(await listen());
    await peer.say("EHLO peer.example");
    for (const line of ["MAIL FROM:<x@far.example>", "RCPT TO:<anna@ours.example>", "DATA"]) await peer.say(line);
    await peer.write(RAW);
    peer.end();
    const next = await talk(await listen());
    await next.send({ to: ["anna@ours.example"], raw: RAW });
    expect([(await rows()).length, blobs.bodies.size]).toEqual([1, 1]);
  });

  it.each(["\n.\n", "\n.\r\n", "\r\n.\n", "\r.\r", "\r\n.\r", "\n\n.\n", "\r\n\u0000.\r\n", "\r\n.\r\r\n"])(
    "[smuggling] %j ends no message (CVE-2023-51764)",
    async (ending) => {
      const peer = await talk(await listen());
      await peer.say("EHLO peer.example");
      for (const line of ["MAIL FROM:<x@far.example>", "RCPT TO:<anna@ours.example>", "DATA"]) await peer.say(line);
      const smuggled = `MAIL FROM:<boss@ours.example>\r\nRCPT TO:<anna@ours.example>\r\nDATA\r\nFrom: boss@ours.example\r\n\r\nSmuggled\r\n`;
      await peer.write(`${RAW}before${ending}${smuggled}.\r\n`);
      expect(await peer.hear()).toMatch(/^250 /);
      expect(await peer.say("NOOP")).toMatch(/^250 /);
      const found = await rows();
      expect(found.map(({ envelope_from }) => envelope_from)).toEqual(["x@far.example"]);
      expect(stored(found[0])).toContain("Smuggled");
    },
  );

  it("commands that came before the greeting, or before TLS", async () => {
    const eager = await listen();
    const socket = connect(portOf(eager), "127.0.0.1");
    stops.push(() => void socket.destroy());
    socket.write("EHLO x\r\n");
    const said = await new Promise<string>((resolve) => socket.once("data", (bytes) => resolve(bytes.toString())));
    expect(said).toMatch(/^421 .*too soon/);

    const secure = await talk(await listen({ certificate: makeCertificate("mail.ours.example") }));
    await secure.say("EHLO x");
    await secure.write("STARTTLS\r\nMAIL FROM:<x@far.example>\r\n");
    expect(await secure.hear()).toMatch(/^220 /);
    secure.socket.end();
    expect(await secure.hear()).toBe(""); // nothing that was said in the clear is answered
  });

  it("commands without end", async () => {
    const peer = await talk(await listen({ limits: { maxCommands: 50 } }));
    await peer.say("EHLO peer.example");
    const answers: string[] = [];
    for (let count = 0; count < 60 && answers.at(-1) !== ""; count++) answers.push(await peer.say("NOOP"));
    expect(answers.filter((answer) => answer.startsWith("250")).length).toBeLessThanOrEqual(50);
    expect(answers.at(-1)).toBe("");
    const babble = await talk(await listen());
    for (let count = 0; count < 12; count++) await babble.say("NONSENSE");
    expect(await babble.say("NOOP")).toBe("");
    const long = await talk(await listen());
    await long.write("x".repeat(100_000));
    expect(await long.hear()).toMatch(/^421 /);
  });

  it("names that are tried until one is found", async () => {
    const peer = await talk(await listen({ limits: { maxUnknown: 3 } }));
    await peer.say("EHLO peer.example");
    await peer.say("MAIL FROM:<x@far.example>");
    for (const to of ["a", "b", "c"]) expect(await peer.say(`RCPT TO:<${to}@ours.example>`)).toMatch(/^550 /);
    expect(await peer.say("RCPT TO:<anna@ours.example>")).toMatch(/^421 4\.7\.0 /);
    expect(await peer.hear()).toBe("");
  });

  it("connections and recipients of one address within a minute, and at once", async () => {
    const busy = await listen({ limits: { maxPerAddress: 2 } });
    const [one, two] = [await talk(busy), await talk(busy)];
    expect((await talk(busy)).greeting).toMatch(/^421 4\.7\.0 /);
    one.end();
    await expect.poll(async () => (await talk(busy)).greeting.slice(0, 3)).toBe("220");
    two.end();
    const frequent = await listen({ limits: { connectionsPerMinute: 2 } });
    for (const said of ["220", "220", "451"]) expect((await talk(frequent)).greeting.slice(0, 3)).toBe(said);
    const wide = await talk(await listen({ limits: { recipientsPerMinute: 2 } }));
    await wide.say("EHLO x");
    await wide.say("MAIL FROM:<x@far.example>");
    for (const said of ["250", "250", "451"])
      expect((await wide.say("RCPT TO:<anna@ours.example>")).slice(0, 3)).toBe(said);
    const full = await listen({ limits: { maxConnections: 1 } });
    await talk(full);
    expect((await talk(full)).greeting).toMatch(/^421 /);
  });

  it("recipients of one message", async () => {
    const peer = await talk(await listen({ limits: { maxRecipients: 2 } }));
    await peer.say("EHLO x");
    await peer.say("MAIL FROM:<x@far.example>");
    for (const [to, said] of [
      ["anna+1", "250"],
      ["anna+2", "250"],
      ["anna+3", "452"],
    ])
      expect([to, (await peer.say(`RCPT TO:<${to}@ours.example>`)).slice(0, 3)]).toEqual([to, said]);
  });

  it("silence, and a trickle", async () => {
    const silent = await talk(await listen({ limits: { silenceMs: 400 } }));
    expect(await silent.hear()).toMatch(/^421 /);
    const slow = await talk(await listen({ limits: { sessionMs: 500 } }));
    const trickle = setInterval(() => void slow.write("x"), 20);
    try {
      expect(await slow.hear()).toMatch(/^421 4\.4\.2 /);
    } finally {
      clearInterval(trickle);
    }
  });

  it("what another program says to the port", async () => {
    const browser = await talk(await listen());
    expect(await browser.say("GET / HTTP/1.1")).toMatch(/^421 /);
    const odd = await talk(await listen());
    for (const line of [
      "MAIL FROM:<x@far.example",
      "MAIL FROM:x y z",
      "RCPT TO:<>",
      "DATA",
      "EHLO",
      "MAIL FROM:<>\u0000",
    ])
      expect([line, (await odd.say(line)).slice(0, 1)]).toEqual([line, "5"]);
  });

  it("is counted", async () => {
    const peer = await talk(await listen());
    await peer.send({ to: ["anna@ours.example"], raw: RAW });
    await peer.say("MAIL FROM:<x@far.example>");
    await peer.say("RCPT TO:<nobody@ours.example>");
    await peer.say("RCPT TO:<x@far.example>");
    const text = await metrics.metrics();
    expect(text).toContain('kontor_mail_inbound_connections{protocol="smtp"} 1');
    expect(text).toContain('kontor_mail_inbound_messages_total{protocol="smtp",outcome="taken"} 1');
    expect(text).toContain('kontor_mail_inbound_refusals_total{protocol="smtp",reason="unknown"} 1');
    expect(text).toContain('kontor_mail_inbound_refusals_total{protocol="smtp",reason="relay"} 1');
  });
});

describe("LMTP", () => {
  it("answers for each recipient, on a socket that another server of ours can reach", async () => {
    const directory = await mkdtemp(join(tmpdir(), "kontor-lmtp-"));
    stops.push(() => rm(directory, { recursive: true, force: true }));
    const path = join(directory, "lmtp.sock");
    await writeFile(path, "left by a server that was killed");
    const peer = await talk(await listen({ protocol: "lmtp", listen: { path } }));
    expect(peer.greeting).toMatch(/^220 .* LMTP/);
    expect(await peer.say("EHLO x")).toMatch(/^500 /);
    expect(await peer.say("LHLO gate.ours.example")).toMatch(/^250/);
    await peer.say("MAIL FROM:<x@far.example>");
    for (const to of ["anna@ours.example", "nobody@ours.example", "alias@ours.example"])
      await peer.say(`RCPT TO:<${to}>`);
    await peer.say("DATA");
    const received =
      "Received: from mx.far.example ([198.51.100.66]) by gate.ours.example; Sat, 28 Nov 2026 10:00:00 +0000\r\n";
    await peer.write(`${received}${RAW}.\r\n`);
    expect([await peer.hear(), await peer.hear()]).toEqual([
      expect.stringMatching(/^250 /),
      expect.stringMatching(/^250 /),
    ]);
    const [row] = await rows();
    expect(row).toMatchObject({
      recipients: ["anna@ours.example", "alias@ours.example"],
      verdict: { ip: "", spf: "fail", helo: "gate.ours.example" },
    });
    expect(stored(row)).toContain("Received: from gate.ours.example\r\n\tby mail.ours.example with LMTP");
  });
});
