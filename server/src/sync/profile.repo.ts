import { sql } from "kysely";
import type { SqlPredicate, Subject } from "@kontor/shared/access";
import type { BucketState } from "@kontor/shared/protocol";
import { recordChanges, type Database, type StoredRows } from "#kernel";
import type { Projection } from "./projection.ts";

/** SQL of `view_profile`, `view_row` and `view_turn`. Hashes are bigint there (for `bit_xor`) and 16 hex digits here. */
export interface Profile {
  readonly id: string;
  /** Short name, for cookies. */
  readonly no: number;
  readonly position: number;
  readonly logXmin: string;
  /** What it was decided for; null: never. */
  readonly subject: Subject | null;
  readonly policyRev: string | null;
  readonly types: Readonly<Record<string, string>> | null;
  readonly pending: readonly FillStep[];
  readonly typeTurns: Readonly<Record<string, string>>;
  readonly turnsAt: string | null;
  readonly usedAt: string;
}

/** Rows that are to be decided again, in id order after `after`. */
export interface FillStep {
  readonly collection: string;
  /** Absent: the whole collection. */
  readonly type?: string;
  readonly after?: string;
}

/** Whose, and seen from where (`contextSignature`). */
export interface Seat {
  readonly userId: string;
  readonly signature: string;
}

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

export interface HeldTurn {
  readonly profileId: string;
  readonly id: string;
  readonly at: string;
}

/** A row's new state in the profile: what is seen is known by its hash, so that a hundred thousand of them fit in memory. */
export type ViewChange = Omit<Projection, "view"> & { readonly hash: string | undefined; readonly lost: boolean };

export interface FeedRow {
  readonly collection: string;
  readonly id: string;
  readonly position: number;
  readonly hash: string;
}

const HEX = sql.raw(`lpad(to_hex(hash), 16, '0')`);
const NO_HASH = "0".repeat(16);

const PROFILE =
  sql.raw(`id, no, position, log_xmin::text as "logXmin", subject, policy_rev as "policyRev", types, pending,
  type_turns as "typeTurns", turns_at as "turnsAt", used_at as "usedAt"`);

export async function readProfile(db: Database, id: string): Promise<Profile | undefined> {
  const { rows } = await sql<Profile>`select ${PROFILE} from view_profile where id = ${id}`.execute(db);
  return rows[0];
}

export async function findProfile(db: Database, { userId, signature }: Seat): Promise<Profile | undefined> {
  const { rows } = await sql<Profile>`
    select ${PROFILE} from view_profile where user_id = ${userId} and signature = ${signature}`.execute(db);
  return rows[0];
}

/** Those of a user's profiles that a device's cookie names; a name that is not found belongs to no profile any more. */
export async function findProfilesByNo(
  db: Database,
  userId: string,
  nos: readonly number[],
): Promise<readonly Profile[]> {
  const { rows } = await sql<Profile>`
    select ${PROFILE} from view_profile where user_id = ${userId} and no = any(${nos}::bigint[])`.execute(db);
  return rows;
}

/** The user's profiles, the last used first. */
export async function profilesOf(
  db: Database,
  userId: string,
): Promise<readonly { readonly id: string; readonly signature: string }[]> {
  const { rows } = await sql<{ id: string; signature: string }>`
    select id, signature from view_profile where user_id = ${userId} order by used_at desc, no desc`.execute(db);
  return rows;
}

/** Born at the horizon: the first computation reads every row, so that older changes are in it. */
export async function insertProfile(db: Database, { userId, signature }: Seat): Promise<void> {
  await sql`
    insert into view_profile (id, user_id, signature, log_xmin)
    select case when exists (select from view_profile where id = ${userId}) then gen_random_uuid() else ${userId}::uuid end,
      ${userId}, ${signature}, pg_snapshot_xmin(pg_current_snapshot())
    on conflict do nothing`.execute(db);
}

/** With all that another profile holds, to be decided again: of one user's places, most rows are seen from each. */
export async function copyProfile(db: Database, fromId: string, { userId, signature }: Seat): Promise<void> {
  await db.transaction().execute(async (trx) => {
    const { rows } = await sql<{ id: string }>`
      insert into view_profile (id, user_id, signature, position, log_xmin, subject, policy_rev, types)
      select gen_random_uuid(), user_id, ${signature}, position, log_xmin, subject, policy_rev, case when types is not null then '{}'::jsonb end
      from view_profile where id = ${fromId} and user_id = ${userId} for update
      on conflict do nothing returning id`.execute(trx);
    if (!rows[0]) return;
    await sql`
      insert into view_row (profile_id, collection, row_id, parent_id, hash, mask, position, lost)
      select ${rows[0].id}, collection, row_id, parent_id, hash, mask, position, lost
      from view_row where profile_id = ${fromId} and not lost`.execute(trx);
  });
}

