import { DomainError } from "@kontor/shared/base";
import type { MailIntentArgs, MailLinkDoc } from "@kontor/shared/mail";
import { recordChanges, type Actor, type IntentOutcome, type Transaction } from "#kernel";
import type { RecordAccess } from "#objects";
import { accessToMailbox, mailboxForbidden, mayInMailbox, seesMessages } from "../mailboxes/mailbox.resource.ts";
import { linkChanges } from "./deleteMessages.ts";
import { threadNotFound } from "./message.access.ts";
import { findLinks, messageTables } from "./messages.repo.ts";

export interface LinkDeps {
  readonly records: Pick<RecordAccess, "accessTo">;
}

/** Whoever links sees both sides: the record is readable, the thread lies in a mailbox whose messages they may sort. */
export async function linkRecord(
  trx: Transaction,
  { id, args }: { readonly id: string; readonly args: MailIntentArgs<"mail.link"> },
  actor: Actor,
  { records }: LinkDeps,
): Promise<IntentOutcome> {
  const { threadId, messageId, recordId } = args;
  const thread = await messageTables(trx)
    .selectFrom("mail_thread")
    .select(["id", "mailbox_id"])
    .where("id", "=", threadId)
    .forKeyShare()
    .executeTakeFirst();
  if (!thread) throw threadNotFound();
  await requireThreadMailbox(trx, actor, thread.mailbox_id);
  if (messageId !== undefined) await requireInThread(trx, threadId, messageId);
  if (!(await records.accessTo(trx, actor, recordId)))
    throw new DomainError("notFound", "There is no such record.", { reason: "record.notFound" });
  const link = { mailboxId: thread.mailbox_id, threadId, messageId, recordId };
  await insertLinks(trx, [{ id, ...link, how: "hand", at: actor.now, by: actor.subject.id }]);
  return { status: "applied" };
}

export async function unlinkRecord(
  trx: Transaction,
  { id }: { readonly id: string },
  actor: Actor,
): Promise<IntentOutcome> {
  const [link] = await findLinks(trx, [id]);
  if (!link) return { status: "applied" };
  const mailbox = await accessToMailbox(trx, actor, link.mailbox_id);
  if (!mailbox || !seesMessages(mailbox.access))
    throw new DomainError("notFound", "There is no such link.", { reason: "link.notFound" });
  if (!mayInMailbox(mailbox.access, "edit")) throw mailboxForbidden("edit");
  await messageTables(trx).deleteFrom("mail_link").where("id", "=", id).execute();
  await recordChanges(trx, linkChanges(id));
  return { status: "applied" };
}

export interface NewLink {
  readonly id: string;
  readonly mailboxId: string;
  readonly threadId: string;
  /** Absent: the whole thread. */
  readonly messageId?: string | undefined;
  readonly recordId: string;
  readonly how: MailLinkDoc["how"];
  readonly at: string;
  readonly by?: string;
}

/** One that is there already says it all: a second one of the same is not made. */
export async function insertLinks(trx: Transaction, links: readonly NewLink[]): Promise<void> {
  if (links.length === 0) return;
  const made = await messageTables(trx)
    .insertInto("mail_link")
    .values(
      links.map((link) => ({
        id: link.id,
        mailbox_id: link.mailboxId,
        thread_id: link.threadId,
        message_id: link.messageId ?? null,
        record_id: link.recordId,
        how: link.how,
        created_at: link.at,
        created_by: link.by ?? null,
      })),
    )
    .onConflict((conflict) => conflict.doNothing())
    .returning("id")
    .execute();
  await recordChanges(
    trx,
    made.flatMap(({ id }) => linkChanges(id)),
  );
}

async function requireThreadMailbox(trx: Transaction, actor: Actor, mailboxId: string): Promise<void> {
  const mailbox = await accessToMailbox(trx, actor, mailboxId);
  if (!mailbox || !seesMessages(mailbox.access)) throw threadNotFound();
  if (!mayInMailbox(mailbox.access, "edit")) throw mailboxForbidden("edit");
}

async function requireInThread(trx: Transaction, threadId: string, messageId: string): Promise<void> {
  const message = await messageTables(trx)
    .selectFrom("mail_message")
    .select("id")
    .where("id", "=", messageId)
    .where("thread_id", "=", threadId)
    .executeTakeFirst();
  if (!message)
    throw new DomainError("notFound", "There is no such message in this thread.", { reason: "message.notFound" });
}
