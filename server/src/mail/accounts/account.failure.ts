import { isDomainError } from "@kontor/shared/base";
import type { AccountReason } from "@kontor/shared/mail";

/**
 * Why something with an external account did not work: a stable key, and the far server's own words, cleaned. Thrown by
 * adapters; the worker decides by `whatNext` and the edge turns it into an answer.
 */
export class AccountFailure extends Error {
  override readonly name = "AccountFailure";
  readonly reason: AccountReason;
  /** What the far server said, fit to be shown. */
  readonly words: string | undefined;

  constructor(reason: AccountReason, words?: string, cause?: unknown) {
    super(words === undefined ? reason : `${reason}: ${words}`, cause === undefined ? undefined : { cause });
    this.reason = reason;
    this.words = words;
  }
}

/** `signIn`: only its owner can mend it, and asking the provider again would lock the account. `again`: it may pass. */
export const whatNext = {
  dns: "again",
  refused: "again",
  unreachable: "again",
  timeout: "again",
  innerNetwork: "signIn",
  "tls.certificate": "again",
  "tls.missing": "again",
  "tls.failed": "again",
  protocol: "again",
  auth: "signIn",
  "auth.appPassword": "signIn",
  "auth.imapDisabled": "signIn",
  "auth.expired": "signIn",
  "auth.method": "signIn",
  busy: "again",
  overQuota: "again",
  server: "again",
  closed: "again",
  internal: "again",
} as const satisfies Record<AccountReason, "signIn" | "again">;

/** The provider said no to this; everything else (a broken connection, a sign-in that ended) is not about what was asked. */
export const isRefusal = (error: unknown): boolean =>
  error instanceof AccountFailure && (error.reason === "server" || error.reason === "overQuota");

/** It will be possible when there is room again. */
export const isOverQuota = (error: unknown): boolean => error instanceof AccountFailure && error.reason === "overQuota";

/** The server refuses something about one folder, or ours was deleted meanwhile: nothing that ends the session. */
export const isAboutFolder = (error: unknown): boolean =>
  error instanceof AccountFailure
    ? error.reason === "server"
    : isDomainError(error) && error.details.reason === "folder.notFound";
