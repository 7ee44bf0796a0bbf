import { sql, type Generated } from "kysely";
import type { FileRefusal, FileState, PageSize, PreviewReason, PreviewState } from "@kontor/shared/files";
import type {
  Authenticity,
  DeliveryDoc,
  DraftOrigin,
  FolderRole,
  MailAddress,
  MailLinkDoc,
  SendState,
} from "@kontor/shared/mail";
import type { Json } from "@kontor/shared/base";
import { recordChanges, type Database, type Transaction } from "#kernel";
import type { MessageExtras, MessagePeople } from "../mime/parsedMessage.ts";

/** SQL of what lies in mailboxes: folders, messages, their contents and links. */

export interface FolderRow {
  readonly id: string;
  readonly mailbox_id: string;
  readonly parent_id: string | null;
  readonly role: FolderRole | null;
  readonly name: string;
  /** It lies in the trash with everything in it, since then. */
  readonly trashed_at: string | null;
}

/** A message with what it says, but for its text. */
export interface MessageRow {
  readonly id: string;
  readonly mailbox_id: string;
  readonly folder_id: string;
  readonly content_id: string;
  readonly thread_id: string;
  readonly received_at: string;
  readonly seen: boolean;
  readonly flagged: boolean;
  readonly answered: boolean;
  readonly forwarded: boolean;
  readonly labels: readonly string[];
  readonly snoozed_until: string | null;
  readonly follow_up_at: string | null;
  readonly assignee_id: string | null;
  readonly bcc: readonly MailAddress[] | null;
  readonly send_state: SendState | null;
  readonly send_at: string | null;
  readonly send_by: string | null;
  readonly send_reason: string | null;
  readonly send_message: string | null;
  readonly origin: DraftOrigin | null;
  readonly draft_rev: number;
  readonly trashed_from: string | null;
  readonly message_id: string;
  readonly subject: string;
  readonly people: MessagePeople;
  readonly sent_at: string;
  readonly snippet: string;
  readonly raw_size: number;
  readonly authenticity: Authenticity;
  readonly extras: MessageExtras;
  readonly attachments: readonly AttachmentRow[];
  readonly deliveries: readonly DeliveryDoc[];
}

export interface AttachmentRow {
  readonly id: string;
  readonly name: string;
  readonly mime: string;
  readonly size: number;
  readonly sha256: string;
  readonly cid: string | null;
  readonly inline: boolean;
  readonly asLink: boolean;
  readonly state: FileState;
  readonly refusal: FileRefusal | null;
  readonly previewState: PreviewState;
  readonly previewReason: PreviewReason | null;
  readonly pages: number | null;
  readonly pageImages: number | null;
  readonly pageSizes: readonly PageSize[] | null;
  readonly pdfSha256: string | null;
  readonly thumbnailSha256: string | null;
}

/** The text; same id as its message. */
export interface BodyRow {
  readonly id: string;
  readonly mailbox_id: string;
  readonly body_text: string;
  readonly body_html: string | null;
  readonly is_cut: boolean;
  readonly has_remote: boolean;
}

export interface LinkRow {
  readonly id: string;
  readonly mailbox_id: string;
  readonly thread_id: string;
  readonly message_id: string | null;
  readonly record_id: string;
  readonly how: MailLinkDoc["how"];
  readonly created_at: string;
  readonly created_by: string | null;
}

type RemoteChangeKind =
  | "flags"
  | "move"
  | "delete"
  | "append"
  | "draft"
  | "createFolder"
  | "renameFolder"
  | "deleteFolder";

type MessageTables = {
  mail_folder: {
    id: string;
    mailbox_id: string;
    parent_id: string | null;
    role: FolderRole | null;
    name: string;
    rev: Generated<number>;
    created_at: Generated<string>;
    trashed_at: Generated<string | null>;
  };
  mail_content: {
    id: string;
    raw_sha256: string | null;
    raw_size: Generated<number>;
    message_id: string;
    in_reply_to: string[];
    refs: string[];
    subject: string;
    people: MessagePeople;
    sent_at: string;
    snippet: Generated<string>;
    body_text: Generated<string>;
    /** By `messageWords`. */
    words: string;
    body_html: string | null;
    is_cut: Generated<boolean>;
    has_remote: Generated<boolean>;
    authenticity: Authenticity;
    extras: MessageExtras;
    created_at: Generated<string>;
  };
  mail_thread: { id: string; mailbox_id: string; by_hand: Generated<boolean> };
  mail_thread_ref: { mailbox_id: string; message_id: string; thread_id: string };
  mail_message: {
    id: string;
    mailbox_id: string;
    folder_id: string;
    content_id: string;
    thread_id: string;
    received_at: string;
    seen: Generated<boolean>;
    flagged: Generated<boolean>;
    answered: Generated<boolean>;
    forwarded: Generated<boolean>;
    labels: Generated<string[]>;
    snoozed_until: Generated<string | null>;
    follow_up_at: Generated<string | null>;
    assignee_id: Generated<string | null>;
    bcc: Generated<readonly MailAddress[] | null>;
    send_state: Generated<SendState | null>;
    send_at: Generated<string | null>;
    send_by: Generated<string | null>;
    send_reason: Generated<string | null>;
    send_message: Generated<string | null>;
    origin: Generated<DraftOrigin | null>;
    draft_rev: Generated<number>;
    draft_writer: Generated<string | null>;
    draft_alone_since: Generated<number>;
    send_context: Generated<Json>;
    send_attempts: Generated<number>;
    send_retry_at: Generated<string | null>;
    trashed_from: Generated<string | null>;
    trashed_at: Generated<string | null>;
    rev: Generated<number>;
  };
  mail_link: {
    id: string;
    mailbox_id: string;
    thread_id: string;
    message_id: string | null;
    record_id: string;
    how: MailLinkDoc["how"];
    created_at: string;
    created_by: string | null;
  };
  mail_remote_change: {
    id: Generated<number>;
    mailbox_id: string;
    kind: RemoteChangeKind;
    message_id: string | null;
    folder_id: string | null;
    args: Json;
    attempts: Generated<number>;
    at: Generated<string>;
  };
};

