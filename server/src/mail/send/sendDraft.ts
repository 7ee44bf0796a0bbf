import { DomainError } from "@kontor/shared/base";
import { mailLimits, type MailAddress, type MailIntentArgs } from "@kontor/shared/mail";
import { fileTables } from "#files";
import type { Actor, IntentOutcome, Transaction } from "#kernel";
import type { MailboxRow } from "../mailboxes/mailboxes.repo.ts";
import { findRoleFolder } from "../messages/messages.repo.ts";
import { folderNotFound } from "../messages/placeMessage.ts";
import { hasLeft, isOpen, holdDraft, holdOwn } from "./draft.access.ts";
import { deleteDraft, setSendStatus, type LeavingRow } from "./drafts.repo.ts";
import { findRecipients, type Recipients } from "./recipients.ts";

/** Into the outbox, until its moment; what is wrong with it already is told now, while its author is there. */
export async function sendDraft(
  trx: Transaction,
  { id, args }: { readonly id: string; readonly args: MailIntentArgs<"mail.send"> },
  actor: Actor,
): Promise<IntentOutcome> {
  const { row, mailbox } = await holdDraft(trx, id, actor);
  await requireRecipients(trx, row, mailbox);
  await requireAttachments(trx, row);
  const at = momentOf(args, actor.now);
  const folderId = await folderIdOf(trx, row.mailbox_id, "outbox");
  await setSendStatus(trx, id, {
    state: "scheduled",
    folderId,
    at,
    by: actor.subject.id,
    context: actor.context,
    ...(args.followUpAt !== undefined && { followUpAt: args.followUpAt }),
  });
  return { status: "applied", data: { at } };
}

const DAY_MS = 86_400_000;

/** What lies in the past was meant for the time without a network, and leaves at once. */
function momentOf({ undoSeconds, at }: MailIntentArgs<"mail.send">, now: string): string {
  const earliest = Date.parse(now) + undoSeconds * 1_000;
  const moment = Math.max(earliest, at === undefined ? 0 : Date.parse(at));
  if (moment > Date.parse(now) + mailLimits.maxScheduleDays * DAY_MS) {
    throw new DomainError("invalid", `Schedule at most ${mailLimits.maxScheduleDays} days ahead.`, {
      reason: "send.tooFarAhead",
      params: { maxDays: mailLimits.maxScheduleDays },
    });
  }
  return new Date(moment).toISOString();
}

export const recipientsOf = ({ people, bcc }: Pick<LeavingRow, "people" | "bcc">): readonly MailAddress[] => [
  ...people.to,
  ...people.cc,
  ...(bcc ?? []),
];

/** Asked when its author sends it, and once more when it leaves. */
export async function requireRecipients(trx: Transaction, row: LeavingRow, mailbox: MailboxRow): Promise<Recipients> {
  if (mailbox.disabled_at !== null) {
    throw new DomainError("forbidden", "This mailbox is closed.", { reason: "mailbox.disabled" });
  }
  return await findRecipients(trx, recipientsOf(row), { throughProvider: mailbox.kind === "external" });
}

/** Those that are still on their way hold a message back; what will never come does not. */
async function requireAttachments(trx: Transaction, { content_id }: LeavingRow): Promise<void> {
  const refused = await fileTables(trx)
    .selectFrom("file")
    .select("name")
    .where("mail_content_id", "=", content_id)
    .where("deleted_at", "is", null)
    .where("state", "=", "refused")
    .executeTakeFirst();
  if (refused) throw attachmentRefused(refused.name);
}

export const attachmentRefused = (name: string) =>
  new DomainError("invalid", `The attachment "${name}" did not arrive whole. Attach it once more.`, {
    reason: "send.attachmentRefused",
    params: { name },
  });

/** Back to the drafts. Exactly one of this and leaving comes first: both hold the message's row. */
export async function cancelSend(trx: Transaction, id: string, actor: Actor): Promise<IntentOutcome> {
  const { row } = await holdOwn(trx, id, actor);
  if (isOpen(row)) return { status: "applied" };
  if (row.send_state !== "scheduled") throw hasLeft();
  const folderId = await folderIdOf(trx, row.mailbox_id, "drafts");
  await setSendStatus(trx, id, { state: "draft", folderId, at: null, by: actor.subject.id });
  return { status: "applied" };
}

/** For good: it was nobody's but its author's. */
export async function discardDraft(trx: Transaction, id: string, actor: Actor): Promise<IntentOutcome> {
  const { row, mailbox } = await holdDraft(trx, id, actor);
  await deleteDraft(trx, row, { isExternal: mailbox.kind === "external" });
  return { status: "applied" };
}

export async function folderIdOf(trx: Transaction, mailboxId: string, role: "drafts" | "outbox" | "sent") {
  const folder = await findRoleFolder(trx, mailboxId, role);
  if (!folder) throw folderNotFound();
  return folder.id;
}
