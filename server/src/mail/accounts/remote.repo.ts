import { sql, type Generated } from "kysely";
import type { Database, Transaction } from "#kernel";
import type { Flags } from "./marks.ts";

/** SQL of how an account looks at its provider, as far as we know it. */

export interface RemoteFolderRow {
  readonly folder_id: string;
  readonly mailbox_id: string;
  readonly path: string;
  /** Null: not looked into yet. */
  readonly uid_validity: number | null;
  readonly uid_next: number;
  readonly highest_modseq: string | null;
  readonly filled_down_to: number;
}

export interface RemoteMessageRow extends Flags {
  readonly message_id: string;
  readonly uid: number;
}

type RemoteTables = {
  mail_remote_folder: {
    folder_id: string;
    mailbox_id: string;
    path: string;
    uid_validity: number | null;
    uid_next: Generated<number>;
    highest_modseq: string | null;
    filled_down_to: Generated<number>;
  };
  mail_remote_message: {
    message_id: string;
    mailbox_id: string;
    folder_id: string | null;
    uid: number | null;
    marks: Generated<number>;
    labels: Generated<string[]>;
    draft: Generated<string | null>;
    is_put: Generated<boolean>;
  };
};

export const remoteTables = (db: Database | Transaction) => db.withTables<RemoteTables>();

/* ---------- folders ---------- */

export const findRemoteFolders = (db: Database | Transaction, mailboxId: string): Promise<readonly RemoteFolderRow[]> =>
  remoteTables(db)
    .selectFrom("mail_remote_folder")
    .selectAll()
    .where("mailbox_id", "=", mailboxId)
    .orderBy("path")
    .execute();

export const findRemoteFolder = (db: Database | Transaction, folderId: string): Promise<RemoteFolderRow | undefined> =>
  remoteTables(db).selectFrom("mail_remote_folder").selectAll().where("folder_id", "=", folderId).executeTakeFirst();

export async function insertRemoteFolder(
  trx: Transaction,
  folder: { readonly folderId: string; readonly mailboxId: string; readonly path: string },
): Promise<void> {
  await remoteTables(trx)
    .insertInto("mail_remote_folder")
    .values({
      folder_id: folder.folderId,
      mailbox_id: folder.mailboxId,
      path: folder.path,
      uid_validity: null,
      highest_modseq: null,
    })
    .execute();
}

export async function updateRemoteFolder(
  trx: Transaction,
  folderId: string,
  set: Partial<Omit<RemoteFolderRow, "folder_id" | "mailbox_id">>,
): Promise<void> {
  await remoteTables(trx).updateTable("mail_remote_folder").set(set).where("folder_id", "=", folderId).execute();
}

/** It holds no messages any more: as if it had never been looked into. */
export async function emptyRemoteFolder(trx: Transaction, folderId: string): Promise<void> {
  await loseFolder(trx, folderId);
  await updateRemoteFolder(trx, folderId, { uid_validity: null, uid_next: 1, highest_modseq: null, filled_down_to: 1 });
}

/** What lay in it is lost with it, until it is found elsewhere. */
export async function deleteRemoteFolder(trx: Transaction, folderId: string): Promise<void> {
  await loseFolder(trx, folderId);
  await remoteTables(trx).deleteFrom("mail_remote_folder").where("folder_id", "=", folderId).execute();
}

/* ---------- messages ---------- */

/** Every message of a folder that we know, by UID. A hundred thousand take 15 MB, for the moment of a comparison. */
export async function readKnown(
  db: Database | Transaction,
  folderId: string,
  fromUid = 0,
): Promise<ReadonlyMap<number, RemoteMessageRow>> {
  const { rows } = await sql<RemoteMessageRow>`
    select message_id, uid, marks, labels from mail_remote_message
    where folder_id = ${folderId} and uid >= ${fromUid}`.execute(db);
  return new Map(rows.map((row) => [row.uid, row]));
}

export async function findByUids(
  db: Database | Transaction,
  folderId: string,
  uids: readonly number[],
): Promise<ReadonlyMap<number, RemoteMessageRow>> {
  if (uids.length === 0) return new Map();
  const { rows } = await sql<RemoteMessageRow>`
    select message_id, uid, marks, labels from mail_remote_message
    where folder_id = ${folderId} and uid = any(${uids}::bigint[])`.execute(db);
  return new Map(rows.map((row) => [row.uid, row]));
}

