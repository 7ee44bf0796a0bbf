import { domainToASCII } from "node:url";
import { newId } from "@kontor/shared/base";
import { domainOf } from "@kontor/shared/mail";
import { findMailboxes } from "../mailboxes/mailboxes.repo.ts";
import { messageTables } from "../messages/messages.repo.ts";
import { placeMessage } from "../messages/placeMessage.ts";
import { insertDraftContent } from "../send/drafts.repo.ts";
import type { ForwardMessage } from "./applyRules.ts";

/**
 * Sends a message on unchanged (RFC 5322 §3.6.6), as if whoever saved the rule had done it: from the outbox, where it is decided once
 * more whether they may, and with a copy among what was sent, so that the mailbox shows what it does by itself.
 */
export const forwardMessage: ForwardMessage = async (trx, { mailboxId, sourceId, to, by, at }) => {
  const [mailbox] = await findMailboxes(trx, [mailboxId]);
  const source = await messageTables(trx)
    .selectFrom("mail_message as m")
    .innerJoin("mail_content as c", "c.id", "m.content_id")
    .select(["c.raw_sha256", "c.subject", "c.snippet", "c.body_text", "c.body_html", "c.has_remote"])
    .where("m.id", "=", sourceId)
    .executeTakeFirst();
  // Without its bytes there is nothing that could be sent on.
  if (!mailbox || !source || source.raw_sha256 === null) return;
  const domain = domainOf(mailbox.address);
  const contentId = await insertDraftContent(
    trx,
    {
      subject: source.subject,
      people: {
        from: [{ address: mailbox.address, name: mailbox.name }],
        to: to.map((address) => ({ address })),
        cc: [],
      },
      snippet: source.snippet,
      text: source.body_text,
      html: source.body_html,
      hasRemote: source.has_remote,
      extras: { autoSubmitted: true },
    },
    { messageId: `${newId()}@${domainToASCII(domain) || domain}`, inReplyTo: [], refs: [] },
    at,
  );
  await placeMessage(trx, {
    mailboxId,
    folder: { role: "outbox" },
    contentId,
    receivedAt: at,
    seen: true,
    send: { state: "scheduled", at, by },
    origin: { kind: "redirect", sourceId },
  });
};
