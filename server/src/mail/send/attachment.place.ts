import { isRisky, type AttachmentDoc } from "@kontor/shared/mail";
import { fileFacts, type FilePlace, type FileReader, type FileRow } from "#files";
import type { Database, Transaction } from "#kernel";
import { accessToMailboxes, requireMailbox, seesMessages } from "../mailboxes/mailbox.resource.ts";
import { findMailboxIdsOf } from "../mailboxes/mailboxes.repo.ts";
import { messageTables, recordMessages } from "../messages/messages.repo.ts";
import { hasLeft, isOpen } from "./draft.access.ts";

/** A file that hangs in what a message says. */
export type Attachment = FileRow & { readonly mail_content_id: string };

/**
 * An attachment is seen by whoever sees a message with its content, in whichever mailbox; it comes and goes while that message
 * is a draft, by whoever may send it.
 */
export const attachmentPlace: FilePlace<Attachment> = {
  column: "mail_content_id",
  async isReadable(db, reader, { mail_content_id }) {
    const mailboxIds = await mailboxesWith(db, mail_content_id);
    // A message to a whole company lies in thousands of mailboxes; nearly always it is the reader's own that counts.
    const own = new Set(await findMailboxIdsOf(db, reader.subject.id));
    const [first, rest] = [mailboxIds.filter((id) => own.has(id)), mailboxIds.filter((id) => !own.has(id))];
    return (await seesAny(db, reader, first)) || (await seesAny(db, reader, rest));
  },
  async requireChange(trx, actor, { mail_content_id }) {
    const message = await messageTables(trx)
      .selectFrom("mail_message")
      .select(["mailbox_id", "send_state"])
      .where("content_id", "=", mail_content_id)
      .orderBy("send_state", (order) => order.asc().nullsLast())
      .forKeyShare()
      .executeTakeFirst();
    if (!message || !isOpen(message)) throw hasLeft();
    await requireMailbox(trx, actor, message.mailbox_id, "send");
  },
  async noteRows(trx, files) {
    const contentIds = [...new Set(files.map(({ mail_content_id }) => mail_content_id))];
    const rows = await messageTables(trx)
      .selectFrom("mail_message")
      .select("id")
      .where("content_id", "in", contentIds)
      .execute();
    await recordMessages(
      trx,
      rows.map(({ id }) => id),
    );
  },
  // A message says by itself what hangs in it.
  noteAct: async () => undefined,
  sensitiveOf: async () => [],
  /** The sender's own copy gives it, until that is deleted. */
  async isShared(db, { mail_content_id }, share) {
    const message = await messageTables(db)
      .selectFrom("mail_message")
      .select("id")
      .where("id", "=", share)
      .where("content_id", "=", mail_content_id)
      .where("send_state", "=", "sent")
      .where("trashed_at", "is", null)
      .executeTakeFirst();
    return message !== undefined;
  },
  toDoc: (file): AttachmentDoc => ({
    ...fileFacts(file),
    ...(file.content_id !== null && { cid: file.content_id }),
    ...(file.inline && { inline: true }),
    ...(isRisky(file.name) && { risky: true }),
    ...(file.as_link && { as: "link" as const }),
  }),
};

async function mailboxesWith(db: Database | Transaction, contentId: string): Promise<readonly string[]> {
  const rows = await messageTables(db)
    .selectFrom("mail_message")
    .select("mailbox_id")
    .distinct()
    .where("content_id", "=", contentId)
    .execute();
  return rows.map(({ mailbox_id }) => mailbox_id);
}

async function seesAny(db: Database | Transaction, reader: FileReader, mailboxIds: readonly string[]) {
  const found = await accessToMailboxes(db, reader, mailboxIds);
  return [...found.values()].some(({ access }) => seesMessages(access));
}
