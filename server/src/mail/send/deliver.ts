import { sql } from "kysely";
import { newId } from "@kontor/shared/base";
import { addressKey, domainOf } from "@kontor/shared/mail";
import { noteBlob, type BlobStat } from "#files";
import type { Transaction } from "#kernel";
import type { MailboxRow } from "../mailboxes/mailboxes.repo.ts";
import { insertLinks } from "../messages/linkRecord.ts";
import { messageTables, noteRemoteChanges, recordMessages } from "../messages/messages.repo.ts";
import type { PlacedMessage } from "../messages/placeMessage.ts";
import { linkNumbers, receiveMessage, type ReceiveDeps } from "../messages/receiveMessage.ts";
import { outboundTables } from "../outbound/outbound.repo.ts";
import { tellEvents } from "../webhooks/tellEvents.ts";
import type { DraftSource } from "./draft.source.ts";
import { setSendStatus, type LeavingRow } from "./drafts.repo.ts";
import type { Recipients } from "./recipients.ts";
import { folderIdOf } from "./sendDraft.ts";

/** A message whose moment has come, decided and built. */
export interface Departure {
  readonly row: LeavingRow;
  readonly mailbox: MailboxRow;
  readonly recipients: Recipients;
  readonly raw: BlobStat;
  /** What recipients get, which of a message that is sent on unchanged is not the sender's copy. */
  readonly contentId: string;
  /** What travels to people outside, where that is not what people inside have (CRD-3). */
  readonly outside?: { readonly raw: BlobStat; readonly contentId: string };
  /** What it answers or forwards, where its author may change that. */
  readonly source: DraftSource | undefined;
  /** The server's time, ISO 8601. */
  readonly now: string;
}

export type DeliverDeps = ReceiveDeps;

/**
 * Everything that changes when a message leaves, in the caller's transaction: a kill before its commit leaves a scheduled message,
 * a kill after it a sent one, in every mailbox and in the queue to the outside once.
 */
export async function deliver(trx: Transaction, departure: Departure, deps: DeliverDeps): Promise<void> {
  const { row, mailbox, recipients, raw, contentId, now } = departure;
  await noteBlob(trx, raw);
  if (departure.outside) await noteBlob(trx, departure.outside.raw);
  await settleContent(trx, departure);
  const copy = await settleCopy(trx, departure);
  const { subject } = row;
  await linkNumbers(trx, deps.types, { contentId: row.content_id, subject, placed: [copy], at: now });
  const placed = await receiveMessage(trx, deps, {
    contentId,
    // One that is sent on has its author's.
    subject: contentId === row.content_id ? subject : undefined,
    receivedAt: now,
    recipients: recipients.inside,
  });
  await enqueueOutside(trx, departure);
  await tellEvents(trx, "mail.sent", { at: now, happened: [{ mailboxId: mailbox.id, messageId: row.id }] });
  await markSource(trx, departure);
  await inheritLinks(trx, departure, [copy, ...placed]);
  if (mailbox.kind === "external") {
    const args = { folderId: copy.folderId };
    await noteRemoteChanges(trx, [
      { mailboxId: mailbox.id, kind: "append", messageId: row.id, folderId: copy.folderId, args },
    ]);
  }
}

async function settleContent(trx: Transaction, { row, raw, contentId, outside }: Departure): Promise<void> {
  const builtOf = ({ sha256, size }: BlobStat) => ({ raw_sha256: sha256, raw_size: size });
  const sentAt = row.send_at === null ? {} : { sent_at: row.send_at };
  const contents = messageTables(trx).updateTable("mail_content");
  await contents
    .set({ ...builtOf(raw), ...sentAt })
    .where("id", "=", row.content_id)
    .execute();
  // One that is sent on keeps the moment at which its author wrote it.
  if (contentId !== row.content_id) await contents.set(builtOf(raw)).where("id", "=", contentId).execute();
  if (outside) await contents.set(builtOf(outside.raw)).where("id", "=", outside.contentId).execute();
}

