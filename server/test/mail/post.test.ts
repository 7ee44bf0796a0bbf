import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { dkimVerify } from "mailauth";
import { resolverOf } from "../../src/mail/domains/checkDomain.ts";
import type { MailDomain } from "../../src/mail/domains/domains.service.ts";
import { zoneDns, type Zone } from "../../src/mail/domains/zone.fixture.ts";
import { makeCertificate } from "./certificate.ts";
import { startDnsServer, type DnsServer } from "./dnsServer.ts";
import { freePorts } from "../freePorts.ts";
import { startMailServer, type MailServer } from "./mailServer.ts";
import { postfixMissing, startPostfix, type Postfix } from "./postfix.ts";
import { startSink, type Sink } from "./sink.ts";
import { talkTo } from "./talk.ts";

/** A whole server and Debian's Postfix, which hand mail to each other: neither knows the other's code. */
const missing = postfixMissing();
const ZONE: Zone = {
  "far.example": { MX: [{ exchange: "mx.far.example", priority: 10 }], TXT: ["v=spf1 ip4:127.0.0.1 -all"] },
  "_dmarc.far.example": { TXT: ["v=DMARC1; p=reject"] },
  "mx.far.example": { A: ["127.0.0.1"] },
  "ours.example": { MX: [{ exchange: "mail.ours.example", priority: 10 }], TXT: ["v=spf1 mx -all"] },
  "mail.ours.example": { A: ["127.0.0.1"] },
};
const WAIT = { timeout: 15_000, interval: 50 };
const MAIL = (more: string, body = "Hello") =>
  `From: Bob <bob@far.example>\r\nTo: anna@ours.example\r\nDate: ${new Date().toUTCString()}\r\n${more}\r\n\r\n${body}\r\n`;

