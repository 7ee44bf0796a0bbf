import { sql } from "kysely";
import { z } from "zod";
import { DomainError, isDomainError } from "@kontor/shared/base";
import { auditActor, defineEndpoint, type Database, type Endpoint } from "#kernel";
import { listEvents, listWebhooks, requireWebhook, type EventReader, type WebhookService } from "#webhooks";
import { idParams } from "../mail.rest.ts";
import { findMailboxes } from "../mailboxes/mailboxes.repo.ts";
import { mailEvents } from "./mail.events.ts";
import {
  addedReply,
  eventPage,
  eventsReply,
  eventsSchema,
  secretSchema,
  testRate,
  urlSchema,
} from "./webhooks.endpoints.ts";

export interface WebhookAdminDeps {
  readonly db: Database;
  readonly webhooks: WebhookService;
  /** As somebody who asks now by a program of their own; undefined: they may not sign in. */
  readerOf(subjectId: string): Promise<EventReader | undefined>;
}

const ADMINISTER = { kind: "system", action: "administer" } as const;
const MOST = 1_000; // of one house; whoever has more needs a queue, not a page
const { resource: type } = mailEvents;

const row = z.object({
  id: z.uuid(),
  mailboxId: z.uuid(),
  mailbox: z.string(),
  owner: z.string(),
  host: z.string().describe("Of its address: the rest is often a password"),
  events: z.array(z.string()).readonly(),
  state: z.enum(["on", "off"]),
  offReason: z.enum(["failing", "gone"]).nullable(),
  failingSince: z.string().nullable(),
  waiting: z.number(),
  deliveredAt: z.string().nullable(),
  createdAt: z.string(),
});

/**
 * Webhooks of all mailboxes, for administrators: what they are and how they are doing. One is made in the name of a service that may
 * read the mailbox, and never of a person: whoever administers does not come to hear what others may see.
 */
export function webhookAdminEndpoints({ db, webhooks, readerOf }: WebhookAdminDeps): readonly Endpoint[] {
  return [
    defineEndpoint({
      method: "get",
      path: "/admin/mail/webhooks",
      summary: "Webhooks of all mailboxes, with their state",
      tag: "mail administration",
      access: ADMINISTER,
      reply: z.object({ webhooks: z.array(row) }),
      handle: async () => ({ webhooks: await describeWebhooks(db) }),
    }),
    defineEndpoint({
      method: "post",
      path: "/admin/mail/webhooks",
      summary: "Have an HTTPS address told of what happens in a mailbox, as far as a service may read it",
      tag: "mail administration",
      access: ADMINISTER,
      body: z.object({
        mailboxId: z.uuid(),
        serviceId: z.uuid(),
        url: urlSchema,
        events: eventsSchema,
        secret: secretSchema.optional(),
      }),
      status: 201,
      reply: addedReply,
      async handle({ body: { mailboxId, serviceId, ...body } }, { principal, ip }) {
        const reader = (await isService(db, serviceId)) ? await readerOf(serviceId) : undefined;
        if (!reader) throw new DomainError("notFound", "There is no such service.", { reason: "service.unknown" });
        await mailEvents.requireSight(db, reader, mailboxId).catch(blind);
        return webhooks.create(
          { ...body, ownerId: serviceId, createdBy: principal?.userId, resource: { type, id: mailboxId } },
          auditActor(principal, ip),
        );
      },
    }),
    defineEndpoint({
      method: "patch",
      path: "/admin/mail/webhooks/:id",
      summary: "Switch a webhook on or off",
      tag: "mail administration",
      access: ADMINISTER,
      params: idParams,
      body: z.object({ on: z.boolean() }),
      async handle({ params, body }, { principal, ip }) {
        await requireWebhook(db, type, params.id);
        await webhooks.change(params.id, body, auditActor(principal, ip));
      },
    }),
    defineEndpoint({
      method: "delete",
      path: "/admin/mail/webhooks/:id",
      summary: "Remove a webhook; what waits for it is told to nobody",
      tag: "mail administration",
      access: ADMINISTER,
      params: idParams,
      async handle({ params }, { principal, ip }) {
        await requireWebhook(db, type, params.id);
        await webhooks.remove(params.id, auditActor(principal, ip));
      },
    }),
    defineEndpoint({
      method: "post",
      path: "/admin/mail/webhooks/:id/test",
      summary: "Send it an event that says nothing (webhook.test), once; what became of it is among its events",
      tag: "mail administration",
      access: ADMINISTER,
      params: idParams,
      rateLimit: testRate,
      reply: z.object({ eventId: z.uuid() }),
      async handle({ params }, { principal, ip }) {
        await requireWebhook(db, type, params.id);
        return webhooks.test(params.id, auditActor(principal, ip));
      },
    }),
    defineEndpoint({
      method: "get",
      path: "/admin/mail/webhooks/:id/events",
      summary:
        "What became of its events in the last seven days, the newest first; which messages they were about is not told",
      tag: "mail administration",
      access: ADMINISTER,
      params: idParams,
      query: eventPage,
      reply: eventsReply,
      async handle({ params, query }) {
        await requireWebhook(db, type, params.id);
        const events = await listEvents(db, params.id, query);
        return { events: events.map((event) => ({ ...event, data: {} })) };
      },
    }),
  ];
}

async function describeWebhooks(db: Database): Promise<z.output<typeof row>[]> {
  const hooks = await listWebhooks(db, { type, limit: MOST });
  const mailboxes = await findMailboxes(db, [...new Set(hooks.map(({ resource_id }) => resource_id))]);
  const mailboxOf = new Map(mailboxes.map(({ id, name }) => [id, name]));
  const ownerOf = await namesOf(db, [...new Set(hooks.map(({ owner_id }) => owner_id))]);
  return hooks.map(({ id, resource_id, owner_id, url, events, state, waiting, ...hook }) => ({
    id,
    mailboxId: resource_id,
    mailbox: mailboxOf.get(resource_id) ?? "",
    owner: ownerOf.get(owner_id) ?? "",
    host: new URL(url).host,
    events,
    state,
    offReason: hook.off_reason,
    failingSince: hook.failing_since,
    waiting,
    deliveredAt: hook.delivered_at,
    createdAt: hook.created_at,
  }));
}

async function namesOf(db: Database, ids: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const { rows } = await sql<{ id: string; name: string }>`
    select id, name from app_user where id = any(${ids}::uuid[])
    union all select id, name from service_account where id = any(${ids}::uuid[])`.execute(db);
  return new Map(rows.map(({ id, name }) => [id, name]));
}

async function isService(db: Database, id: string): Promise<boolean> {
  const { rows } = await sql`select from service_account where id = ${id} and state = 'active'`.execute(db);
  return rows.length > 0;
}

const blind = (error: unknown): never => {
  if (!isDomainError(error)) throw error;
  throw new DomainError(
    "forbidden",
    "This service may not read what lies in this mailbox. Let a policy allow it first.",
    {
      reason: "webhook.blind",
      problems: [{ field: "serviceId", reason: "webhook.blind", message: "This service may not read this mailbox." }],
    },
    error,
  );
};
