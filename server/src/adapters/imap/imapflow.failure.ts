import type { AccountReason } from "@kontor/shared/mail";
import { AccountFailure, cleanWords } from "#mail";

/** What libraries put on their errors, as far as it is read here; none of it is trusted to be there. */
interface FarError {
  readonly code?: unknown;
  readonly message?: unknown;
  readonly authenticationFailed?: unknown;
  readonly tlsFailed?: unknown;
  readonly serverResponseCode?: unknown;
  readonly responseText?: unknown;
  readonly responseStatus?: unknown;
  readonly response?: unknown;
  readonly reason?: unknown;
}

/** Errors of sockets, of DNS, and of the library; what is not here is decided by the answer's own code and words. */
const BY_CODE: Readonly<Record<string, AccountReason>> = {
  ENOTFOUND: "dns",
  EAI_AGAIN: "dns",
  EAI_NODATA: "dns",
  ECONNREFUSED: "refused",
  EHOSTUNREACH: "unreachable",
  ENETUNREACH: "unreachable",
  EADDRNOTAVAIL: "unreachable",
  ETIMEDOUT: "timeout",
  ETIMEOUT: "timeout",
  CONNECT_TIMEOUT: "timeout",
  GREETING_TIMEOUT: "timeout",
  UPGRADE_TIMEOUT: "timeout",
  ECONNRESET: "closed",
  EPIPE: "closed",
  NoConnection: "closed",
  EConnectionClosed: "closed",
  StateLogout: "closed",
  ClosedAfterConnectText: "closed",
  ClosedAfterConnectTLS: "closed",
  ETHROTTLE: "busy",
  EPROTO: "tls.failed",
  // TLS was spoken to a server that answered in plain text.
  ERR_SSL_WRONG_VERSION_NUMBER: "tls.missing",
  ERR_SSL_PACKET_LENGTH_TOO_LONG: "tls.missing",
  ERR_TLS_CERT_ALTNAME_INVALID: "tls.certificate",
  DEPTH_ZERO_SELF_SIGNED_CERT: "tls.certificate",
  SELF_SIGNED_CERT_IN_CHAIN: "tls.certificate",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "tls.certificate",
  UNABLE_TO_GET_ISSUER_CERT: "tls.certificate",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "tls.certificate",
  HOSTNAME_MISMATCH: "tls.certificate",
  InvalidResponse: "protocol",
  MissingTag: "protocol",
  UnexpectedTag: "protocol",
  STARTTLS_INJECTION: "tls.failed",
};

/** Response codes of RFC 5530 and RFC 3501. */
const BY_RESPONSE: Readonly<Record<string, AccountReason>> = {
  AUTHENTICATIONFAILED: "auth",
  AUTHORIZATIONFAILED: "auth",
  EXPIRED: "auth.expired",
  PRIVACYREQUIRED: "tls.missing",
  UNAVAILABLE: "busy",
  OVERQUOTA: "overQuota",
};

const APP_PASSWORD = /app(?:lication)?[- ]?(?:specific[- ]?)?password|пароль (?:для )?(?:внешн\S* )?приложени/i;
const IMAP_DISABLED =
  /imap (?:access )?(?:is )?(?:disabled|not enabled|turned off)|not enabled for imap|imap.{0,20}отключ|does not have access rights to this service/i;
/** Connections and requests; too many keywords or folders are a refusal of what was asked. */
const TOO_MANY =
  /too many (?!\S*\s?(?:keyword|flag|label|mailbox|folder|message))|maximum number of connections|rate limit|throttl|try again later/i;

const text = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined);

/** Why it failed, by what the library and the server say. Secrets are in none of the texts that are read here. */
export function failureOf(error: unknown, secretKind?: "password" | "oauth"): AccountFailure {
  if (error instanceof AccountFailure) return error;
  const far = (typeof error === "object" && error !== null ? error : {}) as FarError;
  const said = text(far.responseText) ?? text(far.response) ?? text(far.reason);
  const words = cleanWords(said ?? "");
  return new AccountFailure(reasonOf(far, words, secretKind), words || undefined, error);
}

function reasonOf(far: FarError, words: string, secretKind: "password" | "oauth" | undefined): AccountReason {
  const response = text(far.serverResponseCode)?.toUpperCase() ?? "";
  if (far.authenticationFailed === true) return authReason(response, words, secretKind);
  const code = text(far.code) ?? "";
  const known = BY_CODE[code] ?? BY_RESPONSE[response];
  if (known !== undefined) return known;
  if (/^(?:CERT_|ERR_TLS_CERT)/.test(code)) return "tls.certificate";
  if (/^ERR_(?:SSL|TLS)_/.test(code)) return "tls.failed";
  if (/^ParserError|TooLarge$|^TooMany/.test(code)) return "protocol";
  const message = text(far.message) ?? "";
  if (/STARTTLS/i.test(message)) return "tls.missing";
  if (far.tlsFailed === true) return "tls.failed";
  if (/Unsupported authentication mechanism/.test(message)) return "auth.method";
  if (TOO_MANY.test(words)) return "busy";
  return text(far.responseStatus) === undefined && words === "" ? "internal" : "server";
}

/** A refused sign-in: what providers say about it is the only way to tell the ways apart. */
function authReason(response: string, words: string, secretKind: "password" | "oauth" | undefined): AccountReason {
  if (["UNAVAILABLE", "LIMIT", "INUSE"].includes(response) || TOO_MANY.test(words)) return "busy";
  if (IMAP_DISABLED.test(words)) return "auth.imapDisabled";
  if (APP_PASSWORD.test(words)) return "auth.appPassword";
  if (response === "PRIVACYREQUIRED") return "tls.missing";
  if (secretKind === "oauth") return "auth.expired";
  return "auth";
}
