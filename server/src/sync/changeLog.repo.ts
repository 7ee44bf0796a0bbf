import { sql } from "kysely";
import type { Database } from "#kernel";

/* SQL of `change_log`, as far as it is certain: the horizon, and what stands below it. */

/** Transactions below this have ended, so that nothing can appear below it any more (SYN-11). */
export async function readHorizon(db: Database): Promise<string> {
  const { rows } = await sql<{
    horizon: string;
  }>`select pg_snapshot_xmin(pg_current_snapshot())::text as horizon`.execute(db);
  return rows[0]?.horizon ?? "0";
}

/** What changed from one horizon to the next, each row once. */
export async function readChanges(
  db: Database,
  from: string,
  to: string,
  limit: number,
): Promise<readonly { readonly collection: string; readonly id: string }[]> {
  const { rows } = await sql<{ collection: string; id: string }>`
    select distinct collection, row_id as id from change_log
    where txid >= ${from}::xid8 and txid < ${to}::xid8 limit ${limit}`.execute(db);
  return rows;
}

export interface LoggedChange {
  readonly logId: number;
  readonly txid: string;
  readonly collection: string;
  readonly id: string;
}

/**
 * The horizon, and the changes from `from` to it in the order of the log, by one snapshot. Of the collections named, also
 * what is above the horizon. `more`: other committed changes are there, too.
 */
export async function readLog(
  db: Database,
  {
    from,
    aboveHorizon,
    limit,
  }: { readonly from: string; readonly aboveHorizon: readonly string[]; readonly limit: number },
): Promise<{ readonly horizon: string; readonly more: boolean; readonly changes: readonly LoggedChange[] }> {
  type Found = { [Name in keyof LoggedChange]: LoggedChange[Name] | null } & { horizon: string; more: boolean };
  const { rows } = await sql<Found>`
    with edge as materialized (select pg_snapshot_xmin(pg_current_snapshot()) as horizon)
    select horizon::text, exists (select from change_log where txid >= horizon) as more,
      log.id as "logId", txid::text, collection, row_id as id
    from edge left join lateral (
      select * from change_log
      where txid >= ${from}::xid8 and (txid < horizon or collection = any(${aboveHorizon}::text[]))
      order by txid, id limit ${limit}
    ) as log on true`.execute(db);
  const changes = rows.flatMap(({ logId, txid, collection, id }) =>
    logId === null || txid === null || collection === null || id === null ? [] : [{ logId, txid, collection, id }],
  );
  return { horizon: rows[0]?.horizon ?? "0", more: rows[0]?.more === true, changes };
}

/** Committed changes that a transaction still open keeps above the horizon. */
export async function hasChangesFrom(db: Database, horizon: string): Promise<boolean> {
  const { rows } = await sql<{
    found: boolean;
  }>`select exists (select from change_log where txid >= ${horizon}::xid8) as found`.execute(db);
  return rows[0]?.found === true;
}
