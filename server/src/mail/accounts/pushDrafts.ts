import { createHash } from "node:crypto";
import { buffer } from "node:stream/consumers";
import { domainToASCII } from "node:url";
import { sql } from "kysely";
import { isDomainError } from "@kontor/shared/base";
import { divideAttachments, type MailAddress } from "@kontor/shared/mail";
import { fileTables } from "#files";
import type { Database } from "#kernel";
import { findRoleFolder, noteRemoteChanges } from "../messages/messages.repo.ts";
import { buildMessage } from "../mime/buildMessage.ts";
import { findLeaving, type LeavingRow } from "../send/drafts.repo.ts";
import { composeOutgoing } from "../send/outgoing.ts";
import { isRefusal } from "./account.failure.ts";
import type { AccountWork } from "./account.work.ts";
import { removePending } from "./accounts.repo.ts";
import { draftState, removePendingDraft, restMs } from "./drafts.repo.ts";
import { markBits } from "./marks.ts";
import { remoteFolderFor } from "./pushFolder.ts";
import {
  findPlaces,
  findRemoteFolder,
  forgetMessages,
  noteDraftThere,
  placeThere,
  type RemotePlace,
} from "./remote.repo.ts";

/**
 * Drafts of an account lie in its drafts folder there, too, so that their author goes on with them in any other client.
 *
 * - **DFT-1** A draft is put there when nobody has written on it for some seconds; the one that lay there before goes first.
 * - **DFT-2** What was sent, discarded, or is written from another mailbox now, is removed there.
 * - **DFT-3** What another client makes of it there comes here as its text where ours has not changed since; else both are kept.
 * - **DFT-4** An APPEND whose answer was lost is known again by its bytes, which are noted before it.
 * - **DFT-5** A draft that is deleted there goes here, unless it has changed here since, or is on its way out.
 *
 * A draft that could not be given back whole stays here: one that redirects, and one whose attachments fit into no message.
 */
export async function pushDrafts(work: AccountWork, refusals: Map<string, string>): Promise<void> {
  await forgetAttempts(work);
  for (const { place, id } of await findLeft(work)) await removeThere(work, id, place);
  for (const { id, state } of await findDue(work)) {
    if (refusals.get(id) === state) continue;
    try {
      await pushDraft(work, id, state);
    } catch (error) {
      if (!isRefusal(error) && !isDomainError(error)) throw error;
      // Until it is changed: it would be refused again.
      refusals.set(id, state);
      work.log.info({ mailboxId: work.mailboxId, messageId: id, err: error }, "a draft cannot be put to its provider");
    }
  }
}

/** By the folders that were looked into since, it is known which of them the server did (DFT-4). */
async function forgetAttempts({ db, mailboxId, transact }: AccountWork): Promise<void> {
  const { rows } = await sql<{ id: number }>`
    select id from mail_remote_change where mailbox_id = ${mailboxId} and kind = 'draft'`.execute(db);
  if (rows.length === 0) return;
  await transact((trx) =>
    removePending(
      trx,
      rows.map(({ id }) => id),
    ),
  );
}

interface Left {
  readonly id: string;
  readonly place: RemotePlace;
}

/** Copies of what is no draft of this mailbox any longer (DFT-2). One that was discarded has its own change. */
async function findLeft({ db, mailboxId }: AccountWork): Promise<readonly Left[]> {
  const { rows } = await sql<{ id: string }>`
    select known.message_id as id from mail_remote_message known
      left join mail_message message on message.id = known.message_id
    where known.mailbox_id = ${mailboxId} and known.draft is not null and (message.id is null
      or message.mailbox_id <> known.mailbox_id or coalesce(message.send_state, 'sent') = 'sent')`.execute(db);
  const places = await findPlaces(
    db,
    rows.map(({ id }) => id),
  );
  return rows.flatMap(({ id }) => {
    const place = places.get(id);
    return place ? [{ id, place }] : [];
  });
}

