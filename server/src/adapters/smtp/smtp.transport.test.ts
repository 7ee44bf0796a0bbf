import { Readable } from "node:stream";
import { afterEach, describe, expect, it } from "vitest";
import { makeCertificate } from "../../../test/mail/certificate.ts";
import { startRawServer, startSink, type Sink } from "../../../test/mail/sink.ts";
import { zoneDns, type Zone } from "../../mail/domains/zone.fixture.ts";
import { transportContract, type ContractPeer } from "../../mail/outbound/transport.contract.ts";
import type { Route, Submission, Transport } from "../../mail/outbound/transport.port.ts";
import { createSmtpTransport } from "./smtp.transport.ts";

const certificate = makeCertificate("localhost");
const zone: Zone = {
  "far.example": { MX: [{ exchange: "mx.far.example", priority: 10 }] },
  "mx.far.example": { A: ["127.0.0.1"] },
};
const stops: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).toReversed()) await stop();
});

const keep = <Part extends { stop(): Promise<void> }>(part: Part): Part => {
  stops.push(() => part.stop());
  return part;
};
function transportTo(port: number, more: { zone?: Zone; silenceMs?: number } = {}): Transport {
  const transport = createSmtpTransport({
    dns: zoneDns(more.zone ?? zone),
    name: "mail.ours.example",
    allowPrivate: true,
    mxPort: port,
    timeouts: { connectMs: 2_000, greetingMs: 2_000, silenceMs: more.silenceMs ?? 10_000 },
  });
  stops.push(() => transport.close());
  return transport;
}
function peerOf(sink: Sink): ContractPeer {
  const never = () => new Promise<undefined>(() => undefined);
  return {
    refuse({ recipients = {}, message }) {
      sink.script.rcpt = (to) => recipients[to];
      sink.script.data = () => message;
    },
    loseAnswer: () => void (sink.script.data = () => "cut"),
    cutBody: () => void (sink.script.cutInBody = true),
    fallSilent: () => void (sink.script.data = never),
    received: () => sink.messages,
  };
}
const submission: Omit<Submission, "port"> = { host: "localhost", security: "starttls", ca: certificate.cert };

transportContract("straight to the MX", async () => {
  const sink = keep(await startSink({ certificate }));
  const transport = transportTo(sink.port, { silenceMs: 1_000 });
  return { transport, route: { kind: "mx", domain: "far.example" }, peer: peerOf(sink) };
});

transportContract("straight to an MX that knows nothing of what came after 1982", async () => {
  const sink = keep(
    await startSink({ hidePIPELINING: true, hide8BITMIME: true, hideSMTPUTF8: true, hideSize: true, hideDSN: true }),
  );
  const transport = transportTo(sink.port, { silenceMs: 1_000 });
  return { transport, route: { kind: "mx", domain: "far.example" }, peer: peerOf(sink) };
});

transportContract("through a relay", async () => {
  const sink = keep(await startSink({ certificate }));
  const transport = transportTo(0, { silenceMs: 1_000 });
  return { transport, route: { kind: "relay", ...submission, port: sink.port }, peer: peerOf(sink) };
});

transportContract("through an account, with TLS from the first byte and a password", async () => {
  const sink = keep(
    await startSink({
      certificate,
      secure: true,
      authOptional: false,
      onAuth: ({ username, password }, _session, done) =>
        done(null, username === "anna" && password === "secret" ? { user: "anna" } : {}),
    }),
  );
  const transport = transportTo(0, { silenceMs: 1_000 });
  const auth = { user: "anna", password: "secret" };
  return {
    transport,
    route: { kind: "account", ...submission, security: "tls", port: sink.port, auth },
    peer: peerOf(sink),
  };
});

