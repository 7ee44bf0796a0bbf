import { sql, type SqlBool } from "kysely";
import { z } from "zod";
import { DomainError, newId, type JsonObject } from "@kontor/shared/base";
import {
  mailIntentSchemas,
  type BodyDoc,
  type FolderDoc,
  type MailLinkDoc,
  type MailLinkRecordDoc,
  type MessageDoc,
} from "@kontor/shared/mail";
import { sendBody, type BlobStore } from "#files";
import { defineEndpoint, type Actor, type Database, type Endpoint } from "#kernel";
import type { RecordAccess } from "#objects";
import { changeMail, idParams, pageQuery, placeOf, pushChange, type MailRestDeps } from "../mail.rest.ts";
import { requireMailbox } from "../mailboxes/mailbox.resource.ts";
import { searchMessages, visibleMailboxIds } from "../search/searchMessages.ts";
import { listInMailboxes, listMessages } from "./listMessages.ts";
import { messageNotFound, readableFolder, readableMessage, readableThread } from "./message.access.ts";
import { findBodies, findFolders, findFoldersOf, findLinks, findLinksOf, findMessages } from "./messages.repo.ts";
import { bodyToDoc, folderToDoc, linkToDoc, linkToRecordDoc, messageToDoc } from "./projectMessage.ts";

export interface MessageEndpointDeps extends MailRestDeps {
  readonly blobs: BlobStore;
  readonly records: RecordAccess;
}

const READ = { kind: "policy", resource: "mailbox", action: "read" } as const;
const EDIT = { kind: "policy", resource: "mailbox", action: "edit" } as const;
const messageReply = z.custom<MessageDoc>(() => true);
const folderReply = z.custom<FolderDoc>(() => true);
const pageReply = z.object({ messages: z.array(messageReply).readonly(), nextCursor: z.string().optional() });
const linkReply = z.custom<MailLinkDoc & MailLinkRecordDoc>(() => true);
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
      access: READ,
      params: idParams,
      query: z.object({ ...pageQuery, unread: flag, flagged: flag, hasAttachment: flag }),
      reply: pageReply,
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
      access: READ,
      params: idParams,
      query: z.object(pageQuery),
      reply: pageReply,
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
      access: READ,
      query: z.object({
        ...pageQuery,
        query: z.string().max(400),
        mailboxId: z.uuid().optional(),
        /** Minutes that the reader's time is ahead of UTC: `before:` and `after:` are of the reader's days. */
        offsetMinutes: z.coerce.number().int().min(-840).max(840).default(0),
      }),
      reply: pageReply,
      async handle({ query: { cursor, ...question } }, request) {
        return searchMessages(db, { ...question, after: placeOf(cursor) }, await actorOf(request));
      },
    }),
    defineEndpoint({
      method: "get",
      path: "/mail/messages/:id",
      summary: "A message, without its text",
      tag: "mail",
      access: READ,
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
      access: READ,
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
      access: READ,
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
      access: EDIT,
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
      access: EDIT,
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
      access: EDIT,
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
      access: EDIT,
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

/* ---------- folders ---------- */

function folderEndpoints(deps: MessageEndpointDeps): readonly Endpoint[] {
  const { db, actorOf } = deps;
  const change = (
    actor: Actor,
    name: "folder.create" | "folder.rename" | "folder.move" | "folder.delete",
    id: string,
    args: JsonObject,
  ) => changeMail(deps, actor, { name, collection: "mailFolders", id, args });
  const folderDoc = async (id: string) => {
    const [row] = await findFolders(db, [id]);
    if (!row) throw new DomainError("notFound", "There is no such folder.", { reason: "folder.notFound" });
    return folderToDoc(row);
  };
  return [
    defineEndpoint({
      method: "get",
      path: "/mail/mailboxes/:id/folders",
      summary: "Folders of a mailbox, with how many messages lie in each and how many of them are unread",
      tag: "mail",
      access: READ,
      params: idParams,
      reply: z.object({
        folders: z.array(z.custom<FolderDoc & { readonly messages: number; readonly unread: number }>(() => true)),
      }),
      async handle({ params }, request) {
        await requireMailbox(db, await actorOf(request), params.id, "read");
        const counts = await countMessages(db, params.id);
        const folders = await findFoldersOf(db, [params.id]);
        return {
          folders: folders.map((row) => ({
            ...folderToDoc(row),
            ...(counts.get(row.id) ?? { messages: 0, unread: 0 }),
          })),
        };
      },
    }),
    defineEndpoint({
      method: "post",
      path: "/mail/mailboxes/:id/folders",
      summary: "Make a folder",
      tag: "mail",
      access: EDIT,
      params: idParams,
      body: mailIntentSchemas["folder.create"].omit({ mailboxId: true }).extend({ id: z.uuid().optional() }),
      status: 201,
      reply: folderReply,
      async handle({ params, body: { id = newId(), ...args } }, request) {
        await change(await actorOf(request), "folder.create", id, { mailboxId: params.id, ...args } as JsonObject);
        return folderDoc(id);
      },
    }),
    defineEndpoint({
      method: "patch",
      path: "/mail/folders/:id",
      summary: "Rename a folder, or move it below another one; parentId null: to the top",
      tag: "mail",
      access: EDIT,
      params: idParams,
      body: mailIntentSchemas["folder.rename"].extend(mailIntentSchemas["folder.move"].shape).partial(),
      reply: folderReply,
      async handle({ params, body: { name, parentId } }, request) {
        const actor = await actorOf(request);
        if (parentId !== undefined) await change(actor, "folder.move", params.id, { parentId });
        if (name !== undefined) await change(actor, "folder.rename", params.id, { name });
        await readableFolder(db, actor, params.id);
        return folderDoc(params.id);
      },
    }),
    defineEndpoint({
      method: "delete",
      path: "/mail/folders/:id",
      summary: "Put a folder into the trash with everything in it; from there, delete it for good",
      tag: "mail",
      access: EDIT,
      params: idParams,
      async handle({ params }, request) {
        await change(await actorOf(request), "folder.delete", params.id, {});
      },
    }),
  ];
}

async function countMessages(db: Database, mailboxId: string) {
  const { rows } = await sql<{ folder_id: string; messages: number; unread: number }>`
    select folder_id, count(*) as messages, count(*) filter (where not seen) as unread
    from mail_message where mailbox_id = ${mailboxId} group by folder_id`.execute(db);
  return new Map(rows.map(({ folder_id, messages, unread }) => [folder_id, { messages, unread }]));
}

/* ---------- links ---------- */

function linkEndpoints(deps: MessageEndpointDeps): readonly Endpoint[] {
  const { db, actorOf, records } = deps;
  return [
    defineEndpoint({
      method: "get",
      path: "/mail/threads/:id/links",
      summary: "Records that a thread and its messages belong to, as far as the caller sees them",
      tag: "mail",
      access: READ,
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
      access: READ,
      params: idParams,
      query: z.object(pageQuery),
      reply: pageReply,
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
      access: EDIT,
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
      access: EDIT,
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
