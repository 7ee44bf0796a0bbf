import { sql, type Generated } from "kysely";
import { z } from "zod";
import type { AccountReason, AccountState } from "@kontor/shared/mail";
import { recordChanges, type Database, type Transaction } from "#kernel";
import type { Security } from "./imap.port.ts";

/** SQL of external accounts. */

export interface AccountRow {
  readonly mailbox_id: string;
  readonly user_name: string;
  readonly auth: "password" | "oauth";
  /** Key of a preset; null: a server that nobody knows by name. */
  readonly provider: string | null;
  readonly imap_host: string;
  readonly imap_port: number;
  readonly imap_security: Security;
  readonly smtp_host: string;
  readonly smtp_port: number;
  readonly smtp_security: Security;
  readonly secret_sealed: Buffer;
  readonly access_expires_at: string | null;
  readonly state: AccountState["state"];
  readonly reason: AccountReason | null;
  readonly message: string | null;
  readonly progress_done: number | null;
  readonly progress_total: number | null;
  readonly retry_at: string | null;
  readonly failures: number;
  readonly last_synced_at: string | null;
  readonly created_at: string;
  readonly epoch: number;
  readonly look_wanted: boolean;
}

type Defaulted = "state" | "failures" | "created_at" | "epoch" | "look_wanted";
type Optional = "reason" | "message" | "progress_done" | "progress_total" | "retry_at" | "last_synced_at";
type AccountTables = {
  mail_account: { [Key in keyof Omit<AccountRow, Defaulted | Optional>]: AccountRow[Key] } & {
    [Key in Defaulted | Optional]: Generated<AccountRow[Key]>;
  };
};

export const accountTables = (db: Database | Transaction) => db.withTables<AccountTables>();

export const findAccount = (db: Database | Transaction, mailboxId: string): Promise<AccountRow | undefined> =>
  accountTables(db).selectFrom("mail_account").selectAll().where("mailbox_id", "=", mailboxId).executeTakeFirst();

export type NewAccount = Omit<AccountRow, Defaulted | Optional>;

export async function insertAccount(trx: Transaction, account: NewAccount): Promise<void> {
  await accountTables(trx).insertInto("mail_account").values(account).execute();
}

/** By somebody: the worker that has it ends, and another begins with what is so now. Replicas of whoever sees it hear of it. */
export async function changeAccount(
  trx: Transaction,
  mailboxId: string,
  set: Partial<Omit<AccountRow, "mailbox_id" | "epoch">>,
): Promise<void> {
  await accountTables(trx)
    .updateTable("mail_account")
    .set({ ...set, epoch: sql<number>`epoch + 1` })
    .where("mailbox_id", "=", mailboxId)
    .execute();
  await recordChanges(trx, [{ collection: "mailboxes", id: mailboxId }]);
}

/** First part of the key of the advisory lock by which a node has an account ("acct" in ASCII); the second is the hash of its id. */
export const ACCOUNT_LOCK = 0x61636374;

/** What somebody has at a provider is theirs: nobody looks into it once they are switched off, until they are switched on again. */
const ownerIsActive = sql<boolean>`exists (select from app_user where app_user.id = mailbox.owner_id and app_user.state = 'active')`;

/** Accounts that no node has and one should, those first that waited longest. */
export async function findDueAccounts(db: Database, now: string): Promise<readonly string[]> {
  const { rows } = await sql<{ mailbox_id: string }>`
    with held as (select objid from pg_locks where locktype = 'advisory' and classid = ${ACCOUNT_LOCK} and granted
      and database = (select oid from pg_database where datname = current_database()))
    select account.mailbox_id from mail_account account join mailbox on mailbox.id = account.mailbox_id
    where account.state not in ('off', 'needsSignIn') and mailbox.disabled_at is null and ${ownerIsActive}
      and (account.retry_at is null or account.retry_at <= ${now})
      and (hashtext(account.mailbox_id::text)::bigint & 4294967295)::oid not in (select objid from held)
    order by account.retry_at nulls first, account.mailbox_id`.execute(db);
  return rows.map(({ mailbox_id }) => mailbox_id);
}

/** Takes the account for a new worker: what an earlier one still writes is refused. Undefined: it is switched off meanwhile. */
export async function takeAccount(db: Database, mailboxId: string): Promise<AccountRow | undefined> {
  const { rows } = await sql<AccountRow>`update mail_account set epoch = epoch + 1
    where mailbox_id = ${mailboxId} and state not in ('off', 'needsSignIn') returning *`.execute(db);
  return rows[0];
}

/** Whether this worker still has the account; nobody takes it until the transaction ends. */
export async function holdEpoch(trx: Transaction, mailboxId: string, epoch: number): Promise<boolean> {
  const { rows } = await sql`select from mail_account
    where mailbox_id = ${mailboxId} and epoch = ${epoch} for share`.execute(trx);
  return rows.length > 0;
}

export interface AccountProgress {
  readonly state: AccountState["state"];
  readonly reason?: AccountReason;
  readonly message?: string;
  readonly done?: number;
  readonly total?: number;
  readonly retryAt?: string;
  readonly failures?: number;
  readonly syncedAt?: string;
}

