import { z } from "zod";
import { DomainError, type JsonObject } from "@kontor/shared/base";
import { mailEventNames } from "@kontor/shared/mail";
import { auditActor, defineEndpoint, type Endpoint, type EndpointRequest } from "#kernel";
import {
  listEvents,
  listWebhooks,
  requireWebhook,
  webhookLimits,
  type ListedWebhook,
  type WebhookService,
} from "#webhooks";
import { idParams, mailboxAccess, type MailRestDeps } from "../mail.rest.ts";
import { mailboxResource, requireMailbox, seesMessages } from "../mailboxes/mailbox.resource.ts";
import { mailEvents } from "./mail.events.ts";

export interface WebhookEndpointDeps extends Pick<MailRestDeps, "db" | "actorOf"> {
  readonly webhooks: WebhookService;
}

const { resource: type } = mailEvents;

export const urlSchema = z.string().max(webhookLimits.maxUrlChars);
export const eventsSchema = z.array(z.enum(mailEventNames)).min(1).max(mailEventNames.length);
export const secretSchema = z.string().max(200).describe("Absent: one is made. `whsec_` and 24 to 64 bytes in base64");
export const addedReply = z.object({
  id: z.uuid(),
  secret: z.string().describe("With which deliveries are signed (Standard Webhooks); it is told this once"),
});
export const testRate = { perMinute: 30 }; // each makes the server ask another one
export const eventPage = z.object({
  limit: z.coerce.number().int().min(1).max(200).default(50),
  before: z.uuid().optional().describe("The id of the last row of the page before"),
});
export const eventsReply = z.object({
  events: z.array(
    z.object({
      id: z.uuid(),
      name: z.string(),
      data: z.custom<JsonObject>(() => true),
      at: z.string(),
      state: z.enum(["waiting", "delivered", "failed", "dropped"]),
      attempts: z.number(),
      nextAt: z.string().nullable(),
      status: z.number().nullable(),
      reason: z.string().nullable(),
      finishedAt: z.string().nullable(),
    }),
  ),
});

const hookReply = z.object({
  id: z.uuid(),
  mailboxId: z.uuid(),
  ownerId: z.uuid().describe("Whose rights decide what is told"),
  url: z.string(),
  events: z.array(z.string()).readonly(),
  state: z.enum(["on", "off"]),
  offReason: z.enum(["failing", "gone"]).nullable(),
  failingSince: z.string().nullable(),
  failures: z.number(),
  waiting: z.number(),
  deliveredAt: z.string().nullable(),
  createdAt: z.string(),
});

/** Programs that hear of what happens in a mailbox: set up by who manages it, and told what they may see there. */
export function webhookEndpoints(deps: WebhookEndpointDeps): readonly Endpoint[] {
  return [...mailboxWebhooks(deps), ...oneWebhook(deps)];
}

function mailboxWebhooks({ db, actorOf, webhooks }: WebhookEndpointDeps): readonly Endpoint[] {
  return [
    defineEndpoint({
      method: "get",
      path: "/mail/mailboxes/:id/webhooks",
      summary: "The webhooks of a mailbox, without their secrets",
      tag: "mail",
      access: mailboxAccess.manage,
      params: idParams,
      reply: z.object({ webhooks: z.array(hookReply) }),
      async handle({ params }, request) {
        await requireMailbox(db, await actorOf(request), params.id, "manage");
        const rows = await listWebhooks(db, { type, id: params.id, limit: webhookLimits.perResource });
        return { webhooks: rows.map(toReply) };
      },
    }),
    defineEndpoint({
      method: "post",
      path: "/mail/mailboxes/:id/webhooks",
      summary:
        "Have an HTTPS address told of what happens in a mailbox: mail.received, mail.sent, mail.bounced. What is told is ids, signed by Standard Webhooks",
      tag: "mail",
      access: mailboxAccess.manage,
      params: idParams,
      body: z.object({ url: urlSchema, events: eventsSchema, secret: secretSchema.optional() }),
      status: 201,
      reply: addedReply,
      async handle({ params: { id }, body }, request) {
        const actor = await actorOf(request);
        await requireMailbox(db, actor, id, "manage");
        await mailEvents.requireSight(db, actor, id);
        const { userId, isService } = actor.principal;
        return webhooks.create(
          {
            ...body,
            ownerId: userId,
            createdBy: isService ? undefined : userId,
            resource: { type: mailboxResource.name, id },
          },
          auditActor(request.principal, request.ip),
        );
      },
    }),
  ];
}

