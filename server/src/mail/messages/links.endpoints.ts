import { sql, type SqlBool } from "kysely";
import { z } from "zod";
import { DomainError, newId, type JsonObject } from "@kontor/shared/base";
import { mailIntentSchemas, type MailLinkDoc, type MailLinkRecordDoc } from "@kontor/shared/mail";
import { defineEndpoint, type Endpoint } from "#kernel";
import type { RecordAccess } from "#objects";
import { changeMail, idParams, mailboxAccess, pageQuery, placeOf, type MailRestDeps } from "../mail.rest.ts";
import { visibleMailboxIds } from "../search/searchMessages.ts";
import { listInMailboxes, messagePageReply } from "./listMessages.ts";
import { readableThread } from "./message.access.ts";
import { findLinks, findLinksOf } from "./messages.repo.ts";
import { linkToDoc, linkToRecordDoc } from "./projectMessage.ts";

export interface LinkEndpointDeps extends MailRestDeps {
  readonly records: RecordAccess;
}

const linkReply = z.custom<MailLinkDoc & MailLinkRecordDoc>(() => true);

export function linkEndpoints(deps: LinkEndpointDeps): readonly Endpoint[] {
  const { db, actorOf, records } = deps;
  return [
    defineEndpoint({
      method: "get",
      path: "/mail/threads/:id/links",
      summary: "Records that a thread and its messages belong to, as far as the caller sees them",
      tag: "mail",
      access: mailboxAccess.read,
      params: idParams,
      reply: z.object({ links: z.array(linkReply) }),
      async handle({ params }, request) {
        const actor = await actorOf(request);
        const { mailbox } = await readableThread(db, actor, params.id);
        const links = (await findLinksOf(db, { mailboxIds: [mailbox.id] })).filter(
          (link) => link.thread_id === params.id,
        );
        const seen = [];
        for (const link of links)
          if (await records.accessTo(db, actor, link.record_id))
            seen.push({ ...linkToDoc(link), ...linkToRecordDoc(link) });
        return { links: seen };
      },
    }),
    defineEndpoint({
      method: "get",
      path: "/records/:id/mail",
      summary: "Messages that belong to a record, in the mailboxes that the caller sees, the newest first",
      tag: "mail",
      access: mailboxAccess.read,
      params: idParams,
      query: z.object(pageQuery),
      reply: messagePageReply,
      async handle({ params, query }, request) {
        const actor = await actorOf(request);
        if (!(await records.accessTo(db, actor, params.id)))
          throw new DomainError("notFound", "There is no such record.", { reason: "record.notFound" });
        const where = [
          sql<SqlBool>`exists (select from mail_link l where l.record_id = ${params.id} and l.thread_id = m.thread_id
            and (l.message_id is null or l.message_id = m.id))`,
        ];
        const page = { limit: query.limit, after: placeOf(query.cursor) };
        return listInMailboxes(db, await visibleMailboxIds(db, actor), where, page);
      },
    }),
    defineEndpoint({
      method: "post",
      path: "/mail/links",
      summary: "Say that a message or a whole thread belongs to a record",
      tag: "mail",
      access: mailboxAccess.edit,
      body: mailIntentSchemas["mail.link"].extend({ id: z.uuid().optional() }),
      status: 201,
      reply: z.object({ id: z.uuid() }),
      async handle({ body: { id = newId(), ...args } }, request) {
        await changeMail(deps, await actorOf(request), {
          name: "mail.link",
          collection: "mailLinks",
          id,
          args: args as JsonObject,
        });
        const [made] = await findLinks(db, [id]);
        if (made) return { id };
        // It was there already, under another id.
        const same = (await findLinksOf(db, { recordIds: [args.recordId] })).find(
          (link) => link.thread_id === args.threadId && (link.message_id ?? undefined) === args.messageId,
        );
        return { id: same?.id ?? id };
      },
    }),
    defineEndpoint({
      method: "delete",
      path: "/mail/links/:id",
      summary: "Take a link away",
      tag: "mail",
      access: mailboxAccess.edit,
      params: idParams,
      async handle({ params }, request) {
        await changeMail(deps, await actorOf(request), {
          name: "mail.unlink",
          collection: "mailLinks",
          id: params.id,
          args: {},
        });
      },
    }),
  ];
}
