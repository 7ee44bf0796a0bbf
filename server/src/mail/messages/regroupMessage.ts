import type { MailIntentArgs } from "@kontor/shared/mail";
import type { Actor, IntentOutcome, Transaction } from "#kernel";
import { regroup } from "../threads/assignThread.ts";
import { holdMessage, threadNotFound } from "./message.access.ts";
import { messageTables } from "./messages.repo.ts";

/** Into another thread of the same mailbox, or into one of its own. A thread of a mailbox elsewhere is not there. */
export async function regroupMessage(
  trx: Transaction,
  { id, args: { threadId } }: { readonly id: string; readonly args: MailIntentArgs<"mail.regroup"> },
  actor: Actor,
): Promise<IntentOutcome> {
  const { message } = await holdMessage(trx, actor, id, "edit");
  const thread = await messageTables(trx)
    .selectFrom("mail_thread")
    .select("mailbox_id")
    .where("id", "=", threadId)
    .executeTakeFirst();
  if (thread && thread.mailbox_id !== message.mailbox_id) throw threadNotFound();
  const content = await messageTables(trx)
    .selectFrom("mail_content")
    .select("message_id")
    .where("id", "=", message.content_id)
    .executeTakeFirstOrThrow();
  await regroup(trx, {
    mailboxId: message.mailbox_id,
    rowId: id,
    messageId: content.message_id,
    from: message.thread_id,
    to: threadId,
  });
  return { status: "applied" };
}
