import { sql } from "kysely";
import type { Database } from "#kernel";
import type { Projection } from "./projection.ts";

/*
 * SQL of `view_row`: what a profile holds.
 *
 * Whoever writes rows of a profile has the profile's row first, be it in the same statement: sessions do it beside the one
 * that has the advisory lock, and each writes its rows in an order of its own.
 */

export interface ViewRow {
  readonly collection: string;
  readonly id: string;
  readonly parentId: string | null;
  readonly hash: string;
  readonly mask: string;
  readonly lost: boolean;
}

/** Rows of one collection, in many profiles. */
export interface HeldRows {
  readonly profileIds: readonly string[];
  readonly collection: string;
  readonly ids: readonly string[];
}

export type HeldRow = Pick<ViewRow, "id" | "hash" | "mask" | "lost"> & {
  readonly profileId: string;
  readonly profilePosition: number;
};

/** A row's new state in the profile: what is seen is known by its hash, so that a hundred thousand of them fit in memory. */
export type ViewChange = Omit<Projection, "view"> & { readonly hash: string | undefined; readonly lost: boolean };

/** bigint in the database (for `bit_xor`) and 16 hex digits here. */
export const HEX = sql.raw(`lpad(to_hex(hash), 16, '0')`);
const NO_HASH = "0".repeat(16);

export async function readViewRows(
  db: Database,
  id: string,
  collection: string,
  rowIds: readonly string[],
): Promise<Map<string, ViewRow>> {
  const { rows } = await sql<ViewRow>`
    select collection, row_id as id, parent_id as "parentId", ${HEX} as hash, mask, lost
    from view_row where profile_id = ${id} and collection = ${collection} and row_id = any(${rowIds}::uuid[])`.execute(
    db,
  );
  return new Map(rows.map((row) => [row.id, row]));
}

/** What many profiles hold of the same rows. */
export async function readHeld(db: Database, { profileIds, collection, ids }: HeldRows): Promise<readonly HeldRow[]> {
  const { rows } = await sql<HeldRow>`
    select profile_id as "profileId", row_id as id, ${HEX} as hash, mask, lost, view_profile.position as "profilePosition"
    from view_row join view_profile on view_profile.id = view_row.profile_id
    where profile_id = any(${profileIds}::uuid[]) and collection = ${collection} and row_id = any(${ids}::uuid[])`.execute(
    db,
  );
  return rows;
}

/** Ids of the rows of a collection that the profile holds, in order. */
export async function scanHeld(
  db: Database,
  id: string,
  collection: string,
  { after, limit }: { readonly after: string | undefined; readonly limit: number },
): Promise<readonly string[]> {
  const start = after === undefined ? sql`` : sql`and row_id > ${after}::uuid`;
  const { rows } = await sql<{ id: string }>`
    select row_id as id from view_row where profile_id = ${id} and collection = ${collection} and not lost ${start}
    order by row_id limit ${limit}`.execute(db);
  return rows.map((row) => row.id);
}

export async function heldCollections(db: Database, id: string): Promise<readonly string[]> {
  const { rows } = await sql<{ collection: string }>`
    select distinct collection from view_row where profile_id = ${id} and not lost`.execute(db);
  return rows.map((row) => row.collection);
}

export async function readHeldChildren(
  db: Database,
  id: string,
  collection: string,
  parentIds: readonly string[],
): Promise<readonly { readonly id: string; readonly parentId: string }[]> {
  const { rows } = await sql<{ id: string; parentId: string }>`
    select row_id as id, parent_id as "parentId" from view_row
    where profile_id = ${id} and parent_id = any(${parentIds}::uuid[]) and collection = ${collection} and not lost`.execute(
    db,
  );
  return rows;
}

/** Gives each change the next position, in the order given. */
export async function writeViewChanges(db: Database, id: string, changes: readonly ViewChange[]): Promise<void> {
  const column = <T>(of: (change: ViewChange) => T) => changes.map(of);
  await sql`
    with profile as (
      update view_profile set position = position + ${changes.length} where id = ${id} returning position - ${changes.length} as base
    ), input as (
      select * from unnest(
        ${column((c) => c.collection)}::text[], ${column((c) => c.id)}::uuid[], ${column((c) => c.parentId ?? null)}::uuid[],
        ${column((c) => c.hash ?? NO_HASH)}::text[], ${column((c) => c.mask)}::text[], ${column((c) => c.lost)}::boolean[]
      ) with ordinality as input (collection, row_id, parent_id, hash, mask, lost, n)
    )
    insert into view_row (profile_id, collection, row_id, parent_id, hash, mask, position, lost)
    select ${id}, collection, row_id, parent_id, ('x' || hash)::bit(64)::bigint, mask, base + n, lost from input, profile
    on conflict (profile_id, collection, row_id) do update set
      parent_id = coalesce(excluded.parent_id, view_row.parent_id), hash = excluded.hash, mask = excluded.mask,
      position = excluded.position, lost = excluded.lost`.execute(db);
}

/** The mask changed and what is seen did not: nothing is sent (VIS-3). */
export async function writeMasks(
  db: Database,
  id: string,
  changes: readonly Pick<ViewChange, "collection" | "id" | "mask">[],
): Promise<void> {
  await sql`
    with profile as (select from view_profile where id = ${id} for no key update)
    update view_row set mask = input.mask
    from profile, unnest(${changes.map((c) => c.collection)}::text[], ${changes.map((c) => c.id)}::uuid[], ${changes.map((c) => c.mask)}::text[])
      as input (collection, row_id, mask)
    where profile_id = ${id} and view_row.collection = input.collection and view_row.row_id = input.row_id`.execute(db);
}
