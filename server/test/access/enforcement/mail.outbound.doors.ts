import { newId } from "@kontor/shared/base";
import type { Probe } from "./probes.ts";

/** What a sender may do about recipients outside; held ones, since nothing leaves while the probes run. */
export const outboundProbes: Readonly<Record<string, Probe>> = {
  "post /mail/messages/:id/deliveries": {
    kind: "changes",
    async request({ mail }, { test }) {
      await test.pool.query(
        `insert into mail_outbound (id, message_id, content_id, mailbox_id, envelope_from, recipient, domain, state, envelope_id)
         values ($1::uuid, $2, $3, $4, 'guarded@kontor.example', 'x@far.example', 'far.example', 'held', $1::text)`,
        [newId(), mail.messageId, mail.contentId, mail.mailboxId],
      );
      return { path: `/mail/messages/${mail.messageId}/deliveries`, body: { act: "cancel" } };
    },
  },
};
