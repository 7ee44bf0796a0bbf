import { sql, type SqlBool } from "kysely";
import { z } from "zod";
import { DomainError, newId, type JsonObject } from "@kontor/shared/base";
import { mailIntentSchemas, type BodyDoc, type MessageDoc } from "@kontor/shared/mail";
import { sendBody, type BlobStore } from "#files";
import { defineEndpoint, type Actor, type Database, type Endpoint } from "#kernel";
import { changeMail, idParams, mailboxAccess, pageQuery, placeOf, pushChange } from "../mail.rest.ts";
import { searchMessages } from "../search/searchMessages.ts";
import { folderEndpoints } from "./folders.endpoints.ts";
import { linkEndpoints, type LinkEndpointDeps } from "./links.endpoints.ts";
import { listMessages, messagePageReply } from "./listMessages.ts";
import { messageNotFound, readableFolder, readableMessage, readableThread } from "./message.access.ts";
import { findBodies, findMessages } from "./messages.repo.ts";
import { bodyToDoc, messageToDoc } from "./projectMessage.ts";

export interface MessageEndpointDeps extends LinkEndpointDeps {
  readonly blobs: BlobStore;
}

const messageReply = z.custom<MessageDoc>(() => true);
const flag = z.enum(["true", "false"]).optional();

/** Messages that one call changes; each for itself, so that one that is refused holds back no other. */
const MAX_AT_ONCE = 1_000;

/** What lies in mailboxes, over REST: lists, threads, texts, the raw message, sorting, folders and links. */
export const messageEndpoints = (deps: MessageEndpointDeps): readonly Endpoint[] => [
  ...readEndpoints(deps),
  ...changeEndpoints(deps),
  ...folderEndpoints(deps),
  ...linkEndpoints(deps),
];

/* ---------- reading ---------- */

function readEndpoints(deps: MessageEndpointDeps): readonly Endpoint[] {
  const { db, actorOf, blobs } = deps;
  return [
    defineEndpoint({
      method: "get",
      path: "/mail/folders/:id/messages",
      summary: "Messages of a folder, the newest first, page by page",
      tag: "mail",
      access: mailboxAccess.read,
      params: idParams,
      query: z.object({ ...pageQuery, unread: flag, flagged: flag, hasAttachment: flag }),
      reply: messagePageReply,
      async handle({ params, query }, request) {
        await readableFolder(db, await actorOf(request), params.id);
        const hasFile = sql<SqlBool>`exists (
          select from file where file.mail_content_id = m.content_id and deleted_at is null and not inline)`;
        const where = [
          sql<SqlBool>`m.folder_id = ${params.id}`,
          ...(query.unread === undefined ? [] : [sql<SqlBool>`m.seen = ${query.unread !== "true"}`]),
          ...(query.flagged === undefined ? [] : [sql<SqlBool>`m.flagged = ${query.flagged === "true"}`]),
          ...(query.hasAttachment === undefined ? [] : [sql<SqlBool>`${hasFile} = ${query.hasAttachment === "true"}`]),
        ];
        return listMessages(db, where, { limit: query.limit, after: placeOf(query.cursor) });
      },
    }),
    defineEndpoint({
      method: "get",
      path: "/mail/threads/:id/messages",
      summary: "Messages of a thread, the newest first, page by page",
      tag: "mail",
      access: mailboxAccess.read,
      params: idParams,
      query: z.object(pageQuery),
      reply: messagePageReply,
      async handle({ params, query }, request) {
        await readableThread(db, await actorOf(request), params.id);
        const where = [sql<SqlBool>`m.thread_id = ${params.id}`];
        return listMessages(db, where, { limit: query.limit, after: placeOf(query.cursor) });
      },
    }),
    defineEndpoint({
      method: "get",
      path: "/mail/search",
      summary:
        'Messages by words and operators (from: to: subject: file: in: is: has: label: type: before: after: larger: smaller: -not "a phrase" begin*; the last word may be a beginning unless a space follows it), the newest first',
      tag: "mail",
      access: mailboxAccess.read,
      query: z.object({
        ...pageQuery,
        query: z.string().max(400),
        mailboxId: z.uuid().optional(),
        /** Minutes that the reader's time is ahead of UTC: `before:` and `after:` are of the reader's days. */
        offsetMinutes: z.coerce.number().int().min(-840).max(840).default(0),
      }),
      reply: messagePageReply,
      async handle({ query: { cursor, ...question } }, request) {
        return searchMessages(db, { ...question, after: placeOf(cursor) }, await actorOf(request));
      },
    }),
    defineEndpoint({
      method: "get",
      path: "/mail/messages/:id",
      summary: "A message, without its text",
      tag: "mail",
      access: mailboxAccess.read,
      params: idParams,
      reply: messageReply,
      async handle({ params }, request) {
        await readableMessage(db, await actorOf(request), params.id);
        return messageDoc(db, params.id);
      },
    }),
    defineEndpoint({
      method: "get",
      path: "/mail/messages/:id/body",
      summary: "A message's text and cleaned HTML",
      tag: "mail",
      access: mailboxAccess.read,
      params: idParams,
      reply: z.custom<BodyDoc>(() => true),
      async handle({ params }, request) {
        await readableMessage(db, await actorOf(request), params.id);
        const [row] = await findBodies(db, [params.id]);
        if (!row) throw messageNotFound();
        return bodyToDoc(row);
      },
    }),
    defineEndpoint({
      method: "get",
      path: "/mail/messages/:id/raw",
      summary: "A message byte for byte, as it travelled (RFC 5322); a draft has none",
      tag: "mail",
      access: mailboxAccess.read,
      params: idParams,
      stream: true,
      async handle({ params }, { raw, ...request }) {
        const { content } = await readableMessage(db, await actorOf({ raw, ...request }), params.id);
        if (content.raw_sha256 === null)
          throw new DomainError("notFound", "This message was not built yet.", { reason: "message.notBuilt" });
        const name = `${
          content.subject
            .replaceAll(/[\p{Cc}\\/:*?"<>|]+/gu, " ")
            .trim()
            .slice(0, 100) || "message"
        }.eml`;
        await sendBody(raw.request, raw.response, {
          blobs,
          body: { sha256: content.raw_sha256, mime: "message/rfc822", name },
        });
      },
    }),
  ];
}

