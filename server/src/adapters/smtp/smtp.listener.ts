import { once } from "node:events";
import { chmod, rm } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { RateLimiterMemory, RateLimiterRes } from "rate-limiter-flexible";
import { Counter, Gauge } from "prom-client";
import { SMTPServer, type SMTPServerDataStream, type SMTPServerSession } from "smtp-server";
import { mailLimits } from "@kontor/shared/mail";
import { addressKey, type Log, type Metrics } from "#kernel";
import { refusalOf, type Intake, type Refusal } from "#mail";

/**
 * Mail from other servers, by SMTP (RFC 5321) or LMTP (RFC 2033). Everything that somebody from outside can make us hold, count or
 * wait for is bounded here; whether a message is taken is the intake's business. There is no sign-in: nothing is ever sent on for
 * whoever connects, so there is no relay to be open.
 */
export interface MailListener {
  /** The port that was taken, or the path of the socket. */
  readonly address: AddressInfo | string;
  /** A certificate that was renewed; sessions that are open keep the old one. */
  useCertificate(certificate: Certificate): void;
  stop(): Promise<void>;
}

export interface Certificate {
  /** PEM. */
  readonly key: string;
  readonly cert: string;
}

export type ListenAddress = { readonly host: string; readonly port: number } | { readonly path: string };

export interface ListenerOptions {
  readonly protocol: "smtp" | "lmtp";
  readonly listen: ListenAddress;
  /** What this server calls itself. */
  readonly name: string;
  readonly intake: Intake;
  /** Without one there is no STARTTLS. */
  readonly certificate?: Certificate | undefined;
  readonly log: Log;
  readonly counters: InboundCounters;
  readonly limits?: Partial<ListenerLimits>;
}

export interface ListenerLimits {
  readonly maxBytes: number;
  /** Of one transaction: RFC 5321 §4.5.3.1.8 asks for 100; the rest comes in another one. */
  readonly maxRecipients: number;
  /** Connections at once, and from one address (or /64). */
  readonly maxConnections: number;
  readonly maxPerAddress: number;
  /** Within a minute, of one address: what a busy server needs, and a tenth of what a flood would be. */
  readonly connectionsPerMinute: number;
  readonly recipientsPerMinute: number;
  /** Recipients that nobody has, in one connection: more is somebody who tries names. */
  readonly maxUnknown: number;
  /** Commands in one connection: a thousand messages have five thousand. */
  readonly maxCommands: number;
  /** Without a byte from the other side (RFC 5321 §4.5.3.2.7 asks for five minutes). */
  readonly silenceMs: number;
  /** A whole connection: who sends a byte a minute is not let to hold a place for ever. */
  readonly sessionMs: number;
}

export const listenerLimits: ListenerLimits = {
  maxBytes: mailLimits.maxMessageBytes,
  maxRecipients: mailLimits.maxRecipients,
  maxConnections: 200,
  maxPerAddress: 20,
  connectionsPerMinute: 120,
  recipientsPerMinute: 1_000,
  maxUnknown: 20,
  maxCommands: 10_000,
  silenceMs: 300_000,
  sessionMs: 3_600_000,
};

/** From another server of ours: it has limits of its own, and all mail comes through it. */
const TRUSTED: Partial<ListenerLimits> = {
  maxPerAddress: Number.POSITIVE_INFINITY,
  connectionsPerMinute: Number.POSITIVE_INFINITY,
  recipientsPerMinute: Number.POSITIVE_INFINITY,
  maxUnknown: Number.POSITIVE_INFINITY,
};

const MAX_COMMAND_CHARS = 4_096; // RFC 5321 §4.5.3.1.4: 512, and what extensions add to it
/** After a message that is too large was turned away: whoever goes on sending it is cut off. */
const DRAIN_MS = 60_000;
const STOP_MS = 5_000;

interface Connection {
  readonly source: string;
  commands: number;
  unknown: number;
  limit: NodeJS.Timeout;
}

