import { z } from "zod";
import { DomainError, isForGood, type JsonObject } from "@kontor/shared/base";
import {
  answerDraft,
  draftSchema,
  mailIntentSchemas,
  mailLimits,
  quoteWords,
  type BodyDoc,
  type DeliveryDoc,
  type MailIntentName,
  type MessageDoc,
  type Prefilled,
  type QuoteLanguage,
} from "@kontor/shared/mail";
import { defineEndpoint, type Actor, type Database, type Endpoint } from "#kernel";
import { changeMail, idParams, mailboxAccess, type MailRestDeps } from "../mail.rest.ts";
import { accessToMailbox, seesMessages, type MailReader } from "../mailboxes/mailbox.resource.ts";
import type { MailboxRow } from "../mailboxes/mailboxes.repo.ts";
import { messageNotFound } from "../messages/message.access.ts";
import { findBodies, findMessages } from "../messages/messages.repo.ts";
import { bodyToDoc, messageToDoc } from "../messages/projectMessage.ts";
import { addressesOf } from "./saveDraft.ts";
import { stepIds, type StepIds } from "./repeatable.ts";

const attachments = z
  .array(mailIntentSchemas["mail.attachStored"].omit({ fileId: true }))
  .max(mailLimits.maxAttachments)
  .default([]);
const newDraft = z.object({ mailboxId: z.uuid(), draft: draftSchema, attachments });
const when = mailIntentSchemas["mail.send"].extend({ undoSeconds: z.int().min(0).max(60).default(0) });
const reply = z.object({
  message: z.custom<MessageDoc>(() => true),
  body: z.custom<BodyDoc>(() => true).optional(),
  /** A draft that was changed meanwhile was kept, and what was sent lies beside it. */
  conflictDraftId: z.uuid().optional(),
});
/** A draft with what it quotes, in JSON. */
const bodyBytes = 4 * 1024 ** 2;

export interface SendEndpointDeps extends MailRestDeps {
  /** The office's, in which a quotation's date is said to whoever names none. */
  readonly timeZone: string;
}

/** Writing and sending, as a mail program does it; with an Idempotency-Key each of them can be sent again. */
export function sendEndpoints(deps: SendEndpointDeps): readonly Endpoint[] {
  return [...draftEndpoints(deps), ...attachmentEndpoints(deps), ...sendingEndpoints(deps)];
}

function draftEndpoints(deps: SendEndpointDeps): readonly Endpoint[] {
  return [
    defineEndpoint({
      method: "get",
      path: "/mail/messages/:id/answer",
      summary:
        "What a draft that answers or forwards begins with: recipients, subject, quotation, and what hangs in it",
      tag: "mail",
      access: mailboxAccess.read,
      params: idParams,
      query: z.object({
        kind: z.enum(["reply", "replyAll", "forward", "redirect"]).default("reply"),
        language: z
          .enum(["en", "ru"])
          .optional()
          .describe("Of the words around a quotation. Default: the caller's own"),
        timeZone: z
          .string()
          .max(60)
          .refine(isTimeZone, { error: "This is no time zone." })
          .optional()
          .describe("In which its date is said. Default: the office's"),
      }),
      reply: z.custom<Prefilled>(() => true),
      async handle({ params, query }, request) {
        const actor = await deps.actorOf(request);
        const { message, body, mailbox } = await readMessage(deps, actor, params.id);
        const language = query.language ?? (await languageOf(deps.db, actor.subject.id));
        const words = quoteWords(language, query.timeZone ?? deps.timeZone);
        const by = { addresses: addressesOf(mailbox), name: mailbox.name, words };
        return answerDraft(query.kind, { message, body }, by);
      },
    }),
    defineEndpoint({
      method: "post",
      path: "/mail/drafts",
      summary: "Write a draft, with files that are here already",
      tag: "mail",
      access: mailboxAccess.send,
      bodyBytes,
      body: newDraft,
      status: 201,
      reply,
      async handle({ body }, request) {
        const actor = await deps.actorOf(request);
        return replyWith(deps, actor, await makeDraft(deps, actor, stepIds(request), body));
      },
    }),
    defineEndpoint({
      method: "put",
      path: "/mail/drafts/:id",
      summary: "Write all of a draft anew; `base` is the revision that was read",
      tag: "mail",
      access: mailboxAccess.send,
      bodyBytes,
      params: idParams,
      body: mailIntentSchemas["mail.saveDraft"],
      reply,
      async handle({ params, body }, request) {
        const actor = await deps.actorOf(request);
        await readMessage(deps, actor, params.id);
        const data = await change(deps, actor, "mail.saveDraft", params.id, body, stepIds(request)("save"));
        return replyWith(deps, actor, params.id, data);
      },
    }),
    defineEndpoint({
      method: "delete",
      path: "/mail/drafts/:id",
      summary: "Throw a draft away, for good",
      tag: "mail",
      access: mailboxAccess.send,
      params: idParams,
      async handle({ params }, request) {
        await change(
          deps,
          await deps.actorOf(request),
          "mail.discardDraft",
          params.id,
          {},
          stepIds(request)("discard"),
        );
      },
    }),
  ];
}

