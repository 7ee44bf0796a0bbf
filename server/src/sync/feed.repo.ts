import { sql } from "kysely";
import type { BucketState } from "@kontor/shared/protocol";
import { recordChanges, type Database } from "#kernel";
import { HEX } from "./rows.repo.ts";

/** A row as a device is told of it: what is seen of it is read when it is sent. */
export interface FeedRow {
  readonly collection: string;
  readonly id: string;
  readonly position: number;
  readonly hash: string;
}

/** Rows by position: the feed of a device that stands at `after`. */
export async function readFeed(
  db: Database,
  id: string,
  range: { readonly after: number; readonly upTo: number; readonly lost: boolean; readonly limit: number },
): Promise<readonly FeedRow[]> {
  const { rows } = await sql<FeedRow>`
    select collection, row_id as id, position, ${HEX} as hash from view_row
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
    select collection, row_id as id, position, ${HEX} as hash from view_row
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

/**
 * Rows that are sent otherwise than the profile remembers them, because they changed since: to be decided again, and told
 * even if they come out as remembered. Those that have a new position are told anyway.
 */
export async function noteSentOtherwise(db: Database, id: string, rows: readonly FeedRow[]): Promise<void> {
  const column = <T>(of: (row: FeedRow) => T) => rows.map(of);
  await db.transaction().execute(async (trx) => {
    await sql`
      with profile as (select from view_profile where id = ${id} for no key update)
      update view_row set hash = 0
      from profile, unnest(${column((r) => r.collection)}::text[], ${column((r) => r.id)}::uuid[], ${column((r) => r.position)}::bigint[])
        as input (collection, row_id, position)
      where profile_id = ${id} and view_row.collection = input.collection and view_row.row_id = input.row_id
        and view_row.position = input.position and not lost`.execute(trx);
    await recordChanges(trx, rows);
  });
}

/* ---------- a device that stood elsewhere ---------- */

/** Rows of a profile that a device which stood at this position may hold. */
export interface Held {
  readonly profileId: string;
  readonly no: number;
  readonly position: number;
}

const heldBy = (held: readonly Held[]) =>
  sql.join(
    held.map(
      ({ profileId, position }) =>
        sql`select collection, row_id from view_row where profile_id = ${profileId} and (not lost or position > ${position})`,
    ),
    sql` union `,
  );

/** What such a device may hold and this profile does not, in order. */
export async function readForeign(
  db: Database,
  id: string,
  held: readonly Held[],
  { after, limit }: { readonly after: Pick<FeedRow, "collection" | "id"> | undefined; readonly limit: number },
): Promise<readonly Pick<FeedRow, "collection" | "id">[]> {
  const start = after ? sql`where (collection, row_id) > (${after.collection}, ${after.id}::uuid)` : sql``;
  const { rows } = await sql<{ collection: string; id: string }>`
    select collection, row_id as id from (
      (${heldBy(held)}) except select collection, row_id from view_row where profile_id = ${id} and not lost
    ) as foreigners ${start} order by collection, row_id limit ${limit}`.execute(db);
  return rows;
}

/** What this profile holds and such a device does not, or not so, by position. */
export async function readMissing(
  db: Database,
  id: string,
  held: readonly Held[],
  range: { readonly after: number; readonly upTo: number; readonly limit: number },
): Promise<readonly FeedRow[]> {
  const same = sql.join(
    held.map(
      ({ profileId, position }) =>
        sql`not exists (select from view_row theirs where theirs.profile_id = ${profileId} and theirs.collection = ours.collection
          and theirs.row_id = ours.row_id and not theirs.lost and theirs.position <= ${position} and theirs.hash = ours.hash)`,
    ),
    sql` and `,
  );
  const isOther = held.length > 0 ? sql`(${same})` : sql`true`;
  const { rows } = await sql<FeedRow>`
    select collection, row_id as id, position, ${HEX} as hash from view_row ours
    where profile_id = ${id} and position > ${range.after} and position <= ${range.upTo} and not lost and ${isOther}
    order by position limit ${range.limit}`.execute(db);
  return rows;
}