export const messageTables = (db: Database | Transaction) => db.withTables<MessageTables>();

/* ---------- folders ---------- */

const folderColumns = ["id", "mailbox_id", "parent_id", "role", "name", "trashed_at"] as const;

export async function findFolders(db: Database | Transaction, ids: readonly string[]): Promise<readonly FolderRow[]> {
  if (ids.length === 0) return [];
  return messageTables(db).selectFrom("mail_folder").select(folderColumns).where("id", "in", ids).execute();
}

export async function findFoldersOf(
  db: Database | Transaction,
  mailboxIds: readonly string[],
): Promise<readonly FolderRow[]> {
  if (mailboxIds.length === 0) return [];
  return messageTables(db)
    .selectFrom("mail_folder")
    .select(folderColumns)
    .where("mailbox_id", "in", mailboxIds)
    .orderBy("id")
    .execute();
}

export const scanFolders = (db: Database, after: string | undefined, limit: number): Promise<readonly FolderRow[]> =>
  messageTables(db)
    .selectFrom("mail_folder")
    .select(folderColumns)
    .$if(after !== undefined, (query) => query.where("id", ">", after ?? ""))
    .orderBy("id")
    .limit(limit)
    .execute();

/** Every mailbox has one of each role. */
export const findRoleFolder = (
  db: Database | Transaction,
  mailboxId: string,
  role: FolderRole,
): Promise<FolderRow | undefined> =>
  messageTables(db)
    .selectFrom("mail_folder")
    .select(folderColumns)
    .where("mailbox_id", "=", mailboxId)
    .where("role", "=", role)
    .executeTakeFirst();

/* ---------- messages ---------- */

const ATTACHMENTS = sql.raw(`coalesce((
  select jsonb_agg(jsonb_build_object('id', id, 'name', name, 'mime', mime, 'size', size, 'sha256', sha256,
    'cid', content_id, 'inline', inline, 'asLink', as_link, 'state', state, 'refusal', refusal, 'previewState', preview_state,
    'previewReason', preview_reason, 'pages', pages, 'pageImages', page_images, 'pageSizes', page_sizes,
    'pdfSha256', pdf_sha256, 'thumbnailSha256', thumbnail_sha256) order by part_position, id)
  from file where file.mail_content_id = m.content_id and file.deleted_at is null), '[]')`);

/** Only what left has any. An attempt under way is nothing that its sender must know. */
const DELIVERIES = sql.raw(`case when m.send_state is null then '[]'::jsonb else coalesce((
  select jsonb_agg(jsonb_strip_nulls(jsonb_build_object('address', recipient,
    'state', case state when 'sending' then 'waiting' else state end, 'reply', reply,
    'at', to_char(coalesce(finished_at, attempt_started_at, queued_at) at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')))
    order by recipient)
  from mail_outbound where mail_outbound.message_id = m.id), '[]') end`);

const selectMessages = (db: Database | Transaction) =>
  messageTables(db)
    .selectFrom("mail_message as m")
    .innerJoin("mail_content as c", "c.id", "m.content_id")
    .select([
      "m.id",
      "m.mailbox_id",
      "m.folder_id",
      "m.content_id",
      "m.thread_id",
      "m.received_at",
      "m.seen",
      "m.flagged",
      "m.answered",
      "m.forwarded",
      "m.labels",
      "m.snoozed_until",
      "m.follow_up_at",
      "m.assignee_id",
      "m.bcc",
      "m.send_state",
      "m.send_at",
      "m.send_by",
      "m.send_reason",
      "m.send_message",
      "m.origin",
      "m.draft_rev",
      "m.trashed_from",
      "c.message_id",
      "c.subject",
      "c.people",
      "c.sent_at",
      "c.snippet",
      "c.raw_size",
      "c.authenticity",
      "c.extras",
      sql<readonly AttachmentRow[]>`${ATTACHMENTS}`.as("attachments"),
      sql<readonly DeliveryDoc[]>`${DELIVERIES}`.as("deliveries"),
    ]);

