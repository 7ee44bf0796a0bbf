import { canonicalJson, DomainError, newId, type Json } from "@kontor/shared/base";
import { addressKey, type Draft, type DraftOrigin, type MailIntentArgs } from "@kontor/shared/mail";
import type { Actor, IntentOutcome, Transaction } from "#kernel";
import { accessToMailbox, mayInMailbox, requireMailbox } from "../mailboxes/mailbox.resource.ts";
import type { MailboxRow } from "../mailboxes/mailboxes.repo.ts";
import { findRoleFolder } from "../messages/messages.repo.ts";
import { folderNotFound, placeMessage } from "../messages/placeMessage.ts";
import { assignThread } from "../threads/assignThread.ts";
import { copyAttachments, type KeepFilesDeps } from "./copyAttachments.ts";
import { messageNotFound } from "../messages/message.access.ts";
import { isOpen } from "./draft.access.ts";
import { contentOfDraft } from "./draft.content.ts";
import { findSource, headersOf } from "./draft.source.ts";
import {
  insertDraftContent,
  holdConflictDraft,
  holdLeaving,
  rewriteDraft,
  type DraftContent,
  type LeavingRow,
} from "./drafts.repo.ts";

/**
 * Saves of one draft by several devices and people. No keystroke is lost: what was written on top of an older text than the
 * server has becomes a draft of its own beside it, and so does what was written on top of one that has left.
 *
 * - **DRF-1** The first save makes the draft and gives it the Message-ID that it keeps.
 * - **DRF-2** A save on top of the newest revision, or of an older one of which the newer ones are this device's own, writes
 *   the draft anew.
 * - **DRF-3** Any other save leaves the draft as it is and goes to a second one, once for each device; the answer names it.
 * - **DRF-4** A save that says what the draft says already changes nothing, whatever its base.
 */
export async function saveDraft(
  trx: Transaction,
  { id, args }: { readonly id: string; readonly args: MailIntentArgs<"mail.saveDraft"> },
  actor: Actor,
  deps: KeepFilesDeps,
): Promise<IntentOutcome> {
  const { mailboxId, draft, base } = args;
  const { mailbox } = await requireMailbox(trx, actor, mailboxId, "send");
  requireOwnAddress(mailbox, draft);
  const row = await holdLeaving(trx, id);
  const saved = { content: await contentOfDraft(trx, draft, { mailbox, authorId: actor.subject.id }), draft, mailbox };
  if (!row) {
    await createDraft(trx, id, saved, actor);
    return { status: "applied", data: { rev: FIRST_REV } };
  }

  const previous = await accessToMailbox(trx, actor, row.mailbox_id);
  if (row.send_state === null || !previous || !mayInMailbox(previous.access, "send")) throw messageNotFound();
  if (says(row, saved)) return { status: "applied", data: { rev: row.draft_rev } };
  if (isOpen(row) && isOnTop(row, base, writerOf(actor)))
    return { status: "applied", data: { rev: await rewrite(trx, row, saved, actor) } };
  return await keepBoth(trx, row, saved, actor, deps);
}

interface Saved {
  readonly content: DraftContent;
  readonly draft: Draft;
  readonly mailbox: MailboxRow;
}

/** Programs have no device: each of their saves says what it stands on. */
const writerOf = ({ principal }: Actor): string | undefined => principal.deviceId;

function isOnTop(row: LeavingRow, base: number, writer: string | undefined): boolean {
  if (base >= row.draft_rev) return true;
  return writer !== undefined && row.draft_writer === writer && base >= row.draft_alone_since - 1;
}

function says(row: LeavingRow, { content, draft, mailbox }: Saved): boolean {
  const stored = [row.mailbox_id, row.subject, row.body_html, row.people, row.bcc ?? [], row.extras];
  const given = [mailbox.id, content.subject, content.html, content.people, draft.bcc, content.extras];
  return row.origin?.kind === draft.origin.kind && canonicalJson(stored as Json) === canonicalJson(given as Json);
}

/* ---------- the three ways to write it down ---------- */