async function findDue({ db, mailboxId, clock }: AccountWork): Promise<readonly { id: string; state: string }[]> {
  const { rows } = await sql<{ id: string; state: string }>`
    select message.id, ${draftState} as state from mail_message message
      join mail_folder folder on folder.id = message.folder_id and folder.role = 'drafts'
      left join mail_remote_message known on known.message_id = message.id
    where message.mailbox_id = ${mailboxId} and message.send_state in ('draft', 'failed')
      and coalesce(message.origin->>'kind', 'new') <> 'redirect'
      and message.received_at <= ${new Date(clock.now() - restMs).toISOString()}
      and (known.message_id is null or known.mailbox_id = message.mailbox_id and known.draft is distinct from ${draftState})
      and not exists (select from mail_remote_change change where change.message_id = message.id)
    order by message.received_at`.execute(db);
  return rows;
}

async function pushDraft(work: AccountWork, id: string, state: string): Promise<void> {
  const row = await findLeaving(work.db, id);
  const folder = row && (await findRoleFolder(work.db, row.mailbox_id, "drafts"));
  const target = folder && (await remoteFolderFor(work, folder.id));
  const before = (await findPlaces(work.db, [id])).get(id);
  if (!row || !folder || !target) return;
  const raw = await build(work, row);
  if (before) await removeThere(work, id, before);
  if (!raw) return;
  const sha256 = createHash("sha256").update(raw).digest("hex");
  await work.transact((trx) =>
    noteRemoteChanges(trx, [{ mailboxId: work.mailboxId, kind: "draft", messageId: id, args: { sha256, state } }]),
  );
  await work.session.select(target.path);
  const flags = { marks: markBits.seen, labels: [], isDraft: true };
  const receivedAt = new Date(work.clock.now()).toISOString();
  const appended = await work.session.append(target.path, raw, flags, receivedAt);
  await work.transact(async (trx) => {
    const known = await findRemoteFolder(trx, folder.id);
    // Else it is found by its bytes, when the folder is looked into.
    if (appended.uid === undefined || known?.uid_validity !== appended.uidValidity) return;
    const place = { messageId: id, folderId: folder.id, uid: appended.uid, marks: markBits.seen, labels: [] };
    await placeThere(trx, work.mailboxId, [place]);
    await noteDraftThere(trx, id, state);
    await removePendingDraft(trx, id);
  });
}

/** Undefined: it could not be given back whole. */
async function build({ db, blobs, clock }: AccountWork, row: LeavingRow): Promise<Buffer | undefined> {
  const files = await storedFiles(db, row.content_id);
  if (divideAttachments(files, () => false).apart.length > 0) return undefined;
  const none = () => {
    throw new Error("everything of a draft goes along with it");
  };
  const parts = { row, files, sheets: [], papers: [], date: new Date(clock.now()), goesOutside: false };
  const raw = await buffer(
    buildMessage(composeOutgoing(parts, { blobs, clock, publicUrl: undefined, sharedPath: none })),
  );
  return Buffer.concat([bccField(row.bcc ?? []), raw]);
}

const storedFiles = (db: Database, contentId: string) =>
  fileTables(db)
    .selectFrom("file")
    .selectAll()
    .where("mail_content_id", "=", contentId)
    .where("deleted_at", "is", null)
    .where("state", "=", "stored")
    .orderBy("part_position")
    .orderBy("id")
    .execute();

/** Of a draft alone: what leaves is built without it (BLD). Its author would lose whom they hid in another client. */
function bccField(bcc: readonly MailAddress[]): Buffer {
  if (bcc.length === 0) return Buffer.alloc(0);
  const addresses = bcc.map(({ address }) => {
    const [local = "", domain = ""] = address.split("@");
    return `${local}@${domainToASCII(domain) || domain}`;
  });
  return Buffer.from(`Bcc: ${addresses.join(",\r\n ")}\r\n`);
}

/** The copy that lies there, wherever another client has put it. */
export async function removeThere(work: AccountWork, id: string, { folder_id, uid }: RemotePlace): Promise<void> {
  const folder = folder_id === null ? undefined : await findRemoteFolder(work.db, folder_id);
  if (folder && uid !== null) {
    const { uidValidity } = await work.session.select(folder.path);
    if (uidValidity === folder.uid_validity) await work.session.expunge([uid]);
  }
  await work.transact((trx) => forgetMessages(trx, [id]));
}