function attachmentEndpoints(deps: MailRestDeps): readonly Endpoint[] {
  return [
    defineEndpoint({
      method: "post",
      path: "/mail/drafts/:id/attachments",
      summary:
        "Attach a file: announces it; then send the body to /api/uploads by tus, with its id as metadata `fileId`. Or one that is here already, by `sourceFileId`",
      tag: "mail",
      access: mailboxAccess.send,
      params: idParams,
      body: z.union([
        mailIntentSchemas["mail.attachStored"].extend({ fileId: z.uuid().optional() }),
        mailIntentSchemas["mail.attach"].extend({ fileId: z.uuid().optional() }),
      ]),
      status: 201,
      reply,
      async handle({ params, body }, request) {
        const actor = await deps.actorOf(request);
        const ids = stepIds(request);
        const args = { ...body, fileId: body.fileId ?? ids("file") };
        const name = "sourceFileId" in body ? "mail.attachStored" : "mail.attach";
        await change(deps, actor, name, params.id, args, ids("attach"));
        return replyWith(deps, actor, params.id);
      },
    }),
    defineEndpoint({
      method: "patch",
      path: "/mail/drafts/:id/attachments/:fileId",
      summary: "How people outside get an attachment of a draft: in the message, or as a link that ends after 14 days",
      tag: "mail",
      access: mailboxAccess.send,
      params: z.object({ id: z.uuid(), fileId: z.uuid() }),
      body: mailIntentSchemas["mail.attachAs"].omit({ fileId: true }),
      reply,
      async handle({ params: { id, fileId }, body }, request) {
        const actor = await deps.actorOf(request);
        await change(deps, actor, "mail.attachAs", id, { ...body, fileId }, stepIds(request)("attachAs"));
        return replyWith(deps, actor, id);
      },
    }),
    defineEndpoint({
      method: "delete",
      path: "/mail/drafts/:id/attachments/:fileId",
      summary: "Take an attachment off a draft; POST /files/:id/restore brings it back",
      tag: "mail",
      access: mailboxAccess.send,
      params: z.object({ id: z.uuid(), fileId: z.uuid() }),
      async handle({ params: { id, fileId } }, request) {
        await change(deps, await deps.actorOf(request), "mail.detach", id, { fileId }, stepIds(request)("detach"));
      },
    }),
  ];
}

