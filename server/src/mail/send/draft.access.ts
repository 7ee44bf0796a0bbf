import { DomainError } from "@kontor/shared/base";
import type { Actor, Transaction } from "#kernel";
import { holdMessage, messageNotFound } from "../messages/message.access.ts";
import type { MailboxRow } from "../mailboxes/mailboxes.repo.ts";
import { findLeaving, type LeavingRow } from "./drafts.repo.ts";

/** A message that the actor may send, held until the transaction ends: whoever comes second sees what the first one did. */
export async function holdOwn(
  trx: Transaction,
  id: string,
  actor: Actor,
): Promise<{ readonly row: LeavingRow; readonly mailbox: MailboxRow }> {
  const { mailbox } = await holdMessage(trx, actor, id, "send");
  const row = await findLeaving(trx, id);
  if (!row) throw messageNotFound();
  if (row.send_state === null)
    throw new DomainError("invalid", "This message came in.", { reason: "message.notDraft" });
  return { row, mailbox };
}

/** The same, while it may still be changed: it is a draft, or one again because it could not be sent. */
export async function holdDraft(trx: Transaction, id: string, actor: Actor) {
  const own = await holdOwn(trx, id, actor);
  if (!isOpen(own.row)) throw hasLeft();
  return own;
}

export const isOpen = ({ send_state }: Pick<LeavingRow, "send_state">): boolean =>
  send_state === "draft" || send_state === "failed";

export const hasLeft = () =>
  new DomainError("conflict", "This message is on its way or has left already.", { reason: "message.left" });
