import { pino } from "pino";

export type Log = pino.Logger;

// Whatever could open a door, at the depths where requests, errors and configuration carry it.
const SECRETS = ["password", "token", "secret", "authorization", "cookie", "secretAccessKey", "databaseUrl", "key"];
const redactedPaths = SECRETS.flatMap((name) => [name, `*.${name}`, `*.*.${name}`, `*.*.*.${name}`]).concat([
  'req.headers["set-cookie"]',
  'res.headers["set-cookie"]',
]);

export function createLog({ level }: { level: string }): Log {
  return pino({
    level,
    redact: { paths: redactedPaths, censor: "[secret]" },
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
  });
}
