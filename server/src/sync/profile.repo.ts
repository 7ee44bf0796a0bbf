import { sql } from "kysely";
import type { BucketState } from "@kontor/shared/protocol";
import type { Database } from "#kernel";
import type { Projection } from "./projection.ts";

/** SQL of `view_profile` and `view_row`. Hashes are bigint there (for `bit_xor`) and 16 hex digits here. */
export interface Profile {
  readonly position: number;
  readonly logXmin: string;
  readonly subjectHash: string | null;
  readonly policyRev: string | null;
}

export interface ViewRow {
  readonly collection: string;
  readonly id: string;
  readonly parentId: string | null;
  readonly hash: string;
  readonly mask: string;
  readonly lost: boolean;
}

/** A row's new state in the profile. */
export type ViewChange = Projection & { readonly lost: boolean };

export interface FeedRow {
  readonly collection: string;
  readonly id: string;
  readonly position: number;
}

const HEX = sql.raw(`lpad(to_hex(hash), 16, '0')`);
const NO_HASH = "0".repeat(16);

export async function ensureProfile(db: Database, id: string): Promise<Profile> {
  const found = await readProfile(db, id);
  if (found) return found;
  // Born at the horizon: the first computation reads every row, so that older changes are in it.
  await sql`insert into view_profile (id, log_xmin) values (${id}, pg_snapshot_xmin(pg_current_snapshot())) on conflict do nothing`.execute(
    db,
  );
  const made = await readProfile(db, id);
  if (!made) throw new Error("The view profile was removed while it was being made.");
  return made;
}

export async function readProfile(db: Database, id: string): Promise<Profile | undefined> {
  const { rows } = await sql<Profile>`
    select position, log_xmin::text as "logXmin", subject_hash as "subjectHash", policy_rev as "policyRev"
    from view_profile where id = ${id}`.execute(db);
  return rows[0];
}

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

/** Committed changes that a transaction still open keeps above the horizon. */
export async function hasChangesFrom(db: Database, horizon: string): Promise<boolean> {
  const { rows } = await sql<{
    found: boolean;
  }>`select exists (select from change_log where txid >= ${horizon}::xid8) as found`.execute(db);
  return rows[0]?.found === true;
}

export async function moveHorizon(db: Database, id: string, horizon: string): Promise<void> {
  await sql`update view_profile set log_xmin = ${horizon}::xid8 where id = ${id}`.execute(db);
}

export async function settleProfile(
  db: Database,
  id: string,
  state: { readonly horizon: string; readonly subjectHash: string; readonly policyRev: string },
): Promise<void> {
  await sql`update view_profile set log_xmin = ${state.horizon}::xid8, subject_hash = ${state.subjectHash},
    policy_rev = ${state.policyRev} where id = ${id}`.execute(db);
}

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

/** Rows that the profile holds, in (collection, id) order. */
export async function scanViewRows(
  db: Database,
  id: string,
  after: { readonly collection: string; readonly id: string } | undefined,
  limit: number,
): Promise<readonly { readonly collection: string; readonly id: string }[]> {
  const start = after ? sql`and (collection, row_id) > (${after.collection}, ${after.id}::uuid)` : sql``;
  const { rows } = await sql<{ collection: string; id: string }>`
    select collection, row_id as id from view_row where profile_id = ${id} and not lost ${start}
    order by collection, row_id limit ${limit}`.execute(db);
  return rows;
}

export async function readHeldChildren(
  db: Database,
  id: string,
  collection: string,
  parentIds: readonly string[],
): Promise<readonly string[]> {
  const { rows } = await sql<{ id: string }>`
    select row_id as id from view_row
    where profile_id = ${id} and parent_id = any(${parentIds}::uuid[]) and collection = ${collection} and not lost`.execute(
    db,
  );
  return rows.map((row) => row.id);
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
        ${column((c) => c.view?.hash ?? NO_HASH)}::text[], ${column((c) => c.mask)}::text[], ${column((c) => c.lost)}::boolean[]
      ) with ordinality as input (collection, row_id, parent_id, hash, mask, lost, n)
    )
    insert into view_row (profile_id, collection, row_id, parent_id, hash, mask, position, lost)
    select ${id}, collection, row_id, parent_id, ('x' || hash)::bit(64)::bigint, mask, base + n, lost from input, profile
    on conflict (profile_id, collection, row_id) do update set
      parent_id = coalesce(excluded.parent_id, view_row.parent_id), hash = excluded.hash, mask = excluded.mask,
      position = excluded.position, lost = excluded.lost`.execute(db);
}

/** The mask changed and what is seen did not: nothing is sent (VIS-3). */
export async function writeMasks(db: Database, id: string, changes: readonly Projection[]): Promise<void> {
  await sql`
    update view_row set mask = input.mask
    from unnest(${changes.map((c) => c.collection)}::text[], ${changes.map((c) => c.id)}::uuid[], ${changes.map((c) => c.mask)}::text[])
      as input (collection, row_id, mask)
    where profile_id = ${id} and view_row.collection = input.collection and view_row.row_id = input.row_id`.execute(db);
}

/** Rows by position: the feed of a device that stands at `after`. */
export async function readFeed(
  db: Database,
  id: string,
  range: { readonly after: number; readonly upTo: number; readonly lost: boolean; readonly limit: number },
): Promise<readonly FeedRow[]> {
  const { rows } = await sql<FeedRow>`
    select collection, row_id as id, position from view_row
    where profile_id = ${id} and position > ${range.after} and position <= ${range.upTo} and lost = ${range.lost}
    order by position limit ${range.limit}`.execute(db);
  return rows;
}

/** All of one bucket, in id order. */
export async function readBucket(
  db: Database,
  id: string,
  range: { readonly bucket: string; readonly after: string | undefined; readonly limit: number },
): Promise<readonly FeedRow[]> {
  const start = range.after ? sql`and row_id > ${range.after}::uuid` : sql``;
  const { rows } = await sql<FeedRow>`
    select collection, row_id as id, position from view_row
    where profile_id = ${id} and collection = ${range.bucket} and not lost ${start} order by row_id limit ${range.limit}`.execute(
    db,
  );
  return rows;
}

export async function readBuckets(db: Database, id: string): Promise<readonly BucketState[]> {
  const { rows } = await sql<BucketState>`
    select collection as bucket, count(*) as count, lpad(to_hex(bit_xor(hash)), 16, '0') as hash
    from view_row where profile_id = ${id} and not lost group by collection`.execute(db);
  return rows;
}
