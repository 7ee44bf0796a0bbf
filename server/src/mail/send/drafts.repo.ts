import { sql } from "kysely";
import type { Context } from "@kontor/shared/access";
import { newId, type Json } from "@kontor/shared/base";
import type { DraftOrigin, MailAddress, SendState } from "@kontor/shared/mail";
import { recordChanges, type Database, type Transaction } from "#kernel";
import { removeMessages } from "../messages/deleteMessages.ts";
import { jsonb, messageTables } from "../messages/messages.repo.ts";
import type { MessageExtras, MessagePeople } from "../mime/parsedMessage.ts";
import { messageWords } from "../search/messageWords.ts";

/** SQL of messages that leave, from the first save until they have left. */

/** A message of somebody's own, held against whoever else changes or sends it. */
export interface LeavingRow {
  readonly id: string;
  readonly mailbox_id: string;
  readonly folder_id: string;
  readonly content_id: string;
  readonly thread_id: string;
  readonly bcc: readonly MailAddress[] | null;
  /** Null: it came in. */
  readonly send_state: SendState | null;
  readonly send_at: string | null;
  readonly send_by: string | null;
  /** From where it was sent, for deciding once more. */
  readonly send_context: Omit<Context, "time"> | null;
  readonly send_attempts: number;
  /** Counted up by every change of the row. */
  readonly rev: number;
  readonly origin: DraftOrigin | null;
  readonly draft_rev: number;
  readonly draft_writer: string | null;
  readonly draft_alone_since: number;
  readonly trashed_at: string | null;
  readonly message_id: string;
  readonly in_reply_to: readonly string[];
  readonly refs: readonly string[];
  readonly subject: string;
  readonly people: MessagePeople;
  readonly body_text: string;
  readonly body_html: string | null;
  readonly extras: MessageExtras;
}

const selectLeaving = (db: Database | Transaction) =>
  messageTables(db)
    .selectFrom("mail_message as m")
    .innerJoin("mail_content as c", "c.id", "m.content_id")
    .select([
      "m.id",
      "m.mailbox_id",
      "m.folder_id",
      "m.content_id",
      "m.thread_id",
      "m.bcc",
      "m.send_state",
      "m.send_at",
      "m.send_by",
      sql<LeavingRow["send_context"]>`m.send_context`.as("send_context"),
      "m.send_attempts",
      "m.rev",
      "m.origin",
      "m.draft_rev",
      "m.draft_writer",
      "m.draft_alone_since",
      "m.trashed_at",
      "c.message_id",
      "c.in_reply_to",
      "c.refs",
      "c.subject",
      "c.people",
      "c.body_text",
      "c.body_html",
      "c.extras",
    ]);

/** Whoever holds it decides what becomes of it: saving, sending, cancelling and leaving wait for each other here. */
export const holdLeaving = (trx: Transaction, id: string): Promise<LeavingRow | undefined> =>
  selectLeaving(trx).where("m.id", "=", id).forUpdate("m").executeTakeFirst();

/** Without holding it. */
export const findLeaving = (db: Database | Transaction, id: string): Promise<LeavingRow | undefined> =>
  selectLeaving(db).where("m.id", "=", id).executeTakeFirst();

/** What a device wrote while somebody else changed the draft: its own second draft, if it has one already. */
export async function holdConflictDraft(
  trx: Transaction,
  mailboxId: string,
  id: string,
  writer: string,
): Promise<LeavingRow | undefined> {
  return selectLeaving(trx)
    .where("m.mailbox_id", "=", mailboxId)
    .where("m.send_state", "in", ["draft", "failed"])
    .where(sql<string>`m.origin->>'conflictOf'`, "=", id)
    .where("m.draft_writer", "=", writer)
    .forUpdate("m")
    .executeTakeFirst();
}

/** What a draft says, as it is stored. */
export interface DraftContent {
  readonly subject: string;
  readonly people: MessagePeople;
  readonly snippet: string;
  readonly text: string;
  readonly html: string | null;
  readonly hasRemote: boolean;
  readonly extras: MessageExtras;
}

const contentColumns = ({ subject, people, snippet, text, html, hasRemote, extras }: DraftContent, at: string) => ({
  subject,
  people: jsonb(people),
  sent_at: at,
  snippet,
  body_text: text,
  words: messageWords({ subject, people, text }),
  body_html: html,
  has_remote: hasRemote,
  extras: jsonb(extras),
});

export interface DraftHeaders {
  /** Given once, and the same in every attempt to send. */
  readonly messageId: string;
  readonly inReplyTo: readonly string[];
  readonly refs: readonly string[];
}

/** Returns the content's id. */
export async function insertDraftContent(
  trx: Transaction,
  content: DraftContent,
  { messageId, inReplyTo, refs }: DraftHeaders,
  at: string,
): Promise<string> {
  const id = newId();
  await messageTables(trx)
    .insertInto("mail_content")
    .values({
      id,
      raw_sha256: null,
      message_id: messageId,
      in_reply_to: [...inReplyTo],
      refs: [...refs],
      authenticity: jsonb({ internal: true, warnings: [] }),
      ...contentColumns(content, at),
    })
    .execute();
  return id;
}