export async function startListener(options: ListenerOptions): Promise<MailListener> {
  const { protocol, listen, name, intake, log, counters } = options;
  const limits = { ...listenerLimits, ...(protocol === "lmtp" && TRUSTED), ...options.limits };
  const connections = new Map<string, Connection>();
  const perSource = new Map<string, number>();
  const connecting = limiter(limits.connectionsPerMinute);
  const addressing = limiter(limits.recipientsPerMinute);

  const server = new SMTPServer({
    name,
    lmtp: protocol === "lmtp",
    size: limits.maxBytes,
    maxRecipients: limits.maxRecipients,
    maxClients: limits.maxConnections,
    maxCommandLength: MAX_COMMAND_CHARS,
    socketTimeout: limits.silenceMs,
    closeTimeout: STOP_MS,
    disabledCommands: options.certificate ? ["AUTH"] : ["AUTH", "STARTTLS"],
    // Names of addresses are the DNS's business, and a question that an attacker could have us wait for.
    disableReverseLookup: true,
    // Each of our answers carries its own enhanced code; the library's is made of the code alone.
    hideENHANCEDSTATUSCODES: true,
    heloResponse: "%s greets %s",
    hideDSN: true,
    ...options.certificate,
    logger: { ...quiet, debug: countCommand },
    onConnect: (session, done) => void connected(session).then(() => done(), refuse(done)),
    onMailFrom: (_address, _session, done) => done(),
    onRcptTo: ({ address }, session, done) => void addressed(address, session).then(() => done(), refuse(done)),
    onData(stream, session, done) {
      void receive(stream, session).then(
        (id) => done(null, `2.6.0 Taken as ${id}`),
        (error: unknown) => done(told(error, session)),
      );
    },
    onClose: ({ id }) => forget(id),
  });
  server.on("error", (error) => log.debug({ err: error, protocol }, "a connection of another mail server"));

  /* ---------- a connection ---------- */

  async function connected({ id, remoteAddress }: SMTPServerSession): Promise<void> {
    const source = addressKey(remoteAddress);
    const count = (perSource.get(source) ?? 0) + 1;
    perSource.set(source, count);
    const limit = setTimeout(
      () => hangUp(id, 421, "4.4.2 This connection has been open for too long."),
      limits.sessionMs,
    );
    limit.unref();
    connections.set(id, { source, commands: 0, unknown: 0, limit });
    counters.connections.inc({ protocol });
    if (count > limits.maxPerAddress) throw refusal(421, "4.7.0", "Too many connections from your address.", "busy");
    await spend(connecting, source);
  }

  function forget(id: string): void {
    const connection = connections.get(id);
    if (!connection) return;
    connections.delete(id);
    clearTimeout(connection.limit);
    counters.connections.dec({ protocol });
    const count = (perSource.get(connection.source) ?? 1) - 1;
    if (count > 0) perSource.set(connection.source, count);
    else perSource.delete(connection.source);
  }

  function hangUp(id: string, code: number, words: string): void {
    for (const connection of server.connections) if (connection.id === id) connection.send(code, words);
  }

  /** The only place where the library tells of each command: NOOP and RSET ask nobody, and could go on for ever. */
  function countCommand(entry: unknown): void {
    const { tnx, cid } = entry as { tnx?: string; cid?: string };
    const connection = tnx === "command" && cid !== undefined ? connections.get(cid) : undefined;
    if (!connection || cid === undefined) return;
    connection.commands += 1;
    if (connection.commands === limits.maxCommands) hangUp(cid, 421, "4.7.0 Too many commands.");
  }

  /* ---------- a message ---------- */

  async function addressed(recipient: string, { id, remoteAddress }: SMTPServerSession): Promise<void> {
    const connection = connections.get(id);
    if (connection && connection.unknown >= limits.maxUnknown)
      throw refusal(421, "4.7.0", "Too many recipients that nobody has.", "guessing");
    await spend(addressing, addressKey(remoteAddress));
    const answer = await intake.accepts(recipient).catch((error: unknown) => {
      log.warn({ err: error }, "a recipient could not be looked up");
      throw error;
    });
    if (answer === "yes") return;
    if (connection) connection.unknown += 1;
    throw answer === "unknown"
      ? refusal(550, "5.1.1", "There is no such mailbox here.", "unknown")
      : refusal(550, "5.7.1", "This server takes mail for its own domains only.", "relay");
  }

  async function receive(stream: SMTPServerDataStream, session: SMTPServerSession): Promise<string> {
    const { envelope } = session;
    const { id } = await intake.take(
      {
        origin: {
          ip: protocol === "lmtp" ? "" : session.remoteAddress,
          helo: String(session.hostNameAppearsAs),
          protocol: session.transmissionType,
        },
        from: envelope.mailFrom ? envelope.mailFrom.address : "",
        recipients: envelope.rcptTo.map(({ address }) => address),
      },
      stream as AsyncIterable<Buffer>,
    );
    counters.messages.inc({ protocol, outcome: "taken" });
    log.info({ id, ip: session.remoteAddress, recipients: envelope.rcptTo.length, protocol }, "mail came in");
    return id;
  }

  function told(error: unknown, session: SMTPServerSession): Error {
    const said = refusalOf(error);
    // Reading has stopped where the limit was: what still comes is thrown away, for a while.
    if (said.code === 552)
      setTimeout(() => hangUp(session.id, 421, "4.3.4 The message is too large."), DRAIN_MS).unref();
    counters.messages.inc({ protocol, outcome: said.code >= 500 ? "refused" : "deferred" });
    const { remoteAddress: ip } = session;
    if (said.code >= 500) log.info({ ip, code: said.code, words: said.words }, "mail was refused");
    else log.warn({ err: error, ip }, "mail was not taken, and its sender will try again");
    return smtpError(said);
  }

  const refuse =
    (done: (error?: Error | null) => void) =>
    (error: unknown): void => {
      if (error instanceof Refused) counters.refusals.inc({ protocol, reason: error.reason });
      done(error instanceof Refused ? smtpError(error.refusal) : smtpError(refusalOf(error)));
    };

  if ("path" in listen) await rm(listen.path, { force: true }); // of a server that was killed
  if ("path" in listen) server.listen(listen.path);
  else server.listen(listen.port, listen.host);
  await once(server.server, "listening");
  if ("path" in listen) await chmod(listen.path, 0o660); // the group that the other mail server is in
  const address = server.server.address();
  if (address === null) throw new Error("a listener has no address");
  log.info({ protocol, address, tls: options.certificate !== undefined }, "mail from other servers is taken");

  return {
    address,
    useCertificate: (certificate) => server.updateSecureContext({ ...certificate }),
    async stop() {
      await new Promise<void>((resolve) => server.close(() => resolve()));
      for (const { limit } of connections.values()) clearTimeout(limit);
    },
  };
}

