import type { Response } from "express";
import { ZodError } from "zod";
import { DomainError, isDomainError, type ErrorCode, type FieldProblem } from "@kontor/shared/base";
import type { Log } from "../log.ts";

const STATUS = {
  notFound: 404,
  forbidden: 403,
  unauthenticated: 401,
  invalid: 422,
  conflict: 409,
  tooLarge: 413,
  rateLimited: 429,
  unavailable: 503,
  outdated: 426,
  internal: 500,
} satisfies Record<ErrorCode, number>;

const TITLE = {
  notFound: "Not found",
  forbidden: "Not allowed",
  unauthenticated: "Sign in first",
  invalid: "The input is not valid",
  conflict: "Conflict",
  tooLarge: "Too large",
  rateLimited: "Too many attempts",
  unavailable: "Not available now",
  outdated: "Version too old",
  internal: "Something went wrong here",
} satisfies Record<ErrorCode, string>;

/** Answers with problem details (RFC 9457). An unknown error is logged under the request's id, and only the id is told. */
export function sendProblem(
  response: Response,
  thrown: unknown,
  { requestId, log }: { requestId: string; log: Log },
): void {
  const error = toDomainError(thrown);
  if (error.code === "internal" || error.code === "unavailable")
    log.error({ err: thrown, requestId }, "request failed");
  if (response.headersSent) {
    response.destroy(); // the body is under way: an aborted transfer is the only honest signal left
    return;
  }
  const status = statusOf(error.code, response);
  if (error.details.retryAfterMs !== undefined)
    response.setHeader("retry-after", Math.ceil(error.details.retryAfterMs / 1000));
  if (error.code === "unauthenticated") response.setHeader("www-authenticate", "Bearer");
  response
    .status(status)
    .type("application/problem+json")
    .send(
      JSON.stringify({
        type: `urn:kontor:problem:${error.details.reason}`,
        title: TITLE[error.code],
        status,
        detail: error.message,
        code: error.code,
        reason: error.details.reason,
        requestId,
        ...(error.details.params ? { params: error.details.params } : {}),
        ...(error.details.problems ? { problems: error.details.problems } : {}),
        ...(error.details.retryAfterMs === undefined ? {} : { retryAfterMs: error.details.retryAfterMs }),
      }),
    );
}

/** An endpoint of an outside standard says 400 where ours say 422. */
const statusOf = (code: ErrorCode, { locals }: Response): number =>
  code === "invalid" && typeof locals.invalidStatus === "number" ? locals.invalidStatus : STATUS[code];

export function toDomainError(thrown: unknown): DomainError {
  if (isDomainError(thrown)) return thrown;
  if (thrown instanceof ZodError)
    return new DomainError("invalid", "Some of the input is not valid.", {
      reason: "input.invalid",
      problems: fieldProblems(thrown),
    });
  const { type, status, limit, code } = (thrown ?? {}) as {
    type?: string;
    status?: number;
    limit?: number;
    code?: string;
  };
  if (type === "entity.too.large")
    return new DomainError("tooLarge", `The body is larger than ${limit} bytes.`, {
      reason: "body.tooLarge",
      params: { limit: limit ?? 0 },
    });
  if (type === "entity.parse.failed")
    return new DomainError("invalid", "The body is not valid JSON.", { reason: "body.notJson" });
  if (status === 404) return new DomainError("notFound", "There is nothing here.", { reason: "route.unknown" });
  // What Express and its parsers refuse: unreadable addresses, encodings, ranges.
  if (status !== undefined && status >= 400 && status < 500)
    return new DomainError("invalid", "The request cannot be read.", { reason: "request.malformed" });
  // PostgreSQL's words for a NUL character in a text or in JSON; any field that takes text can be sent one.
  if (code === "22021" || code === "22P05")
    return new DomainError("invalid", "A text contains a character that cannot be kept (U+0000).", {
      reason: "text.unstorable",
    });
  if (code === "ECONNREFUSED" || code === "57P01" || code === "08006" || code === "53300") {
    return new DomainError(
      "unavailable",
      "The database does not answer now. Nothing was changed; try again in a moment.",
      { reason: "database.unavailable", retryAfterMs: 2_000 },
      thrown,
    );
  }
  return new DomainError(
    "internal",
    "Something went wrong here. The request id helps the administrator to find out what.",
    { reason: "internal" },
    thrown,
  );
}

const fieldProblems = (error: ZodError): FieldProblem[] =>
  error.issues.slice(0, 50).map((issue) => ({
    field: issue.path.join("."),
    reason: `input.${issue.code}`,
    message: issue.message,
    ...limitOf(issue),
  }));

function limitOf(issue: ZodError["issues"][number]): { limit?: number } {
  if (issue.code === "too_big") return { limit: Number(issue.maximum) };
  if (issue.code === "too_small") return { limit: Number(issue.minimum) };
  return {};
}