describe("the transport by SMTP", () => {
  const send = (
    transport: Transport,
    route: Route,
    { from = "anna@ours.example", to = ["x@far.example"], body = "Subject: x\r\n\r\nx\r\n" } = {},
  ) =>
    transport.transmit({
      envelope: { from, recipients: to, envelopeId: "0190-envelope" },
      raw: () => Readable.from([Buffer.from(body)]),
      size: body.length,
      route,
      signal: new AbortController().signal,
    });
  const mx = { kind: "mx", domain: "far.example" } as const;

  it("encrypts to a stranger whose certificate nobody vouches for", async () => {
    const sink = keep(await startSink({ certificate: makeCertificate("somebody-else.example") }));
    expect(await send(transportTo(sink.port), mx)).toMatchObject([{ kind: "delivered" }]);
    expect(sink.messages).toMatchObject([{ encrypted: true }]);
  });

  it("goes in the clear to a stranger with whom no TLS can be agreed on, as to one that offers none", async () => {
    const sink = keep(await startSink({ certificate, minVersion: "TLSv1.3", ciphers: "TLS_AES_128_CCM_SHA256" }));
    expect(await send(transportTo(sink.port), mx)).toMatchObject([{ kind: "delivered" }]);
    expect(sink.messages).toMatchObject([{ encrypted: false }]);
  });

  it("gives nothing to a relay or an account whose certificate is not trusted, or that has no TLS", async () => {
    const untrusted = keep(await startSink({ certificate }));
    const plain = keep(await startSink());
    for (const kind of ["relay", "account"] as const) {
      const route = { kind, host: "localhost", security: "starttls", port: untrusted.port } as const;
      expect(await send(transportTo(0), route)).toMatchObject([
        { kind: "connection", words: expect.stringMatching(/certificate/) },
      ]);
      expect(await send(transportTo(0), { ...route, ...submission, port: plain.port })).toMatchObject([
        { kind: "connection" },
      ]);
      const otherName = { ...route, ...submission, host: "127.0.0.1" };
      expect(await send(transportTo(0), otherName)).toMatchObject([{ kind: "connection" }]);
    }
    expect([...untrusted.messages, ...plain.messages]).toEqual([]);
  });

  it("signs in by password or token, and says so when it is refused", async () => {
    const sink = keep(
      await startSink({
        certificate,
        authOptional: false,
        authMethods: ["PLAIN", "XOAUTH2"],
        onAuth(auth, _session, done) {
          if (auth.method === "XOAUTH2") return done(null, auth.accessToken === "token" ? { user: "a" } : { data: {} });
          return done(null, auth.password === "right" ? { user: "a" } : {});
        },
      }),
    );
    const route = { kind: "account", ...submission, port: sink.port } as const;
    const transport = transportTo(0);
    const as = (auth: Submission["auth"]) => send(transport, { ...route, ...(auth && { auth }) });
    expect(await as({ user: "a", password: "right" })).toMatchObject([{ kind: "relayed" }]);
    expect(await as({ user: "a", accessToken: "token" })).toMatchObject([{ kind: "relayed" }]);
    expect(await as({ user: "a", password: "wrong" })).toMatchObject([{ kind: "connection", code: 535 }]);
    expect(await as({ user: "a", accessToken: "stale" })).toMatchObject([{ kind: "connection" }]);
    expect(sink.messages.length).toBe(2);
  });

  it("asks for news about failures and delays where they are offered (RFC 3461), and for none without a sender", async () => {
    const sink = keep(await startSink());
    await send(transportTo(sink.port), mx);
    await send(transportTo(sink.port), mx, { from: "" });
    const [asked, none] = sink.messages.map(({ session }) => session.envelope);
    expect(asked?.dsn).toEqual({ ret: "HDRS", envid: "0190-envelope" });
    expect(asked?.rcptTo[0]?.dsn?.notify).toEqual(["FAILURE", "DELAY"]);
    expect(none?.rcptTo[0]?.dsn?.notify).toEqual(["NEVER"]);
  });

  it("writes domains beyond ASCII as the DNS has them, and needs SMTPUTF8 only for local parts", async () => {
    const idn = { "xn--e1afmkfd.xn--p1ai": { A: ["127.0.0.1"] }, ...zone };
    const old = keep(await startSink({ hideSMTPUTF8: true }));
    const route = { kind: "mx", domain: "пример.рф" } as const;
    const to = ["anna@пример.рф"];
    expect(await send(transportTo(old.port, { zone: idn }), route, { to })).toMatchObject([
      { kind: "delivered", recipient: "anna@пример.рф" },
    ]);
    expect(await send(transportTo(old.port, { zone: idn }), route, { to: ["анна@пример.рф"] })).toMatchObject([
      { kind: "permanent", enhancedCode: "5.6.7" },
    ]);
    const modern = keep(await startSink());
    expect(await send(transportTo(modern.port, { zone: idn }), route, { to: ["анна@пример.рф"] })).toMatchObject([
      { kind: "delivered" },
    ]);
    expect(modern.messages[0]?.session.envelope.smtpUtf8).toBe(true);
  });

  it("does not hand over what the far server says is too large", async () => {
    const sink = keep(await startSink({ size: 100 }));
    const body = `Subject: x\r\n\r\n${"x".repeat(200)}\r\n`;
    expect(await send(transportTo(sink.port), mx, { body })).toMatchObject([
      { kind: "permanent", code: 552, enhancedCode: "5.3.4" },
    ]);
  });

  it("says that a domain takes no mail without asking any server, and that the DNS is silent", async () => {
    const more = { ...zone, "null.example": { MX: [{ exchange: ".", priority: 0 }] }, "slow.example": { fails: true } };
    const transport = transportTo(1, { zone: more });
    expect(await send(transport, { kind: "mx", domain: "null.example" })).toMatchObject([
      { kind: "permanent", code: 556, enhancedCode: "5.1.10" },
    ]);
    expect(await send(transport, { kind: "mx", domain: "slow.example" })).toMatchObject([{ kind: "connection" }]);
  });

  it("asks the next host where one is not there or turns us away, and not where one refused the message", async () => {
    const two: Zone = {
      "far.example": {
        MX: [
          { exchange: "dead.far.example", priority: 1 },
          { exchange: "mx.far.example", priority: 2 },
        ],
      },
      "dead.far.example": { A: ["127.0.0.2"] }, // the sink listens on 127.0.0.1 alone
      "mx.far.example": { A: ["127.0.0.1"] },
    };
    const sink = keep(await startSink());
    expect(await send(transportTo(sink.port, { zone: two }), mx)).toMatchObject([{ kind: "delivered" }]);

    const same = { ...two, "dead.far.example": { A: ["127.0.0.1"] } };
    for (const { said, tries } of [
      { said: { greeting: () => "554 No service for you" }, tries: 2 },
      { said: { greeting: () => "421 4.3.2 Too busy" }, tries: 2 },
      { said: { mail: () => "421 4.3.2 Going down" }, tries: 2 },
      { said: { mail: () => "451 4.7.1 Greylisted" }, tries: 1 },
      { said: { rcpt: () => "550 5.1.1 No such user" }, tries: 1 },
      { said: { data: () => "cut" as const }, tries: 1 },
    ]) {
      const moody = keep(await startSink({ script: said }));
      await send(transportTo(moody.port, { zone: same }), mx);
      expect([said, moody.connections()]).toEqual([said, tries]);
    }
  });

  it("takes 554 in the greeting for a word about us, and 552 about a recipient for too many of them", async () => {
    const closed = keep(await startSink({ script: { greeting: () => "554 5.7.1 You are on a list" } }));
    expect(await send(transportTo(closed.port), mx)).toMatchObject([{ kind: "connection", code: 554 }]);
    const many = keep(
      await startSink({ script: { rcpt: (to) => (to === "y@far.example" ? "552 Too many" : undefined) } }),
    );
    expect(await send(transportTo(many.port), mx, { to: ["x@far.example", "y@far.example"] })).toMatchObject([
      { kind: "delivered" },
      { kind: "temporary" },
    ]);
  });

  it("uses a connection again, notices when it was closed meanwhile, and starts anew after a refusal", async () => {
    const sink = keep(await startSink());
    const transport = transportTo(sink.port);
    for (let time = 0; time < 3; time++) expect(await send(transport, mx)).toMatchObject([{ kind: "delivered" }]);
    expect(sink.connections()).toBe(1);
    sink.script.rcpt = () => "550 5.1.1 No";
    await send(transport, mx);
    delete sink.script.rcpt;
    expect(await send(transport, mx)).toMatchObject([{ kind: "delivered" }]);
    expect(sink.connections()).toBe(2);

    let hangUp = 1;
    const hasty = keep(
      await startRawServer((socket) => {
        socket.write("220 hasty\r\n");
        let body = false;
        socket.on("data", (bytes) => {
          const said = bytes.toString();
          if (body && said.includes("\r\n.\r\n")) {
            body = false;
            socket.write("250 2.0.0 Taken\r\n");
            if (hangUp-- > 0) socket.destroySoon(); // the client learns of it when it comes again
          } else if (said.startsWith("DATA")) {
            body = true;
            socket.write("354 Go on\r\n");
          } else socket.write("250 Fine\r\n");
        });
      }),
    );
    const again = transportTo(hasty.port);
    expect(await send(again, mx)).toMatchObject([{ kind: "delivered", enhancedCode: "2.0.0" }]);
    expect(await send(again, mx)).toMatchObject([{ kind: "delivered" }]);
  });

  it("is not kept busy by a server that talks without end", async () => {
    const endless = keep(
      await startRawServer((socket) => {
        socket.write("220-hello\r\n");
        const more = () => socket.writable && socket.write(`220-${"x".repeat(60_000)}\r\n`, () => setImmediate(more));
        more();
      }),
    );
    expect(await send(transportTo(endless.port), mx)).toMatchObject([{ kind: "connection" }]);
    const garbage = keep(await startRawServer((socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n")));
    expect(await send(transportTo(garbage.port), mx)).toMatchObject([{ kind: "connection" }]);
  });

  it("takes no line end in an address for a command", async () => {
    const sink = keep(await startSink());
    const to = ["x@far.example>\r\nRCPT TO:<evil@far.example"];
    expect(await send(transportTo(sink.port), mx, { to })).toMatchObject([
      { kind: "permanent", enhancedCode: "5.1.3" },
    ]);
    expect(sink.messages).toEqual([]);
  });
});
