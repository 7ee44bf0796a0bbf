import { createHash } from "node:crypto";
import { isIP } from "node:net";
import { domainToASCII } from "node:url";
import type { MailDns } from "#mail";
import { cleanWords, type RecipientAnswer, type Route, type Transmission, type Transport } from "#mail";
import { answersOf, type SmtpError } from "./answers.ts";
import { findExchanges } from "./mx.ts";
import {
  openSession,
  sessionTimeouts,
  type SendResult,
  type Session,
  type SessionTimeouts,
  type Target,
} from "./smtp.session.ts";

export interface SmtpTransportOptions {
  readonly dns: MailDns;
  /** What this server calls itself (EHLO). */
  readonly name: string;
  /** See `findExchanges`. */
  readonly allowPrivate: boolean;
  /** Where other servers take mail. Default: 25. */
  readonly mxPort?: number;
  readonly timeouts?: SessionTimeouts;
}

/** Connections that wait for the next message. More are closed at once: the far server counts them, too. */
const MAX_IDLE = 50;
/** Postfix gives up an idle client after 5 minutes, others after 10 seconds; a burst of mail comes faster. */
const IDLE_MS = 5_000;
/**
 * Of one connection. Servers of strangers seldom like more than the first; a relay or a provider that knows us takes as many as
 * Exim does where nobody has set it (smtp_accept_max_per_connection). One that takes fewer says 421, and gets a new connection.
 */
const MAX_MESSAGES = { toStrangers: 100, toKnown: 1_000 };

/** Port `Transport` by SMTP, with nodemailer's client and a pool of our own: which message goes where is known only here. */
export function createSmtpTransport(options: SmtpTransportOptions): Transport {
  const { dns, name, allowPrivate, mxPort = 25, timeouts = sessionTimeouts } = options;
  const pool = createPool();

  async function attempt(target: Target, message: Wire): Promise<SendResult> {
    const key = keyOf(target);
    const idle = pool.take(key);
    if (idle) {
      const result = await attemptOver(idle, key, message);
      // It had been closed at the other end, or is being closed (421): that is no news about the message.
      if (!("error" in result.outcome) || result.handedOver || !isAboutTheConnection(result.outcome.error))
        return result;
    }
    try {
      return await attemptOver(await open(target, message.signal), key, message);
    } catch (error) {
      const unreachable = !message.signal.aborted;
      return { refused: [], outcome: { error: error as SmtpError }, handedOver: false, unreachable };
    }
  }

  async function open(target: Target, signal: AbortSignal): Promise<Session> {
    try {
      return await openSession(target, { name, timeouts, signal });
    } catch (error) {
      // No agreement on TLS with a stranger: what would have gone in the clear if it had offered none goes in the clear.
      if (target.tls !== "opportunistic" || (error as SmtpError).code !== "ETLS") throw error;
      return openSession({ ...target, tls: "none" }, { name, timeouts, signal });
    }
  }

  async function attemptOver(session: Session, key: string, message: Wire): Promise<SendResult> {
    if (message.needsUtf8 && !session.extensions.has("SMTPUTF8")) {
      pool.give(key, session);
      return { refused: [], outcome: { error: NO_UTF8 }, handedOver: false };
    }
    const result = await session.send({ ...message, raw: message.raw() });
    const { outcome } = result;
    const most = MAX_MESSAGES[message.isForStrangers ? "toStrangers" : "toKnown"];
    if ("response" in outcome && session.sent < most) pool.give(key, session);
    // After a refusal, some servers count their errors and some forget to forget: a new connection is cheap then.
    else if ("response" in outcome || outcome.error.response) session.end();
    // In the middle of the message: whatever was said now would be taken for a part of it.
    else session.destroy();
    return result;
  }

  return {
    async transmit(transmission) {
      const { route, envelope } = transmission;
      const message = onTheWire(transmission);
      const answers = (result: SendResult): readonly RecipientAnswer[] =>
        answersOf({ ...result, route, recipients: message.recipients }).map((answer, at) => ({
          ...answer,
          recipient: envelope.recipients[at] ?? answer.recipient,
        }));
      const toAll = (answer: Omit<RecipientAnswer, "recipient">): readonly RecipientAnswer[] =>
        envelope.recipients.map((recipient) => ({ recipient, ...answer }));

      try {
        if (route.kind !== "mx") return answers(await attempt(targetOf(route), message));
        const exchanges = await findExchanges(asciiDomain(route.domain), { dns, ownName: name, allowPrivate });
        if (exchanges.kind === "never") return toAll({ ...exchanges, kind: "permanent" });
        if (exchanges.kind === "later") return toAll({ kind: "connection", words: exchanges.words, unreachable: true });
        let result: SendResult | undefined;
        for (const host of exchanges.hosts) {
          result = await attempt(
            { host: host.address, port: mxPort, serverName: isIP(host.name) ? "" : host.name, tls: "opportunistic" },
            message,
          );
          if (!isAboutTheHost(result) || message.signal.aborted) break;
        }
        return result ? answers(result) : toAll({ kind: "connection", words: "" });
      } catch (error) {
        return toAll({ kind: "connection", words: cleanWords((error as Error).message) });
      }
    },
    close: () => pool.close(),
  };
}