export interface RemotePlace extends Flags {
  readonly message_id: string;
  /** Of the copy of a draft: what it says. */
  readonly draft: string | null;
  readonly folder_id: string | null;
  readonly uid: number | null;
}

export async function findPlaces(
  db: Database | Transaction,
  messageIds: readonly string[],
): Promise<ReadonlyMap<string, RemotePlace>> {
  if (messageIds.length === 0) return new Map();
  const { rows } = await sql<RemotePlace>`
    select message_id, folder_id, uid, marks, labels, draft from mail_remote_message
    where message_id = any(${messageIds}::uuid[])`.execute(db);
  return new Map(rows.map((row) => [row.message_id, row]));
}

export interface PlacedThere extends Flags {
  readonly messageId: string;
  /** Null, both: it lies there somewhere, and is looked for. */
  readonly folderId: string | null;
  readonly uid: number | null;
}

/** Where messages lie there from now on. `isPut`: we put them there, and are still to see them there. */
export async function placeThere(
  trx: Transaction,
  mailboxId: string,
  placed: readonly PlacedThere[],
  { isPut = false }: { readonly isPut?: boolean } = {},
): Promise<void> {
  if (placed.length === 0) return;
  await sql`insert into mail_remote_message as known (message_id, mailbox_id, folder_id, uid, marks, labels, is_put)
    select each.message_id, ${mailboxId}, each.folder_id, each.uid, each.marks, array(select jsonb_array_elements_text(each.labels)),
      ${isPut} from unnest(
      ${placed.map(({ messageId }) => messageId)}::uuid[], ${placed.map(({ folderId }) => folderId)}::uuid[],
      ${placed.map(({ uid }) => uid)}::bigint[], ${placed.map(({ marks }) => marks)}::smallint[],
      ${placed.map(({ labels }) => JSON.stringify(labels))}::jsonb[]
    ) as each (message_id, folder_id, uid, marks, labels)
    on conflict (message_id) do update set folder_id = excluded.folder_id, uid = excluded.uid, marks = excluded.marks,
      labels = excluded.labels, is_put = excluded.is_put`.execute(trx);
}

export async function setFlagsThere(
  trx: Transaction,
  changes: readonly ({ readonly messageId: string } & Flags)[],
): Promise<void> {
  if (changes.length === 0) return;
  await sql`update mail_remote_message as known set marks = each.marks,
      labels = array(select jsonb_array_elements_text(each.labels)) from unnest(
      ${changes.map(({ messageId }) => messageId)}::uuid[], ${changes.map(({ marks }) => marks)}::smallint[],
      ${changes.map(({ labels }) => JSON.stringify(labels))}::jsonb[]
    ) as each (message_id, marks, labels) where known.message_id = each.message_id`.execute(trx);
}

/** Which state of a draft of ours lies there. */
export async function noteDraftThere(trx: Transaction, messageId: string, state: string): Promise<void> {
  await sql`update mail_remote_message set draft = ${state} where message_id = ${messageId}`.execute(trx);
}

/** The folder was looked into: what we put there and is not missed in it lies there. */
export async function settleFolder(trx: Transaction, folderId: string): Promise<void> {
  await sql`update mail_remote_message set is_put = false where folder_id = ${folderId} and is_put`.execute(trx);
}

/** They are no longer where they were. */
export async function loseMessages(trx: Transaction, messageIds: readonly string[]): Promise<void> {
  if (messageIds.length === 0) return;
  await sql`update mail_remote_message set folder_id = null, uid = null
    where message_id = any(${messageIds}::uuid[])`.execute(trx);
}

/** UIDs mean other messages from now on, or the folder is gone. */
export async function loseFolder(trx: Transaction, folderId: string): Promise<void> {
  await sql`update mail_remote_message set folder_id = null, uid = null where folder_id = ${folderId}`.execute(trx);
}

export async function forgetMessages(trx: Transaction, messageIds: readonly string[]): Promise<void> {
  if (messageIds.length === 0) return;
  await sql`delete from mail_remote_message where message_id = any(${messageIds}::uuid[])`.execute(trx);
}

export async function countKnown(db: Database, mailboxId: string): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*)::int as count from mail_remote_message where mailbox_id = ${mailboxId}`.execute(db);
  return rows[0]?.count ?? 0;
}
