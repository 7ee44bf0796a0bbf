import { pino, type DestinationStream } from "pino";
import { isDomainError } from "@kontor/shared/base";

export type Log = pino.Logger;

// Whatever could open a door, at the depths where requests, errors and configuration carry it.
const SECRETS = ["password", "token", "secret", "authorization", "cookie", "secretAccessKey", "databaseUrl", "key"];
const redactedPaths = SECRETS.flatMap((name) => [name, `*.${name}`, `*.*.${name}`, `*.*.*.${name}`]).concat([
  'req.headers["set-cookie"]',
  'res.headers["set-cookie"]',
]);

export function createLog({ level, destination }: { level: string; destination?: DestinationStream }): Log {
  const options = {
    level,
    redact: { paths: redactedPaths, censor: "[secret]" },
    base: null,
    serializers: { err: errorForLog },
    timestamp: pino.stdTimeFunctions.isoTime,
  };
  return destination ? pino(options, destination) : pino(options);
}

/** Errors of libraries carry their connections, requests and passwords with them: only what tells what happened is kept. */
function errorForLog(error: unknown): object | string {
  if (!(error instanceof Error)) {
    const { message } = (error ?? {}) as { message?: unknown }; // libraries also throw plain objects
    return typeof message === "string" ? { message } : String(error);
  }
  const { code, constraint, table } = error as { code?: unknown; constraint?: unknown; table?: unknown };
  return {
    type: error.name,
    message: error.message,
    stack: error.stack,
    ...(code === undefined ? {} : { code }),
    ...(constraint === undefined ? {} : { constraint, table }),
    ...(isDomainError(error) ? { details: error.details } : {}),
    ...(error.cause === undefined ? {} : { cause: errorForLog(error.cause) }),
  };
}
