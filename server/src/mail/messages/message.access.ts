import { DomainError } from "@kontor/shared/base";
import type { FolderRole, SendState } from "@kontor/shared/mail";
import type { Database, Transaction } from "#kernel";
import {
  mailboxForbidden,
  mayInMailbox,
  requireMailbox,
  seesMessages,
  accessToMailbox,
  type AccessibleMailbox,
  type MailAct,
  type MailReader,
} from "../mailboxes/mailbox.resource.ts";
import { messageTables } from "./messages.repo.ts";
import { folderNotFound } from "./placeMessage.ts";

/** A message's row as it is changed, without what it says. */
export interface HeldMessage {
  readonly id: string;
  readonly mailbox_id: string;
  readonly folder_id: string;
  readonly content_id: string;
  readonly thread_id: string;
  readonly seen: boolean;
  readonly flagged: boolean;
  readonly labels: readonly string[];
  readonly snoozed_until: string | null;
  readonly follow_up_at: string | null;
  readonly assignee_id: string | null;
  readonly send_state: SendState | null;
  readonly trashed_from: string | null;
  readonly trashed_at: string | null;
}

export const heldColumns = [
  "id",
  "mailbox_id",
  "folder_id",
  "content_id",
  "thread_id",
  "seen",
  "flagged",
  "labels",
  "snoozed_until",
  "follow_up_at",
  "assignee_id",
  "send_state",
  "trashed_from",
  "trashed_at",
] as const;

export interface HeldFolder {
  readonly id: string;
  readonly mailbox_id: string;
  readonly parent_id: string | null;
  readonly role: FolderRole | null;
  readonly name: string;
  readonly trashed_at: string | null;
}

/**
 * The message for an act, its row held to the end of the transaction: whoever comes second sees what the first one wrote. One in
 * a mailbox whose messages are not seen is not there.
 */
export async function holdMessage(
  trx: Transaction,
  reader: MailReader,
  id: string,
  act: MailAct,
): Promise<AccessibleMailbox & { readonly message: HeldMessage }> {
  const message = await messageTables(trx)
    .selectFrom("mail_message")
    .select(heldColumns)
    .where("id", "=", id)
    .forUpdate()
    .executeTakeFirst();
  if (!message) throw messageNotFound();
  return { message, ...(await mailboxOfMessage(trx, reader, message.mailbox_id, act)) };
}

/** The mailbox of something that lies in it, for an act: where its messages are not seen, there is no such thing. */
async function mailboxOfMessage(
  db: Database | Transaction,
  reader: MailReader,
  mailboxId: string,
  act: MailAct,
): Promise<AccessibleMailbox> {
  const found = await accessToMailbox(db, reader, mailboxId);
  if (!found || !seesMessages(found.access)) throw messageNotFound();
  if (!mayInMailbox(found.access, act)) throw mailboxForbidden(act);
  return found;
}

/** The folder for a change, and its mailbox; folders of one mailbox change one after another, because paths are of all of them. */
export async function holdFolder(
  trx: Transaction,
  reader: MailReader,
  id: string,
): Promise<AccessibleMailbox & { readonly folder: HeldFolder; readonly folders: readonly HeldFolder[] }> {
  const row = await messageTables(trx)
    .selectFrom("mail_folder")
    .select("mailbox_id")
    .where("id", "=", id)
    .executeTakeFirst();
  if (!row) throw folderNotFound();
  const access = await accessToMailbox(trx, reader, row.mailbox_id);
  if (!access || !seesMessages(access.access)) throw folderNotFound();
  if (!mayInMailbox(access.access, "edit")) throw mailboxForbidden("edit");
  const folders = await holdFolders(trx, row.mailbox_id);
  const folder = folders.find((each) => each.id === id);
  if (!folder) throw folderNotFound();
  return { ...access, folder, folders };
}

export async function holdMailboxFolders(
  trx: Transaction,
  reader: MailReader,
  mailboxId: string,
): Promise<AccessibleMailbox & { readonly folders: readonly HeldFolder[] }> {
  const access = await requireMailbox(trx, reader, mailboxId, "edit");
  return { ...access, folders: await holdFolders(trx, mailboxId) };
}

const holdFolders = (trx: Transaction, mailboxId: string): Promise<readonly HeldFolder[]> =>
  messageTables(trx)
    .selectFrom("mail_folder")
    .select(["id", "mailbox_id", "parent_id", "role", "name", "trashed_at"])
    .where("mailbox_id", "=", mailboxId)
    .orderBy("id")
    .forNoKeyUpdate()
    .execute();

export const messageNotFound = () =>
  new DomainError("notFound", "There is no such message.", { reason: "message.notFound" });

/* ---------- reading ---------- */

/** The message for reading; one in a mailbox whose messages are not seen is not there. */
export async function readableMessage(
  db: Database,
  reader: MailReader,
  id: string,
): Promise<AccessibleMailbox & { readonly content: { readonly raw_sha256: string | null; readonly subject: string } }> {
  const message = await messageTables(db)
    .selectFrom("mail_message as m")
    .innerJoin("mail_content as c", "c.id", "m.content_id")
    .select(["m.mailbox_id", "c.raw_sha256", "c.subject"])
    .where("m.id", "=", id)
    .executeTakeFirst();
  if (!message) throw messageNotFound();
  return { content: message, ...(await mailboxOfMessage(db, reader, message.mailbox_id, "read")) };
}

export async function readableFolder(db: Database, reader: MailReader, id: string): Promise<AccessibleMailbox> {
  const row = await messageTables(db)
    .selectFrom("mail_folder")
    .select("mailbox_id")
    .where("id", "=", id)
    .executeTakeFirst();
  const found = row && (await accessToMailbox(db, reader, row.mailbox_id));
  if (!found || !seesMessages(found.access)) throw folderNotFound();
  return found;
}

export async function readableThread(db: Database, reader: MailReader, id: string): Promise<AccessibleMailbox> {
  const row = await messageTables(db)
    .selectFrom("mail_thread")
    .select("mailbox_id")
    .where("id", "=", id)
    .executeTakeFirst();
  const found = row && (await accessToMailbox(db, reader, row.mailbox_id));
  if (!found || !seesMessages(found.access)) throw threadNotFound();
  return found;
}

export const threadNotFound = () =>
  new DomainError("notFound", "There is no such thread.", { reason: "thread.notFound" });
