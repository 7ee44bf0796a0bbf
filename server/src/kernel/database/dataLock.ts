import { createHash } from "node:crypto";
import { realpathSync } from "node:fs";
import { hostname } from "node:os";
import pg from "pg";
import { DomainError } from "@kontor/shared/base";
import type { Log } from "../log.ts";

const AGAIN_MS = 1_000; // a database that restarts is away for a few seconds

/**
 * One server per data directory. The lock is a session's advisory lock in the database: it cannot be left behind by a
 * killed process, as a file with a process id can. It goes with its connection, so a database that restarts takes it
 * along; it is taken again as soon as the database answers.
 */
export async function lockDataDirectory({
  url,
  directory,
  log,
}: {
  url: string;
  directory: string;
  log: Log;
}): Promise<{ release(): Promise<void> }> {
  const path = realpathSync(directory);
  const key = createHash("sha256").update(`${hostname()}:${path}`).digest().readBigInt64BE(0);
  let holder: pg.Client | undefined;
  let again: NodeJS.Timeout | undefined;
  let isReleased = false;

  async function take(): Promise<boolean> {
    const client = new pg.Client({ connectionString: url, application_name: "kontor-data-lock" });
    client.on("error", () => undefined); // the pool reports a lost database
    await client.connect();
    const { rows } = await client.query<{ locked: boolean }>("select pg_try_advisory_lock($1) as locked", [
      key.toString(),
    ]);
    if (!rows[0]?.locked || isReleased) {
      await client.end();
      return false;
    }
    holder = client;
    client.once("end", takeAgain);
    return true;
  }

  function takeAgain(): void {
    holder = undefined;
    if (isReleased) return;
    again = setTimeout(() => {
      take().then((isOurs) => {
        if (isOurs || isReleased) return;
        log.error(
          { data: path },
          "another server took the data directory while the database was away: stop one of them",
        );
        takeAgain();
      }, takeAgain);
    }, AGAIN_MS);
    again.unref();
  }

  if (!(await take())) {
    throw new DomainError(
      "conflict",
      `Another Kontor server is using the data directory ${path}. Stop it, or give this one its own: --data DIR`,
      { reason: "data.inUse" },
    );
  }
  return {
    async release() {
      isReleased = true;
      clearTimeout(again);
      await holder?.end();
    },
  };
}