// Needs Debian's postfix, and root to start it.
describe.skipIf(missing !== undefined)("straight to another mail server, and from it", () => {
  let dns: DnsServer;
  let postfix: Postfix;
  let server: MailServer;
  let directory: string;
  beforeAll(async () => {
    const certificate = makeCertificate("mail.ours.example", "mx.far.example");
    directory = await mkdtemp(join(tmpdir(), "kontor-post-"));
    await writeFile(join(directory, "cert.pem"), certificate.cert);
    await writeFile(join(directory, "key.pem"), certificate.key);
    const [port = 0] = await freePorts(1);
    dns = await startDnsServer(ZONE);
    postfix = await startPostfix({
      domain: "far.example",
      users: ["bob", "grey"],
      transports: { "ours.example": `smtp:[127.0.0.1]:${port}` },
      refuses: { "grey@far.example": "450 4.2.0 Greylisted" },
      certificate,
    });
    server = await startMailServer({
      logins: ["anna", "boris"],
      env: {
        KONTOR_SMTP_LISTEN: `127.0.0.1:${port}`,
        KONTOR_SMTP_TLS_CERT: join(directory, "cert.pem"),
        KONTOR_SMTP_TLS_KEY: join(directory, "key.pem"),
        KONTOR_SMTP_SEND: "direct",
        KONTOR_SMTP_MX_PORT: String(postfix.port),
        KONTOR_SMTP_PRIVATE_MX: "yes",
        KONTOR_SMTP_DNS: dns.address,
      },
    });
  });
  afterAll(async () => {
    await server?.stop();
    await postfix?.stop();
    await dns?.stop();
    await rm(directory, { recursive: true, force: true });
  });

  const inject = async (raw: string, to = ["anna@ours.example"]) => {
    const peer = await talkTo({ port: postfix.port });
    const answer = await peer.send({ from: "bob@far.example", to, raw });
    peer.end();
    expect(answer).toMatch(/^250 /);
  };

  it("a message arrives encrypted and signed, by keys that the DNS shows, and its answer lies in the thread", async () => {
    const { administrator } = server;
    const [domain] = await administrator.json<MailDomain[]>("GET", "/api/admin/mail/domains");
    dns.zone = {
      ...dns.zone,
      ...Object.fromEntries((domain?.keys ?? []).map(({ record }) => [record.name, { TXT: [record.value] }])),
    };
    const checked = await administrator.json<MailDomain>("POST", "/api/admin/mail/domains/ours.example/check");
    expect(checked.keys.map(({ state }) => state)).toEqual(["active", "active"]);

    const anna = server.user("anna");
    const id = await anna.send({
      to: ["bob@far.example", "boris@ours.example"],
      subject: "Привет",
      text: "Ein\nzwei.",
    });
    await expect.poll(() => postfix.mailbox("bob"), WAIT).toHaveLength(1);
    const [arrived = ""] = await postfix.mailbox("bob");
    expect(arrived).toMatch(/^Received: from mail\.ours\.example [^]* with ESMTPS id /m);
    const raw = arrived.slice(arrived.indexOf("DKIM-Signature:")).replaceAll("\n", "\r\n");
    const { results } = await dkimVerify(Buffer.from(raw, "latin1"), { resolver: resolverOf(zoneDns(dns.zone)) });
    expect(results?.map(({ status, signingDomain }) => `${signingDomain} ${status.result}`)).toEqual([
      "ours.example pass",
      "ours.example pass",
    ]);
    await expect
      .poll(() => anna.deliveries(id), WAIT)
      .toMatchObject([
        { address: "bob@far.example", state: "delivered", reply: expect.stringMatching(/^250 2\.0\.0 Ok/) },
      ]);
    expect(await server.user("boris").folder("inbox")).toMatchObject([
      { subject: "Привет", authenticity: { internal: true } },
    ]);

    const { messageId, threadId } = await anna.message(id);
    await inject(MAIL(`Subject: Re: Hello\r\nMessage-ID: <answer@far.example>\r\nIn-Reply-To: <${messageId}>`));
    await expect.poll(() => anna.folder("inbox"), WAIT).toHaveLength(1);
    expect(await anna.folder("inbox")).toMatchObject([
      {
        subject: "Re: Hello",
        threadId,
        from: [{ address: "bob@far.example", name: "Bob" }],
        authenticity: { internal: false, spf: "pass", dmarc: "pass", warnings: [] },
      },
    ]);
    expect((await anna.folder("inbox"))[0]?.messageId).toBe("answer@far.example");
  });

  it("a recipient that nobody has is told at once, in the thread; the other one is served", async () => {
    const anna = server.user("anna");
    const id = await anna.send({ to: ["nobody@far.example", "bob@far.example"], subject: "Two" });
    await expect
      .poll(async () => (await anna.deliveries(id)).map(({ address, state }) => `${address} ${state}`), WAIT)
      .toEqual(["bob@far.example delivered", "nobody@far.example failed"]);
    const { threadId } = await anna.message(id);
    await expect.poll(async () => (await anna.folder("inbox"))[0]?.subject, WAIT).toBe("Not delivered: Two");
    const [notice] = await anna.folder("inbox");
    expect(notice).toMatchObject({ threadId, authenticity: { internal: true } });
    expect((await anna.body(notice?.id ?? "")).text).toMatch(
      /nobody@far\.example\s+There is no such mailbox[^]*550 5\.1\.1/,
    );
  });

  it("greylisting: waits, and arrives when it is tried again; an administrator and the sender may do that", async () => {
    const anna = server.user("anna");
    const id = await anna.send({ to: ["grey@far.example"], subject: "Patience" });
    await expect
      .poll(() => anna.deliveries(id), WAIT)
      .toMatchObject([{ state: "waiting", reply: expect.stringMatching(/^450 4\.2\.0 .*Greylisted/) }]);
    const list = () =>
      server.administrator.json<{ rows: { id: string; attempts: number; state: string }[]; counts: object }>(
        "GET",
        "/api/admin/mail/queue?search=grey",
      );
    const [row] = (await list()).rows;
    expect(row).toMatchObject({ attempts: 1, state: "waiting" });
    expect(await server.administrator.json("POST", "/api/admin/mail/queue/retry", { ids: [row?.id] })).toEqual({
      changed: 1,
    });
    await expect.poll(async () => (await list()).rows[0]?.attempts, WAIT).toBe(2);
    await writeFile(join(postfix.directory, "etc", "refuses"), "");
    await postfix.restart();
    await expect.poll(async () => (await list()).rows[0]?.state, WAIT).toBe("waiting");
    const act = { act: "retry", recipients: ["grey@far.example"] };
    expect(await anna.client.json("POST", `/api/mail/messages/${id}/deliveries`, act)).toEqual({ changed: 1 });
    await expect.poll(() => anna.deliveries(id), WAIT).toMatchObject([{ state: "delivered" }]);
    await expect.poll(() => postfix.mailbox("grey"), WAIT).toHaveLength(1);
  });

  it("what Postfix cannot hand to us comes back to its sender there, and is not lost here", async () => {
    await inject(MAIL("Subject: Wrong door"), ["nobody@ours.example"]);
    await expect
      .poll(async () => (await postfix.mailbox("bob")).at(-1), WAIT)
      .toMatch(/550 5\.1\.1 There is no such mailbox here/);
  });

  it("a large message comes in whole", async () => {
    const anna = server.user("anna");
    const lines = `${"x".repeat(70)}\r\n`.repeat(60_000);
    await inject(MAIL("Subject: Large\r\nMessage-ID: <large@far.example>", lines));
    await expect.poll(async () => (await anna.folder("inbox"))[0]?.subject, WAIT).toBe("Large");
    expect((await anna.folder("inbox"))[0]?.size).toBeGreaterThan(4_000_000);
  });

  it("the server says how mail is, in its overview and for Prometheus", async () => {
    const overview = await server.administrator.json<{ parts: { name: string; words: string }[]; counts: object }>(
      "GET",
      "/api/admin/overview",
    );
    expect(overview.parts.find(({ name }) => name === "mail")?.words).toMatch(
      /^Queue: 0; quarantine: 0; last sent .*; last received /,
    );
    expect(overview.counts).toMatchObject({ mailQueue: 0, quarantine: 0 });
    const metrics = await (await fetch(`${server.kontor.url}/metrics`)).text();
    expect(metrics).toMatch(/kontor_mail_outbound_answers_total\{kind="delivered"\} [1-9]/);
    expect(metrics).toMatch(/kontor_mail_inbound_messages_total\{protocol="smtp",outcome="taken"\} [1-9]/);
    expect(metrics).toMatch(/kontor_mail_outbound_recipients\{state="waiting"\} 0/);
  });
});

