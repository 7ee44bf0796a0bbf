/**
 * One small family of errors. A feature throws them; only the edges (HTTP, sync frame, job attempt, IPC, interface)
 * translate them, each by a table over `ErrorCode`. What a subject may not see answers `notFound` (VIS-2).
 */
export const errorCodes = [
  "notFound",
  "forbidden",
  "unauthenticated",
  "invalid",
  "conflict",
  "tooLarge",
  "rateLimited",
  "unavailable",
  "outdated",
  "internal",
] as const;
export type ErrorCode = (typeof errorCodes)[number];

/** One thing wrong with one field; `reason` is a stable key that the interface has words for. */
export interface FieldProblem {
  readonly field: string;
  readonly reason: string;
  readonly message: string;
  readonly limit?: number | string;
}

export interface ErrorDetails {
  /** Stable key for the words shown to a user, for example `signIn.refused`. */
  readonly reason: string;
  readonly problems?: readonly FieldProblem[];
  readonly retryAfterMs?: number;
  readonly params?: Readonly<Record<string, string | number>>;
}

export class DomainError extends Error {
  override readonly name = "DomainError";
  readonly code: ErrorCode;
  readonly details: ErrorDetails;

  constructor(code: ErrorCode, message: string, details: ErrorDetails, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.details = details;
  }
}

export const isDomainError = (error: unknown): error is DomainError => error instanceof DomainError;

const FOR_GOOD = {
  notFound: true,
  forbidden: true,
  unauthenticated: false,
  invalid: true,
  conflict: true,
  tooLarge: true,
  rateLimited: false,
  unavailable: false,
  outdated: false,
  internal: false,
} satisfies Record<ErrorCode, boolean>;

/** SYN-6: whether sending the same thing again can ever succeed. A code from a newer server means "try again". */
export const isForGood = (code: string): boolean => (FOR_GOOD as Record<string, boolean | undefined>)[code] ?? false;