export async function findMessages(db: Database | Transaction, ids: readonly string[]): Promise<readonly MessageRow[]> {
  if (ids.length === 0) return [];
  return selectMessages(db).where("m.id", "in", ids).execute();
}

export async function findMessagesOf(
  db: Database | Transaction,
  mailboxIds: readonly string[],
): Promise<readonly MessageRow[]> {
  if (mailboxIds.length === 0) return [];
  return selectMessages(db).where("m.mailbox_id", "in", mailboxIds).orderBy("m.id").execute();
}

/** Ids alone: a mailbox may have hundreds of thousands. */
export async function findMessageIdsOf(
  db: Database | Transaction,
  mailboxIds: readonly string[],
): Promise<readonly string[]> {
  if (mailboxIds.length === 0) return [];
  const rows = await messageTables(db)
    .selectFrom("mail_message")
    .select("id")
    .where("mailbox_id", "in", mailboxIds)
    .orderBy("id")
    .execute();
  return rows.map(({ id }) => id);
}

export const scanMessages = (db: Database, after: string | undefined, limit: number): Promise<readonly MessageRow[]> =>
  selectMessages(db)
    .$if(after !== undefined, (query) => query.where("m.id", ">", after ?? ""))
    .orderBy("m.id")
    .limit(limit)
    .execute();

/* ---------- bodies ---------- */

const selectBodies = (db: Database | Transaction) =>
  messageTables(db)
    .selectFrom("mail_message as m")
    .innerJoin("mail_content as c", "c.id", "m.content_id")
    .select(["m.id", "m.mailbox_id", "c.body_text", "c.body_html", "c.is_cut", "c.has_remote"]);

export async function findBodies(
  db: Database | Transaction,
  messageIds: readonly string[],
): Promise<readonly BodyRow[]> {
  if (messageIds.length === 0) return [];
  return selectBodies(db).where("m.id", "in", messageIds).execute();
}

export const scanBodies = (db: Database, after: string | undefined, limit: number): Promise<readonly BodyRow[]> =>
  selectBodies(db)
    .$if(after !== undefined, (query) => query.where("m.id", ">", after ?? ""))
    .orderBy("m.id")
    .limit(limit)
    .execute();

/* ---------- links ---------- */

export async function findLinks(db: Database | Transaction, ids: readonly string[]): Promise<readonly LinkRow[]> {
  if (ids.length === 0) return [];
  return messageTables(db).selectFrom("mail_link").selectAll().where("id", "in", ids).execute();
}

export async function findLinksOf(
  db: Database | Transaction,
  of: { readonly mailboxIds: readonly string[] } | { readonly recordIds: readonly string[] },
): Promise<readonly LinkRow[]> {
  const [column, ids] =
    "mailboxIds" in of ? (["mailbox_id", of.mailboxIds] as const) : (["record_id", of.recordIds] as const);
  if (ids.length === 0) return [];
  return messageTables(db).selectFrom("mail_link").selectAll().where(column, "in", ids).orderBy("id").execute();
}

export const scanLinks = (db: Database, after: string | undefined, limit: number): Promise<readonly LinkRow[]> =>
  messageTables(db)
    .selectFrom("mail_link")
    .selectAll()
    .$if(after !== undefined, (query) => query.where("id", ">", after ?? ""))
    .orderBy("id")
    .limit(limit)
    .execute();

/* ---------- what is still to be done at the provider ---------- */

/**
 * What was done here to a mailbox that is an account at a provider is noted in the transaction of the change, and done there in this
 * order; of other mailboxes nothing is. Where a message or folder lies there is known to the account's worker alone.
 */
export async function noteRemoteChanges(
  trx: Transaction,
  changes: readonly {
    readonly mailboxId: string;
    readonly kind: RemoteChangeKind;
    readonly messageId?: string;
    readonly folderId?: string;
    readonly args: Json;
  }[],
): Promise<void> {
  if (changes.length === 0) return;
  await sql`insert into mail_remote_change (mailbox_id, kind, message_id, folder_id, args)
    select mailbox.id, change.kind, change.message_id, change.folder_id, change.args
    from unnest(${changes.map(({ mailboxId }) => mailboxId)}::uuid[], ${changes.map(({ kind }) => kind)}::text[],
      ${changes.map(({ messageId }) => messageId ?? null)}::uuid[], ${changes.map(({ folderId }) => folderId ?? null)}::uuid[],
      ${changes.map(({ args }) => JSON.stringify(args))}::jsonb[]
    ) with ordinality as change (mailbox_id, kind, message_id, folder_id, args, position)
      join mailbox on mailbox.id = change.mailbox_id and mailbox.kind = 'external'
    order by change.position`.execute(trx);
}

export const recordMessages = (trx: Transaction, ids: readonly string[]): Promise<void> =>
  recordChanges(
    trx,
    ids.map((id) => ({ collection: "messages", id })),
  );

// pg turns arrays into PostgreSQL's own, which jsonb is not.
export const jsonb = <Value>(value: Value) => sql<Value>`${JSON.stringify(value)}::jsonb`;