// Needs Debian's postfix, and root to start it.
describe.skipIf(missing !== undefined)("with a mail server of the office in front, both ways", () => {
  let dns: DnsServer;
  let sink: Sink;
  let postfix: Postfix;
  let server: MailServer;
  let directory: string;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), "kontor-post-"));
    const lmtp = join(directory, "lmtp.sock");
    const certificate = makeCertificate("localhost");
    await writeFile(join(directory, "ca.pem"), certificate.cert);
    dns = await startDnsServer(ZONE);
    sink = await startSink({ script: { rcpt: () => "550 5.1.1 there is no such user" } });
    postfix = await startPostfix({
      domain: "far.example",
      users: ["bob"],
      transports: { "ours.example": `lmtp:unix:${lmtp}`, "dead.example": `smtp:[127.0.0.1]:${sink.port}` },
      certificate,
    });
    server = await startMailServer({
      logins: ["anna"],
      env: {
        KONTOR_LMTP_LISTEN: lmtp,
        KONTOR_SMTP_RELAY_HOST: "localhost",
        KONTOR_SMTP_RELAY_PORT: String(postfix.port),
        KONTOR_SMTP_RELAY_CA: join(directory, "ca.pem"),
        KONTOR_SMTP_DNS: dns.address,
      },
    });
    // Its LMTP client is another user than this server, and in none of its groups.
    await chmod(directory, 0o755);
    await chmod(lmtp, 0o666);
  });
  afterAll(async () => {
    await server?.stop();
    await postfix?.stop();
    await sink?.stop();
    await dns?.stop();
    await rm(directory, { recursive: true, force: true });
  });

  it("the relay takes it on, and tells later that it failed: state and thread follow", async () => {
    const anna = server.user("anna");
    const id = await anna.send({ to: ["bob@far.example", "x@dead.example"], subject: "By relay" });
    await expect
      .poll(async () => (await anna.deliveries(id)).map(({ address, state }) => `${address} ${state}`), WAIT)
      .toEqual(["bob@far.example relayed", "x@dead.example failed"]);
    expect(await postfix.mailbox("bob")).toHaveLength(1);
    const { threadId } = await anna.message(id);
    await expect
      .poll(() => anna.folder("inbox"), WAIT)
      .toMatchObject([{ subject: "Undelivered Mail Returned to Sender", threadId }]);
    const failed = (await anna.deliveries(id)).find(({ state }) => state === "failed");
    expect(failed?.reply).toMatch(/there is no such user/);
  });

  it("a message comes in by LMTP, judged by what the gateway wrote down", async () => {
    const peer = await talkTo({ port: postfix.port });
    await peer.send({ from: "bob@far.example", to: ["anna@ours.example"], raw: MAIL("Subject: By gateway") });
    peer.end();
    const anna = server.user("anna");
    await expect.poll(async () => (await anna.folder("inbox"))[0]?.subject, WAIT).toBe("By gateway");
    expect((await anna.folder("inbox"))[0]?.authenticity).toMatchObject({ spf: "pass", dmarc: "pass" });
  });
});