export async function rewriteDraft(
  trx: Transaction,
  row: LeavingRow,
  content: DraftContent,
  message: {
    readonly mailboxId: string;
    readonly folderId: string;
    readonly threadId: string;
    readonly bcc: readonly MailAddress[];
    readonly origin: DraftOrigin;
    readonly writer: string | undefined;
    readonly at: string;
    readonly by: string;
  },
): Promise<number> {
  await messageTables(trx)
    .updateTable("mail_content")
    .set(contentColumns(content, message.at))
    .where("id", "=", row.content_id)
    .execute();
  const rev = row.draft_rev + 1;
  const isSameWriter = message.writer !== undefined && message.writer === row.draft_writer;
  await messageTables(trx)
    .updateTable("mail_message")
    .set({
      mailbox_id: message.mailboxId,
      folder_id: message.folderId,
      thread_id: message.threadId,
      received_at: message.at,
      bcc: message.bcc.length > 0 ? jsonb(message.bcc) : null,
      origin: jsonb(message.origin),
      draft_rev: rev,
      draft_writer: message.writer ?? null,
      draft_alone_since: isSameWriter ? row.draft_alone_since : rev,
      send_state: "draft",
      send_at: null,
      send_by: message.by,
      send_reason: null,
      send_message: null,
      trashed_at: null,
      trashed_from: null,
      rev: sql<number>`rev + 1`,
    })
    .where("id", "=", row.id)
    .execute();
  await noteMessage(trx, row.id);
  return rev;
}

/** Everything that tells where a message stands on its way out. */
export interface SendStatus {
  readonly state: SendState;
  readonly folderId: string;
  readonly at: string | null;
  readonly by: string | null;
  readonly context?: Context;
  /** By which lists are ordered. Absent: as it was. */
  readonly receivedAt?: string;
  /** When it comes back unless somebody answered. Absent: as it was. */
  readonly followUpAt?: string;
  readonly reason?: string;
  readonly message?: string;
}

export async function setSendStatus(
  trx: Transaction,
  id: string,
  { state, folderId, at, by, context, receivedAt, followUpAt, reason, message }: SendStatus,
): Promise<void> {
  await messageTables(trx)
    .updateTable("mail_message")
    .set({
      send_state: state,
      folder_id: folderId,
      send_at: at,
      send_by: by,
      send_reason: reason ?? null,
      send_message: message ?? null,
      ...(receivedAt !== undefined && { received_at: receivedAt }),
      ...(followUpAt !== undefined && { follow_up_at: followUpAt }),
      send_context: context ? jsonb(withoutTime(context)) : null,
      send_attempts: 0,
      send_retry_at: null,
      trashed_at: null,
      trashed_from: null,
      rev: sql<number>`rev + 1`,
    })
    .where("id", "=", id)
    .execute();
  await recordChanges(trx, [{ collection: "messages", id }]);
}

/** A later attempt is at another time. */
const withoutTime = ({ time: _time, ...context }: Context): Json => JSON.parse(JSON.stringify(context)) as Json;

/** A fault of ours: it stays scheduled, and is tried again then. */
export async function noteFailedAttempt(trx: Transaction, { id, rev }: LeavingRow, retryAt: string): Promise<void> {
  await messageTables(trx)
    .updateTable("mail_message")
    .set({ send_attempts: sql<number>`send_attempts + 1`, send_retry_at: retryAt })
    .where("id", "=", id)
    .where("rev", "=", rev)
    .where("send_state", "=", "scheduled")
    .execute();
}

/**
 * Messages whose moment has come, the one that waits longest first. Attachments on their way hold them back, until nobody comes
 * back for those any longer: then the sender is told.
 */
export async function findDue(
  db: Database,
  { now, awaitedSince, limit }: { readonly now: string; readonly awaitedSince: string; readonly limit: number },
): Promise<readonly string[]> {
  const { rows } = await sql<{ id: string }>`
    select id from mail_message message
    where send_state = 'scheduled' and send_at <= ${now} and (send_retry_at is null or send_retry_at <= ${now})
      and (send_at <= ${awaitedSince} or not exists (
        select from file where file.mail_content_id = message.content_id and deleted_at is null and state = 'awaiting'))
    order by send_at, id limit ${limit}`.execute(db);
  return rows.map(({ id }) => id);
}

/** Its content is its own, so that goes too, and with it its attachments. */
export async function deleteDraft(trx: Transaction, row: LeavingRow, { isExternal }: { readonly isExternal: boolean }) {
  await removeMessages(trx, [{ ...row, isExternal }]);
  await messageTables(trx).deleteFrom("mail_content").where("id", "=", row.content_id).execute();
}

/** Of the row and its text, which are two rows for replicas. */
export const noteMessage = (trx: Transaction, id: string): Promise<void> =>
  recordChanges(trx, [
    { collection: "messages", id },
    { collection: "mailBodies", id },
  ]);
