import { sql } from "kysely";
import { z } from "zod";
import { defineEndpoint, type Endpoint } from "#kernel";
import { idParams, mailboxAccess, type MailRestDeps } from "../mail.rest.ts";
import { requireMailbox } from "../mailboxes/mailbox.resource.ts";

/** In one question: its body is 33 kB. */
const MOST = 500;

/** So that an import that was cut off goes on without sending again what is there. */
export const knownMessagesEndpoint = ({ db, actorOf }: Pick<MailRestDeps, "db" | "actorOf">): Endpoint =>
  defineEndpoint({
    method: "post",
    path: "/mail/mailboxes/:id/known",
    summary: "Of messages, named by the SHA-256 of their bytes, those that lie in a mailbox already",
    tag: "mail",
    access: mailboxAccess.read,
    scope: "read",
    params: idParams,
    body: z.object({ sha256: z.array(z.string().regex(/^[0-9a-f]{64}$/)).max(MOST) }),
    reply: z.object({ known: z.array(z.string()) }),
    async handle({ params: { id }, body: { sha256 } }, request) {
      await requireMailbox(db, await actorOf(request), id, "read");
      const { rows } = await sql<{ sha256: string }>`
        select distinct content.raw_sha256 as sha256
        from mail_content content join mail_message message on message.content_id = content.id
        where content.raw_sha256 = any(${sha256}::text[]) and message.mailbox_id = ${id}`.execute(db);
      return { known: rows.map((row) => row.sha256) };
    },
  });
