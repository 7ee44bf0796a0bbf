import { Kysely, PostgresDialect, type Transaction as KyselyTransaction } from "kysely";
import pg from "pg";
import { DomainError } from "@kontor/shared/base";
import type { Log } from "../log.ts";

/** Tables that the kernel itself owns. A feature adds its own by `db.withTables<…>()` in its repo file. */
export interface KernelTables {
  change_log: {
    id: ColumnGenerated;
    txid: ColumnGenerated;
    collection: string;
    row_id: string;
    at: ColumnGeneratedDate;
  };
  server_state: { key: string; value: unknown };
}

type ColumnGenerated = import("kysely").Generated<string>;
type ColumnGeneratedDate = import("kysely").Generated<Date>;

export type Database = Kysely<KernelTables>;
export type Transaction = KyselyTransaction<KernelTables>;

// Dates stay text as PostgreSQL wrote them (ISO 8601): a JavaScript Date would lose the day of a `date` in another zone.
const OID = { int8: 20, date: 1082, timestamptz: 1184 };
const isoTimestamp = (text: string) => new Date(text.replace(" ", "T").replace(/([+-]\d\d)$/, "$1:00")).toISOString();

export function createDatabase({ url, poolSize, log }: { url: string; poolSize: number; log: Log }): {
  db: Database;
  pool: pg.Pool;
} {
  const types: pg.CustomTypesConfig = {
    getTypeParser: ((oid: number, format: "text" | "binary") => {
      if (oid === OID.date) return (text: string) => text;
      if (oid === OID.timestamptz) return isoTimestamp;
      if (oid === OID.int8) return Number; // our counters stay far below 2^53
      return pg.types.getTypeParser(oid, format as "text");
    }) as pg.CustomTypesConfig["getTypeParser"],
  };
  const pool = new pg.Pool({
    connectionString: url,
    max: poolSize,
    types,
    application_name: "kontor",
    connectionTimeoutMillis: 10_000,
  });
  // An idle connection that breaks (database restarted) is replaced by the pool; without a listener it would end the process.
  pool.on("error", (error) => {
    if (!pool.ending) log.warn({ err: error }, "a database connection was lost; the pool opens another");
  });
  return { db: new Kysely<KernelTables>({ dialect: new PostgresDialect({ pool }) }), pool };
}

/** Says in words what is wrong with the address of a database. */
export async function checkDatabase(pool: pg.Pool): Promise<{ version: number }> {
  try {
    const { rows } = await pool.query<{ version: string }>("select current_setting('server_version_num') as version");
    const version = Math.floor(Number(rows[0]?.version) / 10_000);
    if (version < 15) {
      throw new DomainError("unavailable", `PostgreSQL ${version} is too old: Kontor needs 15 or newer.`, {
        reason: "database.tooOld",
      });
    }
    return { version };
  } catch (error) {
    if (error instanceof DomainError) throw error;
    const { code, message } = error as { code?: string; message: string };
    const why: Record<string, string> = {
      ECONNREFUSED: "nothing answers at that host and port. Is PostgreSQL running there?",
      ENOTFOUND: "that host name does not exist.",
      ETIMEDOUT: "that host does not answer.",
      "28P01": "the user or the password is wrong.",
      "28000": "the server does not let this user in from here (see pg_hba.conf).",
      "3D000": "that database does not exist. Create it first: createdb <name>.",
    };
    throw new DomainError(
      "unavailable",
      `Cannot use DATABASE_URL: ${why[code ?? ""] ?? message}`,
      { reason: "database.unreachable" },
      error,
    );
  }
}