const NO_UTF8: SmtpError = {
  message: "The far server takes no addresses with letters beyond ASCII.",
  command: "MAIL FROM",
  response: "553 5.6.7 The far server takes no addresses with letters beyond ASCII.",
  responseCode: 553,
};

const isAboutTheConnection = ({ response, responseCode }: SmtpError): boolean =>
  response === undefined || response === "" || responseCode === 421;

/** Whether the next host may be tried: this one said nothing about the message, and cannot have taken it. */
function isAboutTheHost(result: SendResult): boolean {
  if (!("error" in result.outcome) || result.handedOver) return false;
  const [answer] = answersOf({ ...result, route: { kind: "mx", domain: "" }, recipients: [""] });
  return answer?.kind === "connection" || result.outcome.error.responseCode === 421;
}

interface Wire {
  readonly from: string;
  readonly recipients: readonly string[];
  readonly envelopeId: string;
  readonly size: number;
  readonly needsUtf8: boolean;
  readonly isForStrangers: boolean;
  readonly signal: AbortSignal;
  raw(): ReturnType<Transmission["raw"]>;
}

function onTheWire({ envelope, size, signal, raw, route }: Transmission): Wire {
  const from = asciiAddress(envelope.from);
  const recipients = envelope.recipients.map(asciiAddress);
  return {
    from,
    recipients,
    envelopeId: envelope.envelopeId,
    size,
    needsUtf8: [from, ...recipients].some((address) => !isAscii(address)),
    isForStrangers: route.kind === "mx",
    signal,
    raw,
  };
}

// oxlint-disable-next-line no-control-regex -- all of ASCII
const isAscii = (text: string): boolean => /^[\u0000-\u007f]*$/.test(text);

/** A domain beyond ASCII goes as the DNS has it, which every server takes; a local part cannot (RFC 6531 §3.2). */
function asciiAddress(address: string): string {
  const at = address.lastIndexOf("@");
  return at < 0 ? address : `${address.slice(0, at)}@${asciiDomain(address.slice(at + 1))}`;
}

const asciiDomain = (domain: string): string =>
  domain.startsWith("[") || isAscii(domain) ? domain : domainToASCII(domain) || domain;

function targetOf(route: Exclude<Route, { kind: "mx" }>): Target {
  const { host, port, security, auth, ca } = route;
  const tls = ({ tls: "implicit", starttls: "required", none: "none" } as const)[security];
  return { host, port, serverName: isIP(host) ? "" : host, tls, ...(auth && { auth }), ...(ca && { ca }) };
}

/** Whoever signs in otherwise, or with another password, does not get the connection of the one before. */
const keyOf = ({ host, port, tls, auth }: Target): string =>
  `${tls} ${host} ${port} ${auth ? createHash("sha256").update(JSON.stringify(auth)).digest("base64") : ""}`;

function createPool() {
  const idle = new Map<string, Set<Session>>();
  const timers = new Map<Session, NodeJS.Timeout>();
  let closed = false;

  function forget(key: string, session: Session): void {
    clearTimeout(timers.get(session));
    timers.delete(session);
    const sessions = idle.get(key);
    sessions?.delete(session);
    if (sessions?.size === 0) idle.delete(key);
  }

  return {
    take(key: string): Session | undefined {
      for (const session of idle.get(key) ?? []) {
        forget(key, session);
        if (session.isAlive()) return session;
      }
      return undefined;
    },
    give(key: string, session: Session): void {
      if (closed || !session.isAlive() || timers.size >= MAX_IDLE) return session.end();
      const sessions = idle.get(key) ?? new Set();
      idle.set(key, sessions.add(session));
      const timer = setTimeout(() => {
        forget(key, session);
        session.end();
      }, IDLE_MS);
      timer.unref();
      timers.set(session, timer);
    },
    close(): void {
      closed = true;
      for (const session of timers.keys()) session.destroy();
      for (const timer of timers.values()) clearTimeout(timer);
      timers.clear();
      idle.clear();
    },
  };
}
