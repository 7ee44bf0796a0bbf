import { sql } from "kysely";
import { z } from "zod";
import { addressSchema } from "@kontor/shared/mail";
import { defineEndpoint, type Endpoint } from "#kernel";
import { idParams, mailboxAccess, type MailRestDeps } from "../mail.rest.ts";
import { holdMessage } from "../messages/message.access.ts";
import { actOnOutbound } from "./outbound.repo.ts";

export interface DeliveryDeps extends Pick<MailRestDeps, "db" | "actorOf"> {
  /** Something may be due. */
  wake(): void;
  /** The change log grew. */
  changed(): void;
}

/** What a sender may do about recipients that a message has not reached yet. */
export function deliveryEndpoints({ db, actorOf, wake, changed }: DeliveryDeps): readonly Endpoint[] {
  return [
    defineEndpoint({
      method: "post",
      path: "/mail/messages/:id/deliveries",
      summary:
        "Try recipients again now, hold them, or give them up; those that were reached meanwhile stay as they are. Without `recipients`: all",
      tag: "mail",
      access: mailboxAccess.send,
      params: idParams,
      body: z.object({
        act: z.enum(["retry", "hold", "cancel"]),
        recipients: z.array(addressSchema).min(1).max(500).optional(),
      }),
      reply: z.object({ changed: z.number() }),
      async handle({ params: { id }, body: { act, recipients } }, request) {
        const actor = await actorOf(request);
        const rows = await db.transaction().execute(async (trx) => {
          await holdMessage(trx, actor, id, "send");
          const named = recipients?.map((address) => address.toLowerCase()) ?? null;
          const where = sql<boolean>`message_id = ${id}
            and (${named}::text[] is null or lower(recipient) = any(${named}::text[]))`;
          return actOnOutbound(trx, act, { where, now: actor.now });
        });
        if (act === "retry") wake();
        if (rows.length > 0) changed();
        return { changed: rows.length };
      },
    }),
  ];
}
