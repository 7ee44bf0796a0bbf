import { sql, type Generated } from "kysely";
import type { AccountState, MailboxKind, MailboxRole } from "@kontor/shared/mail";
import { recordChanges, type Database, type Transaction } from "#kernel";

export interface MailboxMember {
  readonly userId: string;
  readonly role: MailboxRole;
}

/** A mailbox with what belongs to it: as policies and replicas see it. */
export interface MailboxRow {
  readonly id: string;
  readonly kind: MailboxKind;
  readonly owner_id: string | null;
  /** False: they are switched off. Null: nobody owns it. */
  readonly owner_active: boolean | null;
  readonly department_id: string | null;
  readonly name: string;
  /** The main one, in lower case. */
  readonly address: string;
  readonly disabled_at: string | null;
  readonly members: readonly MailboxMember[];
  /** Of ours, the main one first; an external account's own is not among them. */
  readonly addresses: readonly string[];
  readonly account: MailboxAccount | null;
}

interface MailboxAccount {
  readonly state: AccountState["state"];
  readonly reason: string | null;
  readonly message: string | null;
  readonly done: number | null;
  readonly total: number | null;
  readonly retryAt: string | null;
}

type MailboxTables = {
  mailbox: {
    id: string;
    kind: MailboxKind;
    owner_id: string | null;
    department_id: string | null;
    name: string;
    address: string;
    rev: Generated<number>;
    created_at: Generated<string>;
    disabled_at: Generated<string | null>;
  };
  mailbox_member: { mailbox_id: string; user_id: string; role: MailboxRole };
  mail_address: {
    address: string;
    mailbox_id: string | null;
    group_id: string | null;
    is_main: Generated<boolean>;
  };
  mail_group: {
    id: string;
    name: string;
    address: string;
    user_group_id: string | null;
    created_at: Generated<string>;
  };
  mail_group_member: { group_id: string; mailbox_id: string };
  mail_domain: {
    name: string;
    created_at: Generated<string>;
  };
};

export const mailboxTables = (db: Database | Transaction) => db.withTables<MailboxTables>();

/** The account's times come from JSON, where PostgreSQL writes them in its own way. */
const ISO = sql.raw(`'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'`);

const selectMailboxes = (db: Database | Transaction) =>
  mailboxTables(db)
    .selectFrom("mailbox")
    .select(["id", "kind", "owner_id", "department_id", "name", "address", "disabled_at"])
    .select([
      sql<boolean | null>`(select state = 'active' from app_user where app_user.id = mailbox.owner_id)`.as(
        "owner_active",
      ),
      sql<readonly MailboxMember[]>`coalesce((
        select jsonb_agg(jsonb_build_object('userId', user_id, 'role', role) order by user_id)
        from mailbox_member where mailbox_id = mailbox.id), '[]')`.as("members"),
      sql<readonly string[]>`coalesce((
        select array_agg(own.address order by own.is_main desc, own.address)
        from mail_address own where own.mailbox_id = mailbox.id), '{}')`.as("addresses"),
      sql<MailboxAccount | null>`(
        select jsonb_build_object('state', state, 'reason', reason, 'message', message, 'done', progress_done,
          'total', progress_total, 'retryAt', to_char(retry_at at time zone 'utc', ${ISO}))
        from mail_account where mailbox_id = mailbox.id)`.as("account"),
    ]);

export async function findMailboxes(
  db: Database | Transaction,
  ids: readonly string[],
): Promise<readonly MailboxRow[]> {
  if (ids.length === 0) return [];
  return selectMailboxes(db).where("id", "in", ids).execute();
}

export const scanMailboxes = (db: Database, after: string | undefined, limit: number): Promise<readonly MailboxRow[]> =>
  selectMailboxes(db)
    .$if(after !== undefined, (query) => query.where("id", ">", after ?? ""))
    .orderBy("id")
    .limit(limit)
    .execute();

/** Those that somebody owns or is a member of; policies may open others to them, and close these. */
export async function findMailboxIdsOf(db: Database | Transaction, userId: string): Promise<readonly string[]> {
  const { rows } = await sql<{ id: string }>`
    select id from mailbox where owner_id = ${userId}
    union select mailbox_id from mailbox_member where user_id = ${userId}`.execute(db);
  return rows.map(({ id }) => id);
}

/** Everybody who may see it, and what is in it, is told. */
export async function touchMailboxes(trx: Transaction, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  await mailboxTables(trx)
    .updateTable("mailbox")
    .set({ rev: sql<number>`rev + 1` })
    .where("id", "in", ids)
    .execute();
  await recordChanges(
    trx,
    ids.map((id) => ({ collection: "mailboxes", id })),
  );
}
