import type {
  AttachmentDoc,
  BodyDoc,
  FolderDoc,
  MailLinkDoc,
  MailLinkRecordDoc,
  MessageDoc,
} from "@kontor/shared/mail";
import { isRisky } from "@kontor/shared/mail";
import type { AttachmentRow, BodyRow, FolderRow, LinkRow, MessageRow } from "./messages.repo.ts";

/** What whoever sees a mailbox's messages knows of each row; a key that has no value is not there. */
export const folderToDoc = (row: FolderRow): FolderDoc => ({
  id: row.id,
  mailboxId: row.mailbox_id,
  ...(row.parent_id !== null && { parentId: row.parent_id }),
  ...(row.role !== null && { role: row.role }),
  name: row.name,
});

export const messageToDoc = (row: MessageRow): MessageDoc => ({
  id: row.id,
  mailboxId: row.mailbox_id,
  folderId: row.folder_id,
  threadId: row.thread_id,
  messageId: row.message_id,
  subject: row.subject,
  from: row.people.from,
  to: row.people.to,
  cc: row.people.cc,
  ...(row.bcc !== null && { bcc: row.bcc }),
  ...(row.people.replyTo && { replyTo: row.people.replyTo }),
  sentAt: row.sent_at,
  receivedAt: row.received_at,
  snippet: row.snippet,
  size: sizeOf(row),
  seen: row.seen,
  flagged: row.flagged,
  answered: row.answered,
  forwarded: row.forwarded,
  labels: row.labels,
  attachments: row.attachments.map(attachmentToDoc),
  cards: row.extras.cards ?? [],
  ...(row.snoozed_until !== null && { snoozedUntil: row.snoozed_until }),
  ...(row.follow_up_at !== null && { followUpAt: row.follow_up_at }),
  ...(row.assignee_id !== null && { assigneeId: row.assignee_id }),
  ...sendOf(row),
  authenticity: row.authenticity,
  ...(row.extras.list && { list: row.extras.list }),
  ...(row.extras.importance && { importance: row.extras.importance }),
  ...(row.extras.sealed && { sealed: row.extras.sealed }),
  ...(row.trashed_from !== null && { trashedFrom: row.trashed_from }),
});

/** A draft has not been built yet: its attachments are what makes it large. */
const sizeOf = ({ raw_size, attachments }: MessageRow): number =>
  raw_size > 0 ? raw_size : attachments.reduce((sum, { size }) => sum + size, 0);

type Leaving = Partial<Pick<MessageDoc, "send" | "deliveries" | "draft">>;

function sendOf(row: MessageRow): Leaving {
  const { send_state: state, send_at, send_by, send_reason, send_message, origin, deliveries } = row;
  if (state === null) return {};
  const isUnsent = state !== "sent" && state !== "sending";
  return {
    send: {
      state,
      ...(send_at !== null && { at: send_at }),
      ...(send_by !== null && { by: send_by }),
      ...(send_reason !== null && { reason: send_reason }),
      ...(send_message !== null && { message: send_message }),
    },
    ...(deliveries.length > 0 && { deliveries }),
    ...(isUnsent && { draft: { ...(origin ?? { kind: "new" }), rev: row.draft_rev } }),
  };
}

const attachmentToDoc = (row: AttachmentRow): AttachmentDoc => ({
  id: row.id,
  name: row.name,
  mime: row.mime,
  size: row.size,
  sha256: row.sha256,
  ...(row.cid !== null && { cid: row.cid }),
  ...(row.inline && { inline: true }),
  state: row.state,
  ...(row.refusal && { refusal: row.refusal }),
  previewState: row.previewState,
  ...(row.previewReason && { previewReason: row.previewReason }),
  ...(row.pages !== null && { pages: row.pages }),
  ...(row.pageImages !== null && { pageImages: row.pageImages }),
  ...(row.pageSizes && { pageSizes: row.pageSizes }),
  ...(row.pdfSha256 && { pdfSha256: row.pdfSha256 }),
  ...(row.thumbnailSha256 && { thumbnailSha256: row.thumbnailSha256 }),
  ...(isRisky(row.name) && { risky: true }),
  ...(row.asLink && { as: "link" as const }),
});

export const bodyToDoc = (row: BodyRow): BodyDoc => ({
  id: row.id,
  mailboxId: row.mailbox_id,
  text: row.body_text,
  ...(row.body_html !== null && { html: row.body_html }),
  ...(row.is_cut && { cut: true }),
  ...(row.has_remote && { hasRemote: true }),
});

export const linkToDoc = (row: LinkRow): MailLinkDoc => ({
  id: row.id,
  mailboxId: row.mailbox_id,
  threadId: row.thread_id,
  ...(row.message_id !== null && { messageId: row.message_id }),
  how: row.how,
  createdAt: row.created_at,
  ...(row.created_by !== null && { createdBy: row.created_by }),
});

export const linkToRecordDoc = (row: LinkRow): MailLinkRecordDoc => ({ id: row.id, recordId: row.record_id });
