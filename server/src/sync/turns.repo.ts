import { sql } from "kysely";
import type { Database } from "#kernel";
import type { HeldRows } from "./rows.repo.ts";

/* SQL of `view_turn`: moments at which time alone changes something of a row (POL-6). */

export interface RowTurn {
  readonly collection: string;
  readonly id: string;
  /** Absent: time changes nothing here any more. */
  readonly at: string | undefined;
}

export interface HeldTurn {
  readonly profileId: string;
  readonly id: string;
  readonly at: string;
}

export async function writeTurns(db: Database, id: string, turns: readonly RowTurn[]): Promise<void> {
  const column = <T>(of: (turn: RowTurn) => T) => turns.map(of);
  const input = sql`unnest(${column((t) => t.collection)}::text[], ${column((t) => t.id)}::uuid[], ${column((t) => t.at ?? null)}::timestamptz[])
    as input (collection, row_id, at)`;
  await sql`
    delete from view_turn using ${input} where profile_id = ${id} and view_turn.collection = input.collection
      and view_turn.row_id = input.row_id and input.at is null`.execute(db);
  await sql`
    insert into view_turn (profile_id, collection, row_id, at)
    select ${id}, collection, row_id, at from ${input} where at is not null
    on conflict (profile_id, collection, row_id) do update set at = excluded.at where view_turn.at <> excluded.at`.execute(
    db,
  );
}

export async function clearTurns(db: Database, id: string): Promise<void> {
  await sql`delete from view_turn where profile_id = ${id}`.execute(db);
}

export async function readDueTurns(
  db: Database,
  id: string,
  at: string,
  limit: number,
): Promise<readonly { readonly collection: string; readonly id: string }[]> {
  const { rows } = await sql<{ collection: string; id: string }>`
    select collection, row_id as id from view_turn where profile_id = ${id} and at <= ${at}::timestamptz order by at limit ${limit}`.execute(
    db,
  );
  return rows;
}

/** The same rows' moments in many profiles. */
export async function readTurns(db: Database, { profileIds, collection, ids }: HeldRows): Promise<readonly HeldTurn[]> {
  const { rows } = await sql<HeldTurn>`
    select profile_id as "profileId", row_id as id, at from view_turn
    where profile_id = any(${profileIds}::uuid[]) and collection = ${collection} and row_id = any(${ids}::uuid[])`.execute(
    db,
  );
  return rows;
}

/** The first moment of all: of rows, and of `others`. */
export async function noteNextTurn(db: Database, id: string, others: readonly string[]): Promise<void> {
  await sql`
    with first as (
      select min(at) as at from (
        select min(at) as at from view_turn where profile_id = ${id} union all select unnest(${others}::timestamptz[])
      ) as moments
    )
    update view_profile set turns_at = first.at from first where id = ${id} and turns_at is distinct from first.at`.execute(
    db,
  );
}
