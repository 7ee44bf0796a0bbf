import { sql } from "kysely";
import type { Database } from "#kernel";

const EXACT_BELOW = 100_000; // counting more takes long enough to be felt; the planner's own estimate is near enough then

/** How many rows a table has: exactly while that is cheap, as the planner estimates afterwards. */
export async function countRows(db: Database, table: "app_user" | "record" | "file" | "device"): Promise<number> {
  const { rows } = await sql<{
    estimate: number;
  }>`select reltuples::bigint as estimate from pg_class where oid = ${table}::regclass`.execute(db);
  const estimate = rows[0]?.estimate ?? 0;
  if (estimate > EXACT_BELOW) return estimate;
  const exact = await sql<{ n: number }>`select count(*) as n from ${sql.table(table)}`.execute(db);
  return exact.rows[0]?.n ?? 0;
}