const none = () => undefined;
const quiet = { level: none, trace: none, debug: none, info: none, warn: none, error: none, fatal: none } as const;

class Refused extends Error {
  readonly refusal: Refusal;
  readonly reason: string;

  constructor(refusal: Refusal, reason: string) {
    super(refusal.words);
    this.refusal = refusal;
    this.reason = reason;
  }
}

const refusal = (code: number, enhancedCode: string, words: string, reason: string): Refused =>
  new Refused({ code, enhancedCode, words }, reason);

const smtpError = ({ code, enhancedCode, words }: Refusal): Error =>
  Object.assign(new Error(`${enhancedCode} ${words}`), { responseCode: code });

const limiter = (points: number): RateLimiterMemory | undefined =>
  Number.isFinite(points) ? new RateLimiterMemory({ points, duration: 60 }) : undefined;

async function spend(limiter: RateLimiterMemory | undefined, source: string): Promise<void> {
  try {
    await limiter?.consume(source);
  } catch (error) {
    if (error instanceof RateLimiterRes)
      throw refusal(451, "4.7.1", "Too much at once. Try again in a minute.", "rate");
    throw error;
  }
}

/** One set for all listeners of a server. */
export interface InboundCounters {
  readonly connections: Gauge<"protocol">;
  readonly messages: Counter<"protocol" | "outcome">;
  readonly refusals: Counter<"protocol" | "reason">;
}

export function createInboundCounters(metrics: Metrics): InboundCounters {
  return {
    connections: new Gauge({
      name: "kontor_mail_inbound_connections",
      help: "Open connections of other mail servers, by protocol",
      labelNames: ["protocol"],
      registers: [metrics],
    }),
    messages: new Counter({
      name: "kontor_mail_inbound_messages_total",
      help: "Messages that other servers handed over: taken, refused for good, or deferred",
      labelNames: ["protocol", "outcome"],
      registers: [metrics],
    }),
    refusals: new Counter({
      name: "kontor_mail_inbound_refusals_total",
      help: "Connections and recipients that were turned away, by reason",
      labelNames: ["protocol", "reason"],
      registers: [metrics],
    }),
  };
}
