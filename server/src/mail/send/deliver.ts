import { sql } from "kysely";
import { newId } from "@kontor/shared/base";
import { addressKey, domainOf } from "@kontor/shared/mail";
import { noteBlob, type BlobStat } from "#files";
import type { Transaction } from "#kernel";
import type { MailboxRow } from "../mailboxes/mailboxes.repo.ts";
import { insertLinks } from "../messages/linkRecord.ts";
import { messageTables, noteRemoteChanges, recordMessages } from "../messages/messages.repo.ts";
import type { PlacedMessage } from "../messages/placeMessage.ts";
import { outboundTables } from "../outbound/outbound.repo.ts";
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
  /** What it answers or forwards, where its author may change that. */
  readonly source: DraftSource | undefined;
  /** The server's time, ISO 8601. */
  readonly now: string;
}

export interface DeliverDeps {
  /** Puts what came into mailboxes of ours, as their rules say, and into threads. */
  receive(
    trx: Transaction,
    arrival: { readonly contentId: string; readonly mailboxIds: readonly string[]; readonly now: string },
  ): Promise<readonly PlacedMessage[]>;
}

/**
 * Everything that changes when a message leaves, in the caller's transaction: a kill before its commit leaves a scheduled message,
 * a kill after it a sent one, in every mailbox and in the queue to the outside once.
 */
export async function deliver(trx: Transaction, departure: Departure, { receive }: DeliverDeps): Promise<void> {
  const { row, mailbox, recipients, raw, contentId, now } = departure;
  await noteBlob(trx, raw);
  await settleContent(trx, departure);
  const copy = await settleCopy(trx, departure);
  const placed =
    recipients.mailboxIds.length > 0
      ? await receive(trx, { contentId, mailboxIds: recipients.mailboxIds, now })
      : ([] as readonly PlacedMessage[]);
  await enqueueOutside(trx, departure);
  await markSource(trx, departure);
  await inheritLinks(trx, departure, [copy, ...placed]);
  if (mailbox.kind === "external") {
    const args = { folderId: copy.folderId };
    await noteRemoteChanges(trx, [
      { mailboxId: mailbox.id, kind: "append", messageId: row.id, folderId: copy.folderId, args },
    ]);
  }
}

async function settleContent(trx: Transaction, { row, raw, contentId }: Departure): Promise<void> {
  const isBuilt = { raw_sha256: raw.sha256, raw_size: raw.size };
  const sentAt = row.send_at === null ? {} : { sent_at: row.send_at };
  const contents = messageTables(trx).updateTable("mail_content");
  await contents
    .set({ ...isBuilt, ...sentAt })
    .where("id", "=", row.content_id)
    .execute();
  // One that is sent on keeps the moment at which its author wrote it.
  if (contentId !== row.content_id) await contents.set(isBuilt).where("id", "=", contentId).execute();
}

async function settleCopy(trx: Transaction, { row, mailbox, now }: Departure): Promise<PlacedMessage> {
  const folderId = await folderIdOf(trx, mailbox.id, "sent");
  await setSendStatus(trx, row.id, { state: "sent", folderId, at: now, by: row.send_by });
  await messageTables(trx).updateTable("mail_message").set({ received_at: now }).where("id", "=", row.id).execute();
  return { id: row.id, mailboxId: mailbox.id, folderId, threadId: row.thread_id };
}

async function enqueueOutside(trx: Transaction, departure: Departure): Promise<void> {
  const { row, mailbox, recipients, contentId, now } = departure;
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
    .returning(["id", "mailbox_id", "folder_id", "remote_uid"])
    .executeTakeFirst();
  if (!marked) return;
  await recordMessages(trx, [marked.id]);
  if (marked.remote_uid === null) return;
  await noteRemoteChanges(trx, [
    {
      mailboxId: marked.mailbox_id,
      kind: "flags",
      messageId: marked.id,
      folderId: marked.folder_id,
      args: { [flag]: true, uid: marked.remote_uid },
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
  const ties = [{ threadId: row.thread_id, messageId: row.id }];
  if (source) ties.push({ threadId: source.thread_id, messageId: source.id });
  const links = await messageTables(trx)
    .selectFrom("mail_link")
    .select(["thread_id", "message_id", "record_id", "how"])
    .where((where) =>
      where.or(
        ties.map(({ threadId, messageId }) =>
          where.and([
            where("thread_id", "=", threadId),
            where.or([where("message_id", "is", null), where("message_id", "=", messageId)]),
          ]),
        ),
      ),
    )
    .execute();
  const byRecord = new Map(links.map((link) => [link.record_id, link]));
  const isThere = (message: PlacedMessage, recordId: string) =>
    links.some(
      (link) =>
        link.record_id === recordId &&
        link.thread_id === message.threadId &&
        (link.message_id === null || link.message_id === message.id),
    );
  await insertLinks(
    trx,
    [...byRecord.values()].flatMap(({ record_id: recordId, how }) =>
      placed
        .filter((message) => !isThere(message, recordId))
        .map(({ id: messageId, mailboxId, threadId }) => ({
          id: newId(),
          mailboxId,
          threadId,
          messageId,
          recordId,
          how,
          at: now,
          ...(row.send_by !== null && { by: row.send_by }),
        })),
    ),
  );
}