function sendingEndpoints(deps: MailRestDeps): readonly Endpoint[] {
  return [
    defineEndpoint({
      method: "post",
      path: "/mail/messages",
      summary: "Write and send in one call. With an Idempotency-Key it is sent once, however often it is asked",
      tag: "mail",
      access: mailboxAccess.send,
      bodyBytes,
      body: newDraft.extend(when.shape),
      status: 201,
      reply,
      async handle({ body: { undoSeconds, at, followUpAt, ...draft } }, request) {
        const actor = await deps.actorOf(request);
        const ids = stepIds(request);
        const id = await makeDraft(deps, actor, ids, draft);
        const moments = { undoSeconds, at, followUpAt };
        await orDiscard(deps, actor, ids, id, () => change(deps, actor, "mail.send", id, moments, ids("send")));
        return replyWith(deps, actor, id);
      },
    }),
    defineEndpoint({
      method: "post",
      path: "/mail/drafts/:id/send",
      summary: "Send a draft: after the undo time, or at a moment",
      tag: "mail",
      access: mailboxAccess.send,
      params: idParams,
      body: when,
      reply,
      async handle({ params, body }, request) {
        const actor = await deps.actorOf(request);
        await change(deps, actor, "mail.send", params.id, body, stepIds(request)("send"));
        return replyWith(deps, actor, params.id);
      },
    }),
    defineEndpoint({
      method: "post",
      path: "/mail/drafts/:id/cancel",
      summary: "Call a message back that has not left yet: it is a draft again",
      tag: "mail",
      access: mailboxAccess.send,
      params: idParams,
      reply,
      async handle({ params }, request) {
        const actor = await deps.actorOf(request);
        await change(deps, actor, "mail.cancelSend", params.id, {}, stepIds(request)("cancel"));
        return replyWith(deps, actor, params.id);
      },
    }),
    defineEndpoint({
      method: "get",
      path: "/mail/messages/:id/deliveries",
      summary: "Where a message that left stands: of each recipient outside, and of the whole",
      tag: "mail",
      access: mailboxAccess.read,
      params: idParams,
      reply: z.object({
        send: z.custom<MessageDoc["send"]>(() => true).optional(),
        deliveries: z.array(z.custom<DeliveryDoc>(() => true)),
      }),
      async handle({ params }, request) {
        const { message } = await readMessage(deps, await deps.actorOf(request), params.id);
        return { ...(message.send && { send: message.send }), deliveries: [...(message.deliveries ?? [])] };
      },
    }),
  ];
}

/* ---------- reading ---------- */

interface ReadMessage {
  readonly message: MessageDoc;
  readonly body: BodyDoc | undefined;
  readonly mailbox: MailboxRow;
}

async function readMessage({ db }: Pick<MailRestDeps, "db">, reader: MailReader, id: string): Promise<ReadMessage> {
  const [row] = await findMessages(db, [id]);
  const found = row && (await accessToMailbox(db, reader, row.mailbox_id));
  if (!row || !found || !seesMessages(found.access)) throw messageNotFound();
  const [body] = await findBodies(db, [id]);
  return { message: messageToDoc(row), body: body && bodyToDoc(body), mailbox: found.mailbox };
}

async function replyWith(deps: MailRestDeps, actor: Actor, id: string, data?: unknown) {
  const { message, body } = await readMessage(deps, actor, id);
  const { conflictDraftId } = (data ?? {}) as { conflictDraftId?: string };
  return { message, ...(body && { body }), ...(conflictDraftId !== undefined && { conflictDraftId }) };
}

/* ---------- changing ---------- */

async function change(
  deps: MailRestDeps,
  actor: Actor,
  name: MailIntentName,
  id: string,
  args: object,
  mid: string,
): Promise<unknown> {
  const intent = { mid, name, collection: "messages", id, args: JSON.parse(JSON.stringify(args)) as JsonObject };
  return (await changeMail(deps, actor, intent)).data;
}

/** Returns its id. */
async function makeDraft(
  deps: MailRestDeps,
  actor: Actor,
  ids: StepIds,
  { mailboxId, draft, attachments: files }: z.output<typeof newDraft>,
): Promise<string> {
  const id = ids("draft");
  await change(deps, actor, "mail.saveDraft", id, { mailboxId, draft, base: 0 }, ids("save"));
  await orDiscard(deps, actor, ids, id, async () => {
    for (const [index, file] of files.entries()) {
      const args = { ...file, fileId: ids(`file ${index}`) };
      await change(deps, actor, "mail.attachStored", id, args, ids(`attach ${index}`));
    }
  });
  return id;
}

/** Whoever asked for all of it in one call has no use for half of it. What can be tried again is not thrown away. */
async function orDiscard(
  deps: MailRestDeps,
  actor: Actor,
  ids: StepIds,
  id: string,
  act: () => Promise<unknown>,
): Promise<void> {
  try {
    await act();
  } catch (error) {
    if (error instanceof DomainError && isForGood(error.code)) {
      await change(deps, actor, "mail.discardDraft", id, {}, ids("discard")).catch(() => undefined);
    }
    throw error;
  }
}

async function languageOf(db: Database, userId: string): Promise<QuoteLanguage> {
  const user = await db
    .withTables<{ app_user: { id: string; locale: string } }>()
    .selectFrom("app_user")
    .select("locale")
    .where("id", "=", userId)
    .executeTakeFirst();
  return user?.locale === "ru" ? "ru" : "en";
}

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions().timeZone !== "";
  } catch {
    return false;
  }
}
