import { sql } from "kysely";
import type { SqlPredicate } from "@kontor/shared/access";
import type { Database, StoredRows } from "#kernel";

/*
 * Whole types of rows, decided where they stand: the access engine's predicate becomes a condition of one statement.
 */

export interface StoredType {
  readonly collection: string;
  readonly stored: StoredRows;
  /** Absent: types that are not installed. */
  readonly type: string | undefined;
  /** Where absent, rows are taken as if nobody could read them, and are read as if everybody could. */
  readonly readable?: SqlPredicate | undefined;
}

/**
 * Takes the next rows of a type that the profile holds and that cannot be read any more, with all that is seen through
 * them, each at a position of its own. One statement: it takes a transaction id only when it begins to write.
 */
export async function loseUnreadable(
  db: Database,
  id: string,
  { collection, stored, type, readable }: StoredType,
  { after, limit }: { readonly after: string | undefined; readonly limit: number },
): Promise<{ readonly last: string | undefined; readonly count: number }> {
  const start = after === undefined ? sql`` : sql`and held.row_id > ${after}::uuid`;
  const { rows } = await sql<{ last: string | null; count: number }>`
    with recursive doomed as materialized (
      select held.row_id from view_row held join ${sql.table(stored.table)} on ${idOf(stored)} = held.row_id
      where held.profile_id = ${id} and held.collection = ${collection} and not held.lost ${start}
        and ${isOfType(stored, type)} and (${readable ? toSql(readable) : sql`false`}) is not true
      order by held.row_id limit ${limit}
    ), gone as (
      select ${collection}::text as collection, row_id from doomed
      union all
      select child.collection, child.row_id from gone join view_row child
        on child.profile_id = ${id} and child.parent_id = gone.row_id and not child.lost
    ), numbered as materialized (
      select collection, row_id, row_number() over () as n from gone
    ), profile as (
      update view_profile set position = position + (select count(*) from numbered)
      where id = ${id} and exists (select from numbered) returning position - (select count(*) from numbered) as base
    ), written as (
      update view_row set lost = true, hash = 0, mask = '', position = base + n from numbered, profile
      where view_row.profile_id = ${id} and view_row.collection = numbered.collection and view_row.row_id = numbered.row_id
    )
    select max(row_id::text)::uuid as last, count(*) as count from doomed`.execute(db);
  return { last: rows[0]?.last ?? undefined, count: Number(rows[0]?.count ?? 0) };
}

/** Ids of the rows of a type that can be read, whether the profile holds them or not. */
export async function readReadable(
  db: Database,
  { stored, type, readable }: StoredType,
  { after, limit }: { readonly after: string | undefined; readonly limit: number },
): Promise<readonly string[]> {
  const { rows } = await sql<{ id: string }>`
    select ${idOf(stored)} as id from ${sql.table(stored.table)}
    where ${isOfType(stored, type)} ${after === undefined ? sql`` : sql`and ${idOf(stored)} > ${after}::uuid`}
      and ${readable ? toSql(readable) : sql`true`}
    order by ${idOf(stored)} limit ${limit}`.execute(db);
  return rows.map((row) => row.id);
}

/** A predicate of the access engine, with its parameters apart from its text. */
const toSql = ({ strings, params }: SqlPredicate) =>
  sql<boolean>(Object.assign([...strings], { raw: strings }) as unknown as TemplateStringsArray, ...params);

const idOf = ({ table }: StoredRows) => sql.ref(`${table}.id`);
function isOfType({ typeColumn, table, types }: StoredRows, type: string | undefined) {
  if (typeColumn === undefined) return type === undefined ? sql`false` : sql`true`;
  const column = sql.ref(`${table}.${typeColumn}`);
  return type === undefined ? sql`${column} <> all(${types()}::text[])` : sql`${column} = ${type}`;
}
