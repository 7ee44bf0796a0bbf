import { domainToASCII } from "node:url";
import { newId } from "@kontor/shared/base";
import { domainOf, mailLimits, type Draft } from "@kontor/shared/mail";
import type { Transaction } from "#kernel";
import { accessToMailbox, seesMessages, type MailReader } from "../mailboxes/mailbox.resource.ts";
import { messageTables } from "../messages/messages.repo.ts";
import type { DraftHeaders } from "./drafts.repo.ts";

/** The message that a draft answers or forwards. */
export interface DraftSource {
  readonly id: string;
  readonly mailbox_id: string;
  readonly content_id: string;
  readonly thread_id: string;
  readonly message_id: string;
  readonly in_reply_to: readonly string[];
  readonly refs: readonly string[];
}

/** Undefined where there is none any longer, or none that the author may read: the draft is kept, without a tie to it. */
export async function findSource(trx: Transaction, reader: MailReader, id: string): Promise<DraftSource | undefined> {
  const source = await messageTables(trx)
    .selectFrom("mail_message as m")
    .innerJoin("mail_content as c", "c.id", "m.content_id")
    .select(["m.id", "m.mailbox_id", "m.content_id", "m.thread_id", "c.message_id", "c.in_reply_to", "c.refs"])
    .where("m.id", "=", id)
    .executeTakeFirst();
  const mailbox = source && (await accessToMailbox(trx, reader, source.mailbox_id));
  return mailbox && seesMessages(mailbox.access) ? source : undefined;
}

/** RFC 5322 §3.6.4. A message that is forwarded begins a thread of its own: its readers do not have what came before. */
export function headersOf(draft: Draft, source: DraftSource | undefined): DraftHeaders {
  const domain = domainOf(draft.from.address);
  const messageId = `${newId()}@${domainToASCII(domain) || domain}`;
  const isReply = draft.origin.kind === "reply" || draft.origin.kind === "replyAll";
  if (!source || !isReply) return { messageId, inReplyTo: [], refs: [] };
  const isKnownParent = source.refs.length === 0 && source.in_reply_to.length === 1;
  const before = isKnownParent ? source.in_reply_to : source.refs;
  return { messageId, inReplyTo: [source.message_id], refs: bounded([...before, source.message_id]) };
}

/** The first ids say where a thread began, the last ones what is answered; what is in between may go (RFC 5537 §3.4.4). */
function bounded(refs: readonly string[]): readonly string[] {
  if (refs.length <= mailLimits.maxReferences) return refs;
  const half = mailLimits.maxReferences / 2;
  return [...refs.slice(0, half), ...refs.slice(-half)];
}