async function messageDoc(db: Database, id: string): Promise<MessageDoc> {
  const [row] = await findMessages(db, [id]);
  if (!row) throw messageNotFound();
  return messageToDoc(row);
}

/* ---------- sorting ---------- */

function changeEndpoints(deps: MessageEndpointDeps): readonly Endpoint[] {
  const { db, actorOf } = deps;
  const update = mailIntentSchemas["mail.update"];
  return [
    defineEndpoint({
      method: "patch",
      path: "/mail/messages/:id",
      summary: "Flags, labels, folder, snooze, follow-up and assignee of a message; null takes away",
      tag: "mail",
      access: mailboxAccess.edit,
      params: idParams,
      body: update,
      reply: messageReply,
      async handle({ params, body }, request) {
        const actor = await actorOf(request);
        await changeMail(deps, actor, {
          name: "mail.update",
          collection: "messages",
          id: params.id,
          args: body as JsonObject,
        });
        return messageDoc(db, params.id);
      },
    }),
    defineEndpoint({
      method: "delete",
      path: "/mail/messages/:id",
      summary: "Delete a message for good; only from trash and junk",
      tag: "mail",
      access: mailboxAccess.edit,
      params: idParams,
      async handle({ params }, request) {
        const actor = await actorOf(request);
        await changeMail(deps, actor, { name: "mail.delete", collection: "messages", id: params.id, args: {} });
      },
    }),
    defineEndpoint({
      method: "post",
      path: "/mail/messages/:id/thread",
      summary: "Put a message into another thread of its mailbox, or into a new one: split and join by hand",
      tag: "mail",
      access: mailboxAccess.edit,
      params: idParams,
      body: z.object({ threadId: z.uuid().optional() }),
      reply: messageReply,
      async handle({ params, body: { threadId = newId() } }, request) {
        const actor = await actorOf(request);
        await changeMail(deps, actor, {
          name: "mail.regroup",
          collection: "messages",
          id: params.id,
          args: { threadId },
        });
        return messageDoc(db, params.id);
      },
    }),
    defineEndpoint({
      method: "post",
      path: "/mail/messages/bulk",
      summary: `The same change of up to ${MAX_AT_ONCE} messages, each on its own; the answer says of each what became of it`,
      tag: "mail",
      access: mailboxAccess.edit,
      body: z.object({
        ids: z.array(z.uuid()).min(1).max(MAX_AT_ONCE),
        change: z.union([z.object({ delete: z.literal(true) }), z.object({ update })]),
      }),
      reply: z.object({
        results: z.array(
          z.object({
            id: z.uuid(),
            status: z.enum(["applied", "refused"]),
            reason: z.string().optional(),
            message: z.string().optional(),
          }),
        ),
      }),
      async handle({ body: { ids, change } }, request) {
        const actor = await actorOf(request);
        const what =
          "delete" in change
            ? ({ name: "mail.delete", args: {} } as const)
            : ({ name: "mail.update", args: change.update as JsonObject } as const);
        const results = [];
        for (const id of new Set(ids)) results.push(await changeOne(deps, actor, { ...what, id }));
        return { results };
      },
    }),
  ];
}

async function changeOne(
  deps: MessageEndpointDeps,
  actor: Actor,
  { name, id, args }: { readonly name: "mail.update" | "mail.delete"; readonly id: string; readonly args: JsonObject },
) {
  const result = await pushChange(deps, actor, { name, collection: "messages", id, args });
  if (result.status === "applied" || result.status === "merged") return { id, status: "applied" as const };
  return {
    id,
    status: "refused" as const,
    ...(result.reason !== undefined && { reason: result.reason }),
    ...(result.message !== undefined && { message: result.message }),
  };
}