function oneWebhook({ db, actorOf, webhooks }: WebhookEndpointDeps): readonly Endpoint[] {
  /** One of a mailbox that the caller does not manage is not there. */
  async function managed(request: EndpointRequest, id: string) {
    const hook = await requireWebhook(db, type, id);
    const actor = await actorOf(request);
    const { access } = await requireMailbox(db, actor, hook.resource_id, "manage");
    return { hook, actor, access, by: auditActor(request.principal, request.ip) };
  }
  return [
    defineEndpoint({
      method: "patch",
      path: "/mail/webhooks/:id",
      summary:
        "Its address, its events, and whether it is on; who is told by somebody else's rights is changed by them alone",
      tag: "mail",
      access: mailboxAccess.manage,
      params: idParams,
      body: z.object({ url: urlSchema.optional(), events: eventsSchema.optional(), on: z.boolean().optional() }),
      async handle({ params, body }, request) {
        const { hook, actor, by } = await managed(request, params.id);
        const isOnlySwitch = body.url === undefined && body.events === undefined;
        if (!isOnlySwitch && hook.owner_id !== actor.principal.userId) throw notYours();
        await webhooks.change(params.id, body, by);
      },
    }),
    defineEndpoint({
      method: "delete",
      path: "/mail/webhooks/:id",
      summary: "Remove a webhook; what waits for it is told to nobody",
      tag: "mail",
      access: mailboxAccess.manage,
      params: idParams,
      async handle({ params }, request) {
        const { by } = await managed(request, params.id);
        await webhooks.remove(params.id, by);
      },
    }),
    defineEndpoint({
      method: "post",
      path: "/mail/webhooks/:id/secret",
      summary: "Make a new secret; the old one signs beside it for a day",
      tag: "mail",
      access: mailboxAccess.manage,
      params: idParams,
      reply: addedReply.pick({ secret: true }),
      async handle({ params }, request) {
        const { hook, actor, by } = await managed(request, params.id);
        if (hook.owner_id !== actor.principal.userId) throw notYours();
        return webhooks.renewSecret(params.id, by);
      },
    }),
    defineEndpoint({
      method: "post",
      path: "/mail/webhooks/:id/test",
      summary: "Send it an event that says nothing (webhook.test), once; what became of it is among its events",
      tag: "mail",
      access: mailboxAccess.manage,
      params: idParams,
      rateLimit: testRate,
      reply: z.object({ eventId: z.uuid() }),
      async handle({ params }, request) {
        const { by } = await managed(request, params.id);
        return webhooks.test(params.id, by);
      },
    }),
    defineEndpoint({
      method: "get",
      path: "/mail/webhooks/:id/events",
      summary: "What became of its events in the last seven days, the newest first",
      tag: "mail",
      access: mailboxAccess.manage,
      params: idParams,
      query: eventPage,
      reply: eventsReply,
      async handle({ params, query }, request) {
        const { access } = await managed(request, params.id);
        const events = await listEvents(db, params.id, query);
        // Who manages a mailbox and who sees what lies in it are two rights.
        return { events: events.map((event) => (seesMessages(access) ? event : { ...event, data: {} })) };
      },
    }),
  ];
}

const toReply = ({ id, owner_id, resource_id, url, events, state, waiting, ...row }: ListedWebhook) => ({
  id,
  mailboxId: resource_id,
  ownerId: owner_id,
  url,
  events,
  state,
  offReason: row.off_reason,
  failingSince: row.failing_since,
  failures: row.failures,
  waiting,
  deliveredAt: row.delivered_at,
  createdAt: row.created_at,
});

/** Otherwise a manager would hear at an address of their own what somebody else may see. */
const notYours = () =>
  new DomainError("forbidden", "This webhook tells what somebody else may see. Make one of your own, or remove it.", {
    reason: "webhook.notYours",
  });