/** Nobody can have the old signature any more. `keepTypes`: the place does not matter to what was decided before. */
export async function renameProfile(
  db: Database,
  id: string,
  { from, to, keepTypes }: { readonly from: string; readonly to: string; readonly keepTypes: boolean },
): Promise<void> {
  await sql`
    update view_profile set signature = ${to}, types = case when ${keepTypes}::boolean or types is null then types else '{}'::jsonb end
    where id = ${id} and signature = ${from}
      and not exists (select from view_profile other where other.user_id = view_profile.user_id and other.signature = ${to})`.execute(
    db,
  );
}

export async function touchProfile(db: Database, id: string, at: Date): Promise<void> {
  await sql`update view_profile set used_at = ${at} where id = ${id}`.execute(db);
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

export async function moveHorizon(db: Database, id: string, horizon: string): Promise<void> {
  await sql`update view_profile set log_xmin = ${horizon}::xid8 where id = ${id}`.execute(db);
}

/** How far a profile was worked in, as whoever moves it last saw it. */
export interface HorizonMove {
  readonly profileId: string;
  readonly position: number;
  readonly policyRev: string;
  readonly from: string;
  readonly to: string;
}

/**
 * Moves the horizons of profiles in which nobody else has written anything since, and names these. It never waits: a
 * profile that somebody is writing is left out, and so two nodes cannot wait for each other.
 */
export async function moveHorizons(db: Database, moves: readonly HorizonMove[]): Promise<ReadonlySet<string>> {
  const column = <T>(of: (move: HorizonMove) => T) => moves.map(of);
  const { rows } = await sql<{ id: string }>`
    with input as (
      select * from unnest(
        ${column((m) => m.profileId)}::uuid[], ${column((m) => m.position)}::bigint[], ${column((m) => m.policyRev)}::text[],
        ${column((m) => m.from)}::text[], ${column((m) => m.to)}::text[]
      ) as input (id, position, policy_rev, known, horizon)
    ), free as (
      select view_profile.id, input.horizon from view_profile join input on input.id = view_profile.id
        and input.position = view_profile.position and input.policy_rev = view_profile.policy_rev
        and input.known::xid8 = view_profile.log_xmin
      for no key update of view_profile skip locked
    )
    update view_profile set log_xmin = free.horizon::xid8 from free where view_profile.id = free.id
    returning view_profile.id`.execute(db);
  return new Set(rows.map((row) => row.id));
}

/** What was lost is gone; `pending` is what remains to be decided. */
export async function settleProfile(
  db: Database,
  id: string,
  state: Required<Pick<Profile, "subject" | "policyRev" | "types" | "pending" | "typeTurns">> & {
    /** Absent: it stays as it is. */
    readonly horizon?: string | undefined;
  },
): Promise<void> {
  await sql`
    update view_profile set log_xmin = coalesce(${state.horizon ?? null}::xid8, log_xmin),
      subject = ${JSON.stringify(state.subject)}::jsonb, policy_rev = ${state.policyRev}, types = ${JSON.stringify(state.types)}::jsonb,
      pending = ${JSON.stringify(state.pending)}::jsonb, type_turns = ${JSON.stringify(state.typeTurns)}::jsonb
    where id = ${id}`.execute(db);
}

export async function writePending(db: Database, id: string, pending: readonly FillStep[]): Promise<void> {
  await sql`update view_profile set pending = ${JSON.stringify(pending)}::jsonb where id = ${id}`.execute(db);
}

/* ---------- moments at which time alone changes something ---------- */

export interface RowTurn {
  readonly collection: string;
  readonly id: string;
  /** Absent: time changes nothing here any more. */
  readonly at: string | undefined;
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

/* ---------- rows ---------- */

/*
 * Whoever writes rows of a profile has the profile's row first, be it in the same statement: sessions do it beside the one
 * that has the advisory lock, and each writes its rows in an order of its own.
 */

/** A predicate of the access engine, with its parameters apart from its text. */
export const toSql = ({ strings, params }: SqlPredicate) =>
  sql<boolean>(Object.assign([...strings], { raw: strings }) as unknown as TemplateStringsArray, ...params);

export interface StoredType {
  readonly collection: string;
  readonly stored: StoredRows;
  /** Absent: types that are not installed. */
  readonly type: string | undefined;
  /** Where absent, rows are taken as if nobody could read them, and are read as if everybody could. */
  readonly readable?: SqlPredicate | undefined;
}

const idOf = ({ table }: StoredRows) => sql.ref(`${table}.id`);
function isOfType({ typeColumn, table, types }: StoredRows, type: string | undefined) {
  if (typeColumn === undefined) return type === undefined ? sql`false` : sql`true`;
  const column = sql.ref(`${table}.${typeColumn}`);
  return type === undefined ? sql`${column} <> all(${types()}::text[])` : sql`${column} = ${type}`;
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
