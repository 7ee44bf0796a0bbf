import SMTPConnection from "nodemailer/lib/smtp-connection";
import XOAuth2 from "nodemailer/lib/xoauth2";
import type { Readable } from "node:stream";
import type { SubmissionAuth } from "#mail";
import type { SmtpError } from "./answers.ts";
import { EscapedMessage } from "./escapedMessage.ts";

/** One connection to a mail server, as promises. */
export interface Session {
  /** What the server said that it can, upper case, without arguments. */
  readonly extensions: ReadonlySet<string>;
  readonly encrypted: boolean;
  /** Messages that went through it. */
  sent: number;
  isAlive(): boolean;
  send(message: OutgoingMessage): Promise<SendResult>;
  /** Says goodbye; does not wait for the answer. */
  end(): void;
  /** At once, whatever is under way. */
  destroy(): void;
}

export interface OutgoingMessage {
  readonly from: string;
  readonly recipients: readonly string[];
  readonly envelopeId: string;
  readonly size: number;
  readonly raw: Readable | Buffer;
  readonly signal: AbortSignal;
}

export interface SendResult {
  readonly refused: readonly SmtpError[];
  readonly outcome: { readonly response: string } | { readonly error: SmtpError };
  readonly handedOver: boolean;
  readonly unreachable?: boolean;
}

/** Where to, and what is asked of the connection. */
export interface Target {
  readonly host: string;
  readonly port: number;
  /** Whose certificate is expected, and who is asked for by name (SNI). */
  readonly serverName: string;
  readonly tls: "implicit" | "required" | "opportunistic" | "none";
  readonly ca?: string;
  readonly auth?: SubmissionAuth;
}

export interface SessionTimeouts {
  readonly connectMs: number;
  readonly greetingMs: number;
  /** Silence, also while waiting for the answer to the final dot. */
  readonly silenceMs: number;
}

/** RFC 5321 §4.5.3.2: five minutes for a greeting and a command, ten for what follows the final dot. */
export const sessionTimeouts: SessionTimeouts = { connectMs: 60_000, greetingMs: 300_000, silenceMs: 600_000 };

const CLOSE_MS = 1_000; // for the far side's FIN after our QUIT; it has nothing more to say

/** Throws what nodemailer makes of a refusal, a timeout or a broken line. */
export async function openSession(
  target: Target,
  { name, timeouts, signal }: { name: string; timeouts: SessionTimeouts; signal: AbortSignal },
): Promise<Session> {
  const connection = new SMTPConnection({
    host: target.host,
    port: target.port,
    name,
    secure: target.tls === "implicit",
    requireTLS: target.tls === "required",
    ignoreTLS: target.tls === "none",
    connectionTimeout: timeouts.connectMs,
    greetingTimeout: timeouts.greetingMs,
    socketTimeout: timeouts.silenceMs,
    socketCloseTimeout: CLOSE_MS,
    tls: tlsOptions(target),
  });
  let failure: Error | undefined;
  connection.on("error", (error: Error) => {
    failure = error;
  });
  const stopped = abortable(signal, () => connection.close());
  try {
    await stopped.race<void>((resolve, reject) => {
      connection.once("error", reject);
      connection.connect((error) => (error ? reject(error) : resolve()));
    });
    if (target.auth) await stopped.race<void>((resolve, reject) => signIn(connection, target.auth, resolve, reject));
  } catch (error) {
    // A handshake that fails comes as an error of the socket, as any other.
    const isTls = connection.upgrading === true;
    connection.close();
    throw isTls ? Object.assign(error as Error, { code: "ETLS" }) : error;
  } finally {
    stopped.release();
  }
  return sessionOver(connection, extensionsOf(connection.lastServerResponse), () => failure === undefined);
}

/**
 * Between strangers, a certificate that nobody vouches for is better than no encryption, and so is an old version of TLS
 * (RFC 7435); whoever is on the line could take STARTTLS out of the answer anyway. To a relay that we know, nothing but a
 * trusted one is good enough.
 */
function tlsOptions({ tls, serverName, ca }: Target) {
  if (tls === "opportunistic")
    return {
      servername: serverName,
      rejectUnauthorized: false,
      minVersion: "TLSv1" as const,
      ciphers: "DEFAULT:@SECLEVEL=0",
    };
  return { servername: serverName, rejectUnauthorized: true, minVersion: "TLSv1.2" as const, ...(ca && { ca }) };
}

function signIn(
  connection: SMTPConnection,
  auth: SubmissionAuth | undefined,
  resolve: () => void,
  reject: (error: Error) => void,
): void {
  if (!auth) return resolve();
  const credentials =
    "password" in auth
      ? { user: auth.user, pass: auth.password }
      : { user: auth.user, oauth2: new XOAuth2({ user: auth.user, accessToken: auth.accessToken }) };
  connection.login(credentials, (error) => (error ? reject(error) : resolve()));
}

function sessionOver(connection: SMTPConnection, extensions: ReadonlySet<string>, isWell: () => boolean): Session {
  const session: Session = {
    extensions,
    encrypted: connection.secure,
    sent: 0,
    isAlive: () => isWell() && !connection.destroyed,
    async send({ from, recipients, envelopeId, size, raw, signal }) {
      const envelope: SMTPConnection.Envelope & { readonly rejectedErrors?: readonly SmtpError[] } = {
        from,
        to: [...recipients],
        size,
        use8BitMime: true,
        dsn: { envid: envelopeId, ret: "HDRS", notify: from === "" ? ["NEVER"] : ["FAILURE", "DELAY"] },
      };
      let handedOver = false;
      const onHandedOver = () => {
        handedOver = true;
      };
      const message = Buffer.isBuffer(raw) ? new EscapedMessage(raw, onHandedOver) : raw.once("end", onHandedOver);
      const stopped = abortable(signal, () => connection.close());
      try {
        const { response, rejectedErrors } = await stopped.race<SMTPConnection.SentMessageInfo>((resolve, reject) =>
          connection.send(envelope, message, (error, info) => (error ? reject(error) : resolve(info))),
        );
        session.sent += 1;
        return { refused: rejectedErrors ?? [], outcome: { response }, handedOver };
      } catch (error) {
        return { refused: envelope.rejectedErrors ?? [], outcome: { error: error as SmtpError }, handedOver };
      } finally {
        stopped.release();
        message.destroy();
      }
    },
    end: () => (connection.destroyed ? undefined : connection.quit()),
    destroy: () => connection.close(),
  };
  return session;
}

/** The answer to EHLO: `250-mx.example.com\n250-SIZE 1000\n250 SMTPUTF8`. */
function extensionsOf(response: string | false): ReadonlySet<string> {
  const lines = (response || "").split(/\r?\n/).slice(1);
  return new Set(lines.map((line) => line.slice(4).split(" ")[0]?.toUpperCase() ?? ""));
}

/** nodemailer forgets what was under way when it is closed: whoever waits is told here. */
function abortable(signal: AbortSignal, stop: () => void) {
  let refuse: ((error: Error) => void) | undefined;
  const onAbort = () => {
    stop();
    refuse?.(new Error("The server is stopping."));
  };
  signal.addEventListener("abort", onAbort, { once: true });
  return {
    race: <Value>(run: (resolve: (value: Value) => void, reject: (error: Error) => void) => void): Promise<Value> =>
      new Promise<Value>((resolve, reject) => {
        refuse = reject;
        if (signal.aborted) onAbort();
        else run(resolve, reject);
      }),
    release: () => signal.removeEventListener("abort", onAbort),
  };
}