async function settleCopy(trx: Transaction, { row, mailbox, now }: Departure): Promise<PlacedMessage> {
  const folderId = await folderIdOf(trx, mailbox.id, "sent");
  await setSendStatus(trx, row.id, { state: "sent", folderId, at: now, by: row.send_by, receivedAt: now });
  return { id: row.id, mailboxId: mailbox.id, folderId, threadId: row.thread_id };
}

async function enqueueOutside(trx: Transaction, departure: Departure): Promise<void> {
  const { row, mailbox, recipients, now } = departure;
  const { contentId } = departure.outside ?? departure;
  const [from] = row.people.from;
  if (recipients.outside.length === 0 || !from) return;
  const envelopeId = newId().replaceAll("-", "");
  await outboundTables(trx)
    .insertInto("mail_outbound")
    .values(
      recipients.outside.map((recipient) => ({
        id: newId(),
        message_id: row.id,
        content_id: contentId,
        mailbox_id: mailbox.id,
        account_id: mailbox.kind === "external" ? mailbox.id : null,
        envelope_from: addressKey(from.address),
        recipient,
        domain: domainOf(recipient),
        next_at: now,
        queued_at: now,
        envelope_id: envelopeId,
      })),
    )
    .execute();
}

/** Its author answered it, or sent it on; a provider is told so, too. */
async function markSource(trx: Transaction, { row, source }: Departure): Promise<void> {
  if (!source) return;
  const isAnswer = row.origin?.kind === "reply" || row.origin?.kind === "replyAll";
  const flag = isAnswer ? "answered" : "forwarded";
  const marked = await messageTables(trx)
    .updateTable("mail_message")
    .set({ [flag]: true, rev: sql<number>`rev + 1` })
    .where("id", "=", source.id)
    .where(flag, "=", false)
    .returning(["id", "mailbox_id", "folder_id"])
    .executeTakeFirst();
  if (!marked) return;
  await recordMessages(trx, [marked.id]);
  await noteRemoteChanges(trx, [
    {
      mailboxId: marked.mailbox_id,
      kind: "flags",
      messageId: marked.id,
      folderId: marked.folder_id,
      args: { [flag]: true },
    },
  ]);
}

/**
 * What a message belongs to, its answers belong to, in the mailboxes of those who get them as well; who may not see the record
 * does not learn of it (a link is seen with both its sides).
 */
async function inheritLinks(
  trx: Transaction,
  { row, source, now }: Departure,
  placed: readonly PlacedMessage[],
): Promise<void> {
  const ties = [
    { threadId: row.thread_id, id: row.id },
    ...(source ? [{ threadId: source.thread_id, id: source.id }] : []),
  ];
  const threadIds = [...ties, ...placed].map(({ threadId }) => threadId);
  const links = await messageTables(trx)
    .selectFrom("mail_link")
    .select(["thread_id", "message_id", "record_id", "how"])
    .where("thread_id", "in", [...new Set(threadIds)])
    .execute();
  const linksOf = (message: { readonly threadId: string; readonly id: string }) =>
    links.filter(
      ({ thread_id, message_id }) =>
        thread_id === message.threadId && (message_id === null || message_id === message.id),
    );
  const inherited = new Map(ties.flatMap(linksOf).map(({ record_id, how }) => [record_id, how]));
  if (inherited.size === 0) return;
  await insertLinks(
    trx,
    placed.flatMap((message) => {
      const own = new Set(linksOf(message).map(({ record_id }) => record_id));
      const { id: messageId, mailboxId, threadId } = message;
      return [...inherited].flatMap(([recordId, how]) => {
        if (own.has(recordId)) return [];
        const by = row.send_by === null ? {} : { by: row.send_by };
        return [{ id: newId(), mailboxId, threadId, messageId, recordId, how, at: now, ...by }];
      });
    }),
  );
}
