import { createHash } from "node:crypto";
import { realpathSync } from "node:fs";
import { hostname } from "node:os";
import pg from "pg";
import { DomainError } from "@kontor/shared/base";

/**
 * One server per data directory. The lock is a session's advisory lock in the database: it cannot be left behind by a
 * killed process, as a file with a process id can.
 */
export async function lockDataDirectory({
  url,
  directory,
}: {
  url: string;
  directory: string;
}): Promise<{ release(): Promise<void> }> {
  const path = realpathSync(directory);
  const key = createHash("sha256").update(`${hostname()}:${path}`).digest().readBigInt64BE(0);
  const client = new pg.Client({ connectionString: url, application_name: "kontor-data-lock" });
  client.on("error", () => undefined); // the pool reports a lost database; the lock comes back with the next start
  await client.connect();
  const { rows } = await client.query<{ locked: boolean }>("select pg_try_advisory_lock($1) as locked", [
    key.toString(),
  ]);
  if (!rows[0]?.locked) {
    await client.end();
    throw new DomainError(
      "conflict",
      `Another Kontor server is using the data directory ${path}. Stop it, or give this one its own: --data DIR`,
      { reason: "data.inUse" },
    );
  }
  return { release: () => client.end() };
}
