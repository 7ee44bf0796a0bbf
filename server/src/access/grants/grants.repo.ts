import { sql } from "kysely";
import type { AccessRequestDoc, ActiveGrant, GrantLevel } from "@kontor/shared/access";
import type { Database, Transaction } from "#kernel";

export interface AccessRequestRow {
  readonly id: string;
  readonly requester: string;
  readonly record_id: string;
  readonly type: string;
  readonly level: GrantLevel;
  readonly sections: readonly string[] | null;
  readonly until: string;
  readonly why: string;
  readonly created_at: string;
  readonly hidden: boolean;
  readonly recipients: readonly string[];
  readonly state: NonNullable<AccessRequestDoc["state"]>;
  readonly answer: string | null;
  readonly answered_by: string | null;
  readonly answered_at: string | null;
  readonly granted_level: GrantLevel | null;
  readonly granted_sections: readonly string[] | null;
  readonly granted_until: string | null;
  readonly ended_by: string | null;
  readonly ended_at: string | null;
}

type Asked = Pick<
  AccessRequestRow,
  | "id"
  | "requester"
  | "record_id"
  | "type"
  | "level"
  | "sections"
  | "until"
  | "why"
  | "created_at"
  | "hidden"
  | "recipients"
>;
type Db = Database | Transaction;
type Tables = { access_request: AccessRequestRow };
const tables = (db: Db) => db.withTables<Tables>();

/** False when there is a request of this id already. */
export async function insertRequest(trx: Transaction, asked: Asked): Promise<boolean> {
  const row = { ...asked, state: "open" } as AccessRequestRow;
  const inserted = await tables(trx)
    .insertInto("access_request")
    .values(row)
    .onConflict((conflict) => conflict.column("id").doNothing())
    .executeTakeFirst();
  return (inserted.numInsertedOrUpdatedRows ?? 0n) > 0n;
}

export const findRequests = async (db: Db, ids: readonly string[]): Promise<readonly AccessRequestRow[]> =>
  ids.length === 0 ? [] : tables(db).selectFrom("access_request").selectAll().where("id", "in", ids).execute();

export const lockRequest = (trx: Transaction, id: string): Promise<AccessRequestRow | undefined> =>
  tables(trx).selectFrom("access_request").selectAll().where("id", "=", id).forUpdate().executeTakeFirst();

export async function updateRequest(trx: Transaction, id: string, set: Partial<AccessRequestRow>): Promise<void> {
  await tables(trx).updateTable("access_request").set(set).where("id", "=", id).execute();
}

export async function deleteRequest(trx: Transaction, id: string): Promise<void> {
  await tables(trx).deleteFrom("access_request").where("id", "=", id).execute();
}

export const scanRequests = (db: Db, after: string | undefined, limit: number): Promise<readonly AccessRequestRow[]> =>
  tables(db)
    .selectFrom("access_request")
    .selectAll()
    .$if(after !== undefined, (query) => query.where("id", ">", after ?? ""))
    .orderBy("id")
    .limit(limit)
    .execute();

export interface RequestPage {
  readonly states: readonly AccessRequestRow["state"][];
  /** The id of the last one of the page before; ids grow with time. */
  readonly before?: string | undefined;
  readonly limit: number;
}

/** Newest first. */
export const pageOfRequests = (db: Db, { states, before, limit }: RequestPage): Promise<readonly AccessRequestRow[]> =>
  tables(db)
    .selectFrom("access_request")
    .selectAll()
    .where("state", "in", [...states])
    .$if(before !== undefined, (query) => query.where("id", "<", before ?? ""))
    .orderBy("id", "desc")
    .limit(limit)
    .execute();

export interface AskedBefore {
  readonly sinceYesterday: number;
  readonly open: number;
  readonly sameRecord: boolean;
}

/** Undefined for who is no person, as services are. One at a time for each requester: two at once must not both find room. */
export async function countRequests(
  trx: Transaction,
  { requester, recordId, now }: { readonly requester: string; readonly recordId: string; readonly now: string },
): Promise<AskedBefore | undefined> {
  const person = await sql`select 1 from app_user where id = ${requester} for no key update`.execute(trx);
  if (person.rows.length === 0) return undefined;
  const { rows } = await sql<AskedBefore>`
    select count(*) filter (where created_at > ${now}::timestamptz - interval '1 day')::int as "sinceYesterday",
      count(*) filter (where state = 'open')::int as open,
      coalesce(bool_or(record_id = ${recordId} and (state = 'open' or (state = 'refused' and hidden))), false) as "sameRecord"
    from access_request where requester = ${requester}`.execute(trx);
  return rows[0];
}

/**
 * What is open to somebody for a time, now. A record in the trash is not: its readers are gone with it, and a grant is
 * no reason to keep it on a device.
 */
export async function activeGrants(db: Db, userId: string, now: string): Promise<readonly ActiveGrant[]> {
  const { rows } = await sql<ActiveGrant>`
    select g.record_id as "recordId", g.type, g.granted_level as level, g.granted_sections as sections, g.granted_until as until
    from access_request g join record r on r.id = g.record_id and r.type = g.type
    where g.requester = ${userId} and g.state = 'granted' and g.granted_until > ${now}::timestamptz and r.deleted_at is null
    order by g.id`.execute(db);
  return rows;
}

export interface RecordHead {
  readonly type: string;
  readonly owner: string | null;
  readonly deleted: boolean;
}

export async function findRecordHead(db: Db, id: string): Promise<RecordHead | undefined> {
  const { rows } = await sql<RecordHead>`
    select type, owner, deleted_at is not null as deleted from record where id = ${id}`.execute(db);
  return rows[0];
}

/**
 * The active people that a policy's contact means: a group's key, a login, or an e-mail address. Words mean nobody.
 * An owner who is switched off cannot answer either.
 */
export async function findRecipients(
  db: Db,
  { contact, owner, except }: { readonly contact: string; readonly owner: string | null; readonly except: string },
): Promise<readonly string[]> {
  const { rows } = await sql<{ id: string; isContact: boolean }>`
    select u.id, (u.id is distinct from ${owner}::uuid or named.id is not null) as "isContact"
    from app_user u left join lateral (
      select u.id where u.login = lower(${contact}) or lower(u.email) = lower(${contact})
        or exists (select from group_member m join user_group g on g.id = m.group_id where m.user_id = u.id and g.key = ${contact})
    ) named on true
    where u.state = 'active' and u.id <> ${except} and (named.id is not null or u.id = ${owner}::uuid)
    order by u.id limit ${MOST_RECIPIENTS}`.execute(db);
  const named = rows.filter(({ isContact }) => isContact);
  return (named.length > 0 ? named : rows).map(({ id }) => id);
}

/** A group of everybody as a contact would put each request before everybody. */
const MOST_RECIPIENTS = 50;

/** A request that comes with its past, as the demo company's do. */
export const importRequest = async (trx: Transaction, row: AccessRequestRow): Promise<void> => {
  await tables(trx).insertInto("access_request").values(row).execute();
};
