import { sql } from "kysely";
import type { Clock } from "@kontor/shared/base";
import type { MailIntentArgs } from "@kontor/shared/mail";
import type { Database, Transaction } from "#kernel";
import { findMailboxes } from "../mailboxes/mailboxes.repo.ts";
import { heldColumns, type HeldMessage } from "./message.access.ts";
import { findRoleFolder, messageTables } from "./messages.repo.ts";
import { changeMessage } from "./updateMessage.ts";

export interface ReturnDeps {
  readonly db: Database;
  readonly clock: Clock;
  /** After a commit that replicas should hear of. */
  changed(): void;
}

const BATCH = 50; // in one transaction: a night's snoozes of an office are a few

/**
 * Messages whose moment has come lie before their reader again, unread: what was snoozed, and, with a flag and in the inbox, what
 * nobody has answered by then. Runs on every node; what another one holds is left to it. True: there may be more.
 */
export async function returnDue({ db, clock, changed }: ReturnDeps): Promise<boolean> {
  const now = new Date(clock.now()).toISOString();
  const count = await db.transaction().execute(async (trx) => {
    const due = await holdDue(trx, now);
    for (const message of due) await giveBack(trx, message, now);
    return due.length;
  });
  if (count > 0) changed();
  return count === BATCH;
}

/** What is still to leave is followed up once it has. */
const holdDue = (trx: Transaction, now: string): Promise<readonly HeldMessage[]> =>
  messageTables(trx)
    .selectFrom("mail_message")
    .select(heldColumns)
    .where((where) =>
      where.or([
        where("snoozed_until", "<=", now),
        where.and([
          where("follow_up_at", "<=", now),
          where.or([where("send_state", "is", null), where("send_state", "=", "sent")]),
        ]),
      ]),
    )
    .orderBy("id")
    .limit(BATCH)
    .forUpdate()
    .skipLocked()
    .execute();

async function giveBack(trx: Transaction, message: HeldMessage, now: string): Promise<void> {
  const [mailbox] = await findMailboxes(trx, [message.mailbox_id]);
  if (!mailbox) return;
  const isDue = (moment: string | null) => moment !== null && moment <= now;
  const change: MailIntentArgs<"mail.update"> = {
    ...(isDue(message.snoozed_until) && { snoozedUntil: null, seen: false }),
    ...(isDue(message.follow_up_at) && { followUpAt: null, ...(await reminderOf(trx, message)) }),
  };
  await changeMessage(trx, { message, mailbox }, change, now);
}

/** Nothing for one that was answered, or that somebody threw away. */
async function reminderOf(trx: Transaction, message: HeldMessage): Promise<MailIntentArgs<"mail.update">> {
  if (message.trashed_at !== null || (await isAnswered(trx, message))) return {};
  const inbox = await findRoleFolder(trx, message.mailbox_id, "inbox");
  return { seen: false, flagged: true, ...(inbox && { folderId: inbox.id }) };
}

/**
 * One that came in: it was answered. One that was sent: something came into its thread after it, that is neither its own copy nor the
 * word of a machine (RFC 3834).
 */
async function isAnswered(trx: Transaction, message: HeldMessage): Promise<boolean> {
  const { rows } = await sql`
    select from mail_message asked where asked.id = ${message.id} and (
      asked.send_state is null and asked.answered
      or asked.send_state = 'sent' and exists (
        select from mail_message answer join mail_content content on content.id = answer.content_id
        where answer.thread_id = asked.thread_id and answer.send_state is null and answer.content_id <> asked.content_id
          and answer.received_at >= asked.received_at and content.extras->'autoSubmitted' is distinct from 'true'))`.execute(
    trx,
  );
  return rows.length > 0;
}