const FIRST_REV = 1;

/** Returns the id of its content. */
async function createDraft(
  trx: Transaction,
  id: string,
  { content, draft, mailbox }: Saved,
  actor: Actor,
  conflictOf?: string,
): Promise<string> {
  const { kind, sourceId } = draft.origin;
  const source = sourceId === undefined ? undefined : await findSource(trx, actor, sourceId);
  const origin: DraftOrigin = { kind, ...(source && { sourceId: source.id }), ...(conflictOf && { conflictOf }) };
  const contentId = await insertDraftContent(trx, content, headersOf(draft, source), actor.now);
  const writer = writerOf(actor);
  await placeMessage(trx, {
    id,
    mailboxId: mailbox.id,
    folder: { role: "drafts" },
    contentId,
    receivedAt: actor.now,
    seen: true,
    ...(draft.bcc.length > 0 && { bcc: draft.bcc }),
    send: { state: "draft", by: actor.subject.id },
    origin,
    draftRev: FIRST_REV,
    ...(writer !== undefined && { draftWriter: writer }),
  });
  return contentId;
}

async function rewrite(trx: Transaction, row: LeavingRow, saved: Saved, actor: Actor): Promise<number> {
  const { content, draft, mailbox } = saved;
  const stays = mailbox.id === row.mailbox_id && row.trashed_at === null;
  return await rewriteDraft(trx, row, content, {
    ...(stays ? placeOf(row) : await placeInDrafts(trx, row, mailbox.id)),
    bcc: draft.bcc,
    // What it answers was settled when it was begun; "reply" may become "reply to all".
    origin: { ...row.origin, kind: draft.origin.kind },
    writer: writerOf(actor),
    at: actor.now,
    by: actor.subject.id,
  });
}

const placeOf = (row: LeavingRow) => ({
  mailboxId: row.mailbox_id,
  folderId: row.folder_id,
  threadId: row.thread_id,
});

/** Of the mailbox that its author chose to write from instead, with its attachments; or out of the trash. */
async function placeInDrafts(trx: Transaction, row: LeavingRow, mailboxId: string) {
  const folder = await findRoleFolder(trx, mailboxId, "drafts");
  if (!folder) throw folderNotFound();
  if (mailboxId === row.mailbox_id) return { ...placeOf(row), folderId: folder.id };
  const linked = { messageId: row.message_id, inReplyTo: row.in_reply_to, refs: row.refs };
  return { mailboxId, folderId: folder.id, threadId: await assignThread(trx, mailboxId, linked) };
}

async function keepBoth(
  trx: Transaction,
  row: LeavingRow,
  saved: Saved,
  actor: Actor,
  deps: KeepFilesDeps,
): Promise<IntentOutcome> {
  const writer = writerOf(actor);
  const own = writer === undefined ? undefined : await holdConflictDraft(trx, saved.mailbox.id, row.id, writer);
  if (own) {
    await rewrite(trx, own, saved, actor);
    return bothKept(row, own.id);
  }
  const id = newId();
  const contentId = await createDraft(trx, id, saved, actor, row.id);
  await copyAttachments(trx, deps, { from: row.content_id, to: contentId, by: actor.subject.id, at: actor.now });
  return bothKept(row, id);
}

const bothKept = ({ draft_rev: rev }: LeavingRow, conflictDraftId: string): IntentOutcome => ({
  status: "merged",
  data: { rev, conflictDraftId },
});

/* ---------- whose it is ---------- */

export const addressesOf = ({ kind, address, addresses }: MailboxRow): readonly string[] =>
  kind === "external" ? [address] : addresses;

function requireOwnAddress(mailbox: MailboxRow, draft: Draft): void {
  const { address } = draft.from;
  if (addressesOf(mailbox).includes(addressKey(address))) return;
  throw new DomainError("invalid", `${address} is no address of this mailbox.`, {
    reason: "draft.foreignAddress",
    problems: [{ field: "from", reason: "draft.foreignAddress", message: `Write from ${mailbox.address}.` }],
  });
}
