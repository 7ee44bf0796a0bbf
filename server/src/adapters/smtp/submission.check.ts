import type { AccountReason } from "@kontor/shared/mail";
import { AccountFailure, cleanWords, type SubmissionCheck } from "#mail";
import { addressesOf, resolveBySystem, type ResolveHost } from "../imap/index.ts";
import type { SmtpError } from "./answers.ts";
import { openSession } from "./smtp.session.ts";

/** Somebody waits for the answer in front of a form. */
const TIMEOUTS = { connectMs: 15_000, greetingMs: 15_000, silenceMs: 20_000 };

export interface SubmissionOptions {
  /** What this server calls itself (EHLO). */
  readonly name: string;
  readonly ca?: string;
  readonly allowPrivate: boolean;
  readonly resolve?: ResolveHost;
}

/** Signs in where an account's mail would be handed over, and leaves without a message. */
export function createSubmissionCheck(options: SubmissionOptions): SubmissionCheck {
  const { name, ca, allowPrivate, resolve = resolveBySystem } = options;
  return {
    async check({ host, port, security, user, secret }) {
      try {
        const [address = host] = await addressesOf(host, { resolve, allowInner: allowPrivate });
        const tls = ({ tls: "implicit", starttls: "required", none: "none" } as const)[security];
        const auth =
          secret.kind === "password" ? { user, password: secret.password } : { user, accessToken: secret.accessToken };
        const session = await openSession(
          { host: address, port, serverName: host, tls, auth, ...(ca !== undefined && { ca }) },
          { name, timeouts: TIMEOUTS, signal: new AbortController().signal },
        );
        session.end();
      } catch (error) {
        throw failureOf(error, secret.kind);
      }
    },
  };
}

function failureOf(error: unknown, secretKind: "password" | "oauth"): AccountFailure {
  if (error instanceof AccountFailure) return error;
  const { code = "", message = "", response, responseCode } = error as Partial<SmtpError>;
  const words = cleanWords(response ?? "").replace(/^\d{3}[ -]/, "");
  const reason = reasonOf(code, message, responseCode, secretKind);
  return new AccountFailure(reason, words || undefined, error);
}

function reasonOf(
  code: string,
  message: string,
  responseCode: number | undefined,
  secretKind: "password" | "oauth",
): AccountReason {
  if (/certificate|altnames|self-signed|CERT_|unable to verify/i.test(message)) return "tls.certificate";
  if (/wrong version number|packet length too long/i.test(message)) return "tls.missing";
  if (code === "ETLS") return "tls.missing";
  if (code === "EAUTH" && responseCode !== undefined && responseCode < 500) return "busy";
  if (code === "EAUTH" && /mechanism|not supported|missing credentials/i.test(message)) return "auth.method";
  if (code === "EAUTH") return secretKind === "oauth" ? "auth.expired" : "auth";
  if (/ENOTFOUND|EAI_AGAIN/.test(code + message)) return "dns";
  if (/ECONNREFUSED/.test(code + message)) return "refused";
  if (/EHOSTUNREACH|ENETUNREACH/.test(code + message)) return "unreachable";
  if (code === "ETIMEDOUT" || /timeout/i.test(message)) return "timeout";
  if (code === "EPROTOCOL" || /greeting/i.test(message)) return "protocol";
  if (responseCode !== undefined) return responseCode < 500 ? "busy" : "server";
  return "closed";
}
