import { sql } from "kysely";
import { hash64 } from "@kontor/shared/base";
import type { Database } from "#kernel";

/** First part of the advisory lock's key ("view" in ASCII); the second is the profile's hash. */
const LOCK = 0x76696577;
/** Another node is at it: computing a whole profile takes seconds, working changes in takes milliseconds. */
const BUSY_RETRY_MS = 50;

/** Waits for whoever has the profile; each look is short, so that the connection goes back in between. */
export async function locked<T>(db: Database, id: string, job: (connection: Database) => Promise<T>): Promise<T> {
  for (;;) {
    const done = await db.connection().execute(async (connection) => {
      if (!(await tryLock(connection, id))) return undefined;
      try {
        return { result: await job(connection) };
      } finally {
        await unlock(connection, id);
      }
    });
    if (done) return done.result;
    await new Promise((resolve) => setTimeout(resolve, BUSY_RETRY_MS));
  }
}

const lockKey = (id: string) => Number.parseInt(hash64(id).slice(0, 8), 16) | 0;

async function tryLock(db: Database, id: string): Promise<boolean> {
  const { rows } = await sql<{
    locked: boolean;
  }>`select pg_try_advisory_lock(${LOCK}::int, ${lockKey(id)}::int) as locked`.execute(db);
  return rows[0]?.locked === true;
}

async function unlock(db: Database, id: string): Promise<void> {
  await sql`select pg_advisory_unlock(${LOCK}::int, ${lockKey(id)}::int)`.execute(db);
}
