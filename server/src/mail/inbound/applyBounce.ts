import { sql } from "kysely";
import { addressKey } from "@kontor/shared/mail";
import type { Transaction } from "#kernel";
import type { Bounce, BouncedRecipient } from "../mime/parseBounce.ts";
import { noteMessages, tellBounces } from "../outbound/outbound.repo.ts";
import { cleanWords, replyOf } from "../outbound/transport.port.ts";

/** A message of ours that a report is about. */
export interface BouncedMessage {
  /** Without brackets. */
  readonly messageId: string;
  readonly mailboxId: string;
  /** Something is told that the sender did not know. */
  readonly isNews: boolean;
  /** It names the envelope id, which nobody can guess: whoever wrote it had the message. */
  readonly isProved: boolean;
}

/**
 * Writes down what another server tells of a message that it took from us. The envelope id is a secret between us and those who
 * got the message; by Message-ID, which every recipient knows, only bad news of the recipient itself is believed, and whoever
 * makes it up harms a state and no mail. Undefined: it is about no message of ours.
 */
export async function applyBounce(
  trx: Transaction,
  bounce: Bounce,
  { now }: { readonly now: string },
): Promise<BouncedMessage | undefined> {
  const rows = await lockRows(trx, bounce);
  const [first] = rows;
  if (!first) return undefined;
  let isNews = false;
  for (const row of rows) {
    const told = bounce.recipients.find(({ address }) => addressKey(address) === addressKey(row.recipient));
    // A report about one address that names another (somebody's forwarding) is about the only one there is.
    const report = told ?? (rows.length === 1 && bounce.recipients.length === 1 ? bounce.recipients[0] : undefined);
    const state = report && stateAfter(row.state, report.action);
    if (!report || state === undefined) continue;
    isNews = true;
    await sql`
      update mail_outbound set state = ${state}, reply = ${replyIn(report)}, finished_at = coalesce(finished_at, ${now})
      where id = ${row.id}`.execute(trx);
    if (state === "failed") await tellBounces(trx, now, [row]);
  }
  if (isNews) await noteMessages(trx, rows);
  const isProved = first.envelope_id === bounce.envelopeId;
  return { messageId: first.original_id, mailboxId: first.mailbox_id, isNews, isProved };
}

interface LockedRow {
  readonly id: string;
  readonly message_id: string | null;
  readonly mailbox_id: string;
  readonly recipient: string;
  readonly state: string;
  readonly envelope_id: string;
  readonly original_id: string;
}

async function lockRows(trx: Transaction, bounce: Bounce): Promise<readonly LockedRow[]> {
  const { envelopeId = null, originalMessageId = null } = bounce;
  const addresses = bounce.recipients.map(({ address }) => addressKey(address));
  const { rows } = await sql<LockedRow>`
    select leaving.id, leaving.message_id, leaving.mailbox_id, leaving.recipient, leaving.state,
      leaving.envelope_id, content.message_id as original_id
    from mail_outbound leaving join mail_content content on content.id = leaving.content_id
    where leaving.envelope_id = ${envelopeId} or (${envelopeId}::text is null or not exists (
        select from mail_outbound where envelope_id = ${envelopeId}))
      and content.message_id = ${originalMessageId} and lower(leaving.recipient) = any(${addresses}::text[])
    order by leaving.id for update of leaving`.execute(trx);
  return rows;
}

/**
 * What the other server had taken may fail, be late, or arrive at last. What was cancelled here, or is still being tried here,
 * is nobody else's to tell.
 */
function stateAfter(state: string, action: BouncedRecipient["action"]): "failed" | "delivered" | undefined {
  if (action === "failed" && (state === "delivered" || state === "relayed")) return "failed";
  if (action === "delivered" && state === "relayed") return "delivered";
  return undefined;
}

const replyIn = ({ status, diagnostic, action }: BouncedRecipient): string => {
  const words = cleanWords(diagnostic ?? "");
  if (/^\d{3}\b/.test(words)) return words;
  return replyOf({ ...(status !== undefined && { enhancedCode: status }), words: words || action });
};