/** What its owner is told of it; false when this worker has lost the account, or somebody switched it off. */
export async function tellProgress(
  db: Database,
  { mailboxId, epoch }: { readonly mailboxId: string; readonly epoch: number },
  progress: AccountProgress,
): Promise<boolean> {
  const { state, reason, message, done, total, retryAt, failures, syncedAt } = progress;
  return db.transaction().execute(async (trx) => {
    const { rows } = await sql`update mail_account set state = ${state}, reason = ${reason ?? null},
        message = ${message ?? null}, progress_done = ${done ?? null}, progress_total = ${total ?? null},
        retry_at = ${retryAt ?? null}, failures = ${failures ?? 0},
        last_synced_at = coalesce(${syncedAt ?? null}, last_synced_at)
      where mailbox_id = ${mailboxId} and epoch = ${epoch} and state <> 'off' returning 1`.execute(trx);
    if (rows.length > 0) await recordChanges(trx, [{ collection: "mailboxes", id: mailboxId }]);
    return rows.length > 0;
  });
}

/* ---------- what is still to be done there ---------- */

export interface PendingChange {
  readonly id: number;
  readonly kind: "flags" | "move" | "delete" | "append" | "draft" | "createFolder" | "renameFolder" | "deleteFolder";
  readonly message_id: string | null;
  readonly folder_id: string | null;
  readonly args: unknown;
  readonly attempts: number;
}

const labelArgs = z.object({
  addLabels: z.array(z.string()).default([]),
  removeLabels: z.array(z.string()).default([]),
});

/** Of a change of flags. */
export function labelsOfArgs(args: unknown): { readonly add: readonly string[]; readonly remove: readonly string[] } {
  const { addLabels: add, removeLabels: remove } = labelArgs.parse(args);
  return { add, remove };
}

export async function readPending(
  db: Database | Transaction,
  mailboxId: string,
  { after = 0, limit }: { readonly after?: number; readonly limit: number },
): Promise<readonly PendingChange[]> {
  const { rows } = await sql<PendingChange>`
    select id, kind, message_id, folder_id, args, attempts from mail_remote_change
    where mailbox_id = ${mailboxId} and id > ${after} order by id limit ${limit}`.execute(db);
  return rows;
}

export async function readPendingOf(
  trx: Database | Transaction,
  messageIds: readonly string[],
): Promise<ReadonlyMap<string, readonly PendingChange[]>> {
  if (messageIds.length === 0) return new Map();
  const { rows } = await sql<PendingChange>`
    select id, kind, message_id, folder_id, args, attempts from mail_remote_change
    where message_id = any(${messageIds}::uuid[]) order by id`.execute(trx);
  return Map.groupBy(rows, (row) => row.message_id ?? "");
}

export async function removePending(trx: Transaction, ids: readonly number[]): Promise<void> {
  if (ids.length === 0) return;
  await sql`delete from mail_remote_change where id = any(${ids}::bigint[])`.execute(trx);
}

export async function removePendingOf(trx: Transaction, messageIds: readonly string[]): Promise<void> {
  if (messageIds.length === 0) return;
  await sql`delete from mail_remote_change where message_id = any(${messageIds}::uuid[])`.execute(trx);
}

export async function countAttempt(db: Database | Transaction, ids: readonly number[]): Promise<void> {
  if (ids.length === 0) return;
  await sql`update mail_remote_change set attempts = attempts + 1 where id = any(${ids}::bigint[])`.execute(db);
}

export async function noteSynced(db: Database, mailboxId: string, at: string): Promise<void> {
  await accountTables(db)
    .updateTable("mail_account")
    .set({ last_synced_at: at })
    .where("mailbox_id", "=", mailboxId)
    .execute();
}

export interface Standing {
  readonly epoch: number;
  readonly isOff: boolean;
  readonly isWanted: boolean;
  /** The last of what is still to be done there. */
  readonly lastPending: number | null;
}

/** Of accounts that are looked after; one that was removed is not among them. Who wants a look is asked once. */
export async function readStanding(
  db: Database,
  mailboxIds: readonly string[],
): Promise<ReadonlyMap<string, Standing>> {
  if (mailboxIds.length === 0) return new Map();
  const { rows } = await sql<Standing & { id: string }>`
    with wanted as (update mail_account set look_wanted = false
      where look_wanted and mailbox_id = any(${mailboxIds}::uuid[]) returning mailbox_id)
    select account.mailbox_id as id, account.epoch,
      account.state in ('off', 'needsSignIn') or mailbox.disabled_at is not null or not ${ownerIsActive} as "isOff",
      exists (select from wanted where wanted.mailbox_id = account.mailbox_id) as "isWanted",
      (select max(id) from mail_remote_change where mailbox_id = account.mailbox_id and kind <> 'draft') as "lastPending"
    from mail_account account join mailbox on mailbox.id = account.mailbox_id
    where account.mailbox_id = any(${mailboxIds}::uuid[])`.execute(db);
  return new Map(rows.map((row) => [row.id, row]));
}
