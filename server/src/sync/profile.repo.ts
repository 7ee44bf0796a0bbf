import { sql } from "kysely";
import type { Subject } from "@kontor/shared/access";
import type { Database } from "#kernel";

/* SQL of `view_profile`: whom it is for, what it was decided for, and how far the change log is worked in. */

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
export interface ProfileKey {
  readonly userId: string;
  readonly signature: string;
}

const PROFILE =
  sql.raw(`id, no, position, log_xmin::text as "logXmin", subject, policy_rev as "policyRev", types, pending,
  type_turns as "typeTurns", turns_at as "turnsAt", used_at as "usedAt"`);

export async function readProfile(db: Database, id: string): Promise<Profile | undefined> {
  const { rows } = await sql<Profile>`select ${PROFILE} from view_profile where id = ${id}`.execute(db);
  return rows[0];
}

export async function findProfile(db: Database, { userId, signature }: ProfileKey): Promise<Profile | undefined> {
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
export async function insertProfile(db: Database, { userId, signature }: ProfileKey): Promise<void> {
  await sql`
    insert into view_profile (id, user_id, signature, log_xmin)
    select case when exists (select from view_profile where id = ${userId}) then gen_random_uuid() else ${userId}::uuid end,
      ${userId}, ${signature}, pg_snapshot_xmin(pg_current_snapshot())
    on conflict do nothing`.execute(db);
}

/** With all that another profile holds, to be decided again: of one user's places, most rows are seen from each. */
export async function copyProfile(db: Database, fromId: string, { userId, signature }: ProfileKey): Promise<void> {
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

/* ---------- how far it is worked in ---------- */

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
