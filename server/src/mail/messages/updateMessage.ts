import { sql } from "kysely";
import { DomainError } from "@kontor/shared/base";
import { mailLimits, type FolderRole, type MailIntentArgs } from "@kontor/shared/mail";
import type { Actor, IntentOutcome, Transaction } from "#kernel";
import { peopleTables } from "#people";
import type { MailboxRow } from "../mailboxes/mailboxes.repo.ts";
import { holdMessage, type HeldMessage } from "./message.access.ts";
import { messageTables, noteRemoteChanges, recordMessages } from "./messages.repo.ts";
import { folderNotFound } from "./placeMessage.ts";

type Change = MailIntentArgs<"mail.update">;

/** The columns that a change sets; a key for itself, the last writer wins. */
interface Patch {
  seen?: boolean;
  flagged?: boolean;
  labels?: string[];
  snoozed_until?: string | null;
  follow_up_at?: string | null;
  assignee_id?: string | null;
  folder_id?: string;
  trashed_from?: string | null;
  trashed_at?: string | null;
}

export async function updateMessage(
  trx: Transaction,
  { id, args }: { readonly id: string; readonly args: Change },
  actor: Actor,
): Promise<IntentOutcome> {
  await changeMessage(trx, await holdMessage(trx, actor, id, "edit"), args, actor.now);
  return { status: "applied" };
}

/**
 * Flags, labels, place and the rest of one message: the change that is made most, so it is one look, one statement and one line of
 * the change log, and nothing at all where nothing differs. Asks for no rights. True when something differed.
 */
export async function changeMessage(
  trx: Transaction,
  { message, mailbox }: { readonly message: HeldMessage; readonly mailbox: MailboxRow },
  change: Change,
  now: string,
): Promise<boolean> {
  const patch: Patch = {
    ...flagsOf(message, change),
    ...labelsOf(message, change),
    ...momentsOf(message, change),
    ...(await assigneeOf(trx, message, mailbox, change)),
    ...(await moveOf(trx, message, change, now)),
  };
  if (Object.keys(patch).length === 0) return false;
  await messageTables(trx)
    .updateTable("mail_message")
    .set({ ...patch, rev: sql<number>`rev + 1` })
    .where("id", "=", message.id)
    .execute();
  await recordMessages(trx, [message.id]);
  if (mailbox.kind === "external") await noteForProvider(trx, message, patch);
  return true;
}

function flagsOf(message: HeldMessage, { seen, flagged }: Change): Patch {
  return {
    ...(seen !== undefined && seen !== message.seen && { seen }),
    ...(flagged !== undefined && flagged !== message.flagged && { flagged }),
  };
}

/** One that is both added and removed is added; what a message has above the limit is left out, the newest first. */
function labelsOf(message: HeldMessage, { addLabels = [], removeLabels = [] }: Change): Patch {
  const kept = message.labels.filter((label) => !removeLabels.includes(label) || addLabels.includes(label));
  const labels = [...new Set([...kept, ...addLabels])].slice(0, mailLimits.maxLabels);
  const isSame = labels.length === message.labels.length && labels.every((label, at) => label === message.labels[at]);
  return isSame ? {} : { labels };
}

function momentsOf(message: HeldMessage, { snoozedUntil, followUpAt }: Change): Patch {
  return {
    ...(snoozedUntil !== undefined && snoozedUntil !== message.snoozed_until && { snoozed_until: snoozedUntil }),
    ...(followUpAt !== undefined && followUpAt !== message.follow_up_at && { follow_up_at: followUpAt }),
  };
}

async function assigneeOf(
  trx: Transaction,
  message: HeldMessage,
  mailbox: MailboxRow,
  { assigneeId }: Change,
): Promise<Patch> {
  if (assigneeId === undefined || assigneeId === message.assignee_id) return {};
  if (assigneeId !== null) await requireAssignable(trx, mailbox, assigneeId);
  return { assignee_id: assigneeId };
}

/** Whoever answers must have the mailbox. One who is opened it by a policy alone is no member, and is not asked to answer. */
export async function requireAssignable(trx: Transaction, mailbox: MailboxRow, userId: string): Promise<void> {
  const has = mailbox.owner_id === userId || mailbox.members.some((member) => member.userId === userId);
  const person =
    has &&
    (await peopleTables(trx)
      .selectFrom("app_user")
      .select("id")
      .where("id", "=", userId)
      .where("state", "=", "active")
      .executeTakeFirst());
  if (!person)
    throw new DomainError("invalid", "Only a member of the mailbox can be asked to answer.", {
      reason: "message.assignee",
      problems: [{ field: "assigneeId", reason: "message.assignee", message: "Not a member of this mailbox." }],
    });
}

async function moveOf(trx: Transaction, message: HeldMessage, { folderId }: Change, now: string): Promise<Patch> {
  if (folderId === undefined || folderId === message.folder_id) return {};
  const folder = await messageTables(trx)
    .selectFrom("mail_folder")
    .select(["id", "mailbox_id", "role", "trashed_at"])
    .where("id", "=", folderId)
    .forKeyShare()
    .executeTakeFirst();
  if (!folder || folder.mailbox_id !== message.mailbox_id) throw folderNotFound();
  requireMovable(message, folder.role);
  const toTrash = folder.role === "trash" || folder.trashed_at !== null;
  return {
    folder_id: folder.id,
    ...trashMarks(message, toTrash, now),
  };
}

function trashMarks(message: HeldMessage, toTrash: boolean, now: string): Patch {
  const isInTrash = message.trashed_at !== null;
  if (toTrash === isInTrash) return {};
  return toTrash ? { trashed_from: message.folder_id, trashed_at: now } : { trashed_from: null, trashed_at: null };
}

/** What is to be sent lies where it is sent from, and nothing else lies there. */
function requireMovable({ send_state: state }: HeldMessage, role: FolderRole | null): void {
  if (state === "scheduled" || state === "sending")
    throw new DomainError("conflict", "It is about to leave. Call it back first.", { reason: "message.leaving" });
  const isDraft = state === "draft" || state === "failed";
  if (role === "outbox" || (role === "drafts" && !isDraft) || (isDraft && role !== "drafts" && role !== "trash"))
    throw new DomainError("invalid", "This message does not belong into that folder.", { reason: "message.folder" });
}

/** In the order in which it happened: marks are set in the folder where it lay, and then it moves. */
async function noteForProvider(trx: Transaction, message: HeldMessage, patch: Patch): Promise<void> {
  const { id: messageId, mailbox_id: mailboxId, folder_id: folderId } = message;
  const flags = {
    ...(patch.seen !== undefined && { seen: patch.seen }),
    ...(patch.flagged !== undefined && { flagged: patch.flagged }),
    ...(patch.labels && labelChanges(message.labels, patch.labels)),
  };
  await noteRemoteChanges(trx, [
    ...(Object.keys(flags).length > 0 ? [{ mailboxId, kind: "flags" as const, messageId, folderId, args: flags }] : []),
    ...(patch.folder_id !== undefined
      ? [
          {
            mailboxId,
            kind: "move" as const,
            messageId,
            folderId,
            args: { toFolderId: patch.folder_id },
          },
        ]
      : []),
  ]);
}

const labelChanges = (before: readonly string[], now: readonly string[]) => ({
  addLabels: now.filter((label) => !before.includes(label)),
  removeLabels: before.filter((label) => !now.includes(label)),
});
