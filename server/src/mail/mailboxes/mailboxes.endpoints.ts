import { sql } from "kysely";
import { z } from "zod";
import { addressSchema, mailboxRoles, type MailboxDoc, type MailboxKind } from "@kontor/shared/mail";
import { auditActor, defineEndpoint, type Database, type Endpoint } from "#kernel";
import { idParams, mailboxAccess, predicate, type MailRestDeps } from "../mail.rest.ts";
import { accessToMailboxes, mailboxNotFound, mailboxResource, requireMailbox } from "./mailbox.resource.ts";
import { mailboxTables, findMailboxes } from "./mailboxes.repo.ts";
import { projectMailbox } from "./mailboxes.collection.ts";
import type { MailboxService } from "./mailboxes.service.ts";

export interface MailboxEndpointDeps extends Omit<MailRestDeps, "applyIntent"> {
  readonly mailboxes: MailboxService;
  /** The change log grew. */
  changed(): void;
}

const ADMINISTER = { kind: "system", action: "administer" } as const;

const mailboxReply = z.custom<MailboxDoc>(() => true);
const name = z.string().trim().min(1).max(200);
/** A mailbox of a whole company; more is a group's business. */
const members = z.array(z.object({ userId: z.uuid(), role: z.enum(mailboxRoles) })).max(1_000);
const made = z.object({ id: z.uuid() });

export const mailboxEndpoints = (deps: MailboxEndpointDeps): readonly Endpoint[] => [
  ...ownEndpoints(deps),
  ...adminEndpoints(deps),
  ...groupEndpoints(deps),
];

function ownEndpoints({ db, actorOf, mailboxes, changed }: MailboxEndpointDeps): readonly Endpoint[] {
  return [
    defineEndpoint({
      method: "get",
      path: "/mail/mailboxes",
      summary: "The mailboxes that the caller sees: their own, shared and external ones",
      tag: "mail",
      access: mailboxAccess.read,
      reply: z.object({ mailboxes: z.array(mailboxReply) }),
      async handle(_input, request) {
        const actor = await actorOf(request);
        const { engine, subject, context } = actor;
        const isVisible = predicate(engine.filter(subject, "read", mailboxResource.name, context));
        const { rows } = await sql<{ id: string }>`
          select mailbox.id from mailbox where ${isVisible} order by kind, lower(name), id`.execute(db);
        const ids = rows.map(({ id }) => id);
        const found = await accessToMailboxes(db, actor, ids);
        return {
          mailboxes: ids.flatMap((id) => {
            const each = found.get(id);
            const doc = each && projectMailbox(each.mailbox, each.access);
            return doc ? [doc] : [];
          }),
        };
      },
    }),
    defineEndpoint({
      method: "get",
      path: "/mail/mailboxes/:id",
      summary: "A mailbox",
      tag: "mail",
      access: mailboxAccess.read,
      params: idParams,
      reply: mailboxReply,
      async handle({ params }, request) {
        const found = (await accessToMailboxes(db, await actorOf(request), [params.id])).get(params.id);
        const doc = found && projectMailbox(found.mailbox, found.access);
        if (!doc) throw mailboxNotFound();
        return doc;
      },
    }),
    defineEndpoint({
      method: "put",
      path: "/mail/mailboxes/:id/members",
      summary: "Say who else has a mailbox, and what they may do there; each role includes the ones before it",
      tag: "mail",
      access: mailboxAccess.manage,
      params: idParams,
      body: z.object({ members }),
      async handle({ params, body }, request) {
        const actor = await actorOf(request);
        await db.transaction().execute(async (trx) => {
          await requireMailbox(trx, actor, params.id, "manage");
          await mailboxes.setMembers(trx, params.id, body.members, auditActor(request.principal, request.ip));
        });
        changed();
      },
    }),
    defineEndpoint({
      method: "patch",
      path: "/mail/mailboxes/:id",
      summary: "Give a mailbox another name; a personal one has its owner's",
      tag: "mail",
      access: mailboxAccess.manage,
      params: idParams,
      body: z.object({ name }),
      async handle({ params, body }, request) {
        const { mailbox } = await requireMailbox(db, await actorOf(request), params.id, "manage");
        if (mailbox.kind !== "shared") throw mailboxNotFound();
        await mailboxes.change(params.id, { name: body.name }, auditActor(request.principal, request.ip));
      },
    }),
  ];
}

/* ---------- administration: what a mailbox is, never what lies in it ---------- */

interface AdminMailbox {
  readonly id: string;
  readonly kind: MailboxKind;
  readonly name: string;
  readonly addresses: readonly string[];
  readonly ownerId: string | null;
  readonly departmentId: string | null;
  readonly members: readonly { readonly userId: string; readonly role: string }[];
  readonly disabled: boolean;
  readonly messages: number;
}

function adminEndpoints({ db, mailboxes }: MailboxEndpointDeps): readonly Endpoint[] {
  return [
    defineEndpoint({
      method: "get",
      path: "/admin/mail/mailboxes",
      summary: "All mailboxes with their addresses and members; how many messages lie in each, and not what they say",
      tag: "mail",
      access: ADMINISTER,
      query: z.object({ after: z.uuid().optional(), limit: z.coerce.number().int().min(1).max(500).default(100) }),
      reply: z.object({ mailboxes: z.array(z.custom<AdminMailbox>(() => true)), next: z.uuid().optional() }),
      async handle({ query: { after, limit } }) {
        const ids = await mailboxTables(db)
          .selectFrom("mailbox")
          .select("id")
          .$if(after !== undefined, (query) => query.where("id", ">", after ?? ""))
          .orderBy("id")
          .limit(limit + 1)
          .execute();
        const page = ids.slice(0, limit).map(({ id }) => id);
        const last = page.at(-1);
        return {
          mailboxes: await describeMailboxes(db, page),
          ...(ids.length > limit && last !== undefined && { next: last }),
        };
      },
    }),
    defineEndpoint({
      method: "post",
      path: "/admin/mail/mailboxes",
      summary: "Make a shared mailbox",
      tag: "mail",
      access: ADMINISTER,
      body: z.object({
        name,
        address: addressSchema,
        aliases: z.array(addressSchema).max(50).optional(),
        departmentId: z.uuid().optional(),
        members: members.optional(),
      }),
      status: 201,
      reply: made,
      handle: ({ body }, request) => mailboxes.createShared(body, auditActor(request.principal, request.ip)),
    }),
    defineEndpoint({
      method: "patch",
      path: "/admin/mail/mailboxes/:id",
      summary: "Name, addresses (the main one first), department of a mailbox, and whether it takes and sends mail",
      tag: "mail",
      access: ADMINISTER,
      params: idParams,
      body: z.object({
        name: name.optional(),
        addresses: z.array(addressSchema).min(1).max(50).optional(),
        departmentId: z.uuid().nullable().optional(),
        disabled: z.boolean().optional(),
      }),
      handle: ({ params, body }, request) =>
        mailboxes.change(params.id, body, auditActor(request.principal, request.ip)),
    }),
  ];
}

async function describeMailboxes(db: Database, ids: readonly string[]): Promise<AdminMailbox[]> {
  const rows = await findMailboxes(db, ids);
  const { rows: counts } = await sql<{ mailbox_id: string; messages: number }>`
    select mailbox_id, count(*) as messages from mail_message where mailbox_id = any(${ids}::uuid[]) group by mailbox_id`.execute(
    db,
  );
  const messages = new Map(counts.map((row) => [row.mailbox_id, row.messages]));
  return rows
    .map((row) => ({
      id: row.id,
      kind: row.kind,
      name: row.name,
      addresses: row.addresses.length > 0 ? row.addresses : [row.address],
      ownerId: row.owner_id,
      departmentId: row.department_id,
      members: row.members,
      disabled: row.disabled_at !== null,
      messages: messages.get(row.id) ?? 0,
    }))
    .toSorted((a, b) => (a.id < b.id ? -1 : 1));
}

function groupEndpoints({ db, mailboxes }: MailboxEndpointDeps): readonly Endpoint[] {
  const input = z.object({
    name,
    address: addressSchema,
    userGroupId: z.uuid().nullable().optional(),
    mailboxIds: z.array(z.uuid()).max(1_000).default([]),
  });
  const groupReply = z.object({
    id: z.uuid(),
    name: z.string(),
    address: z.string(),
    userGroupId: z.uuid().nullable(),
    mailboxIds: z.array(z.uuid()),
  });
  return [
    defineEndpoint({
      method: "get",
      path: "/admin/mail/groups",
      summary: "Addresses of groups: whoever writes to one writes to all of its members",
      tag: "mail",
      access: ADMINISTER,
      reply: z.object({ groups: z.array(groupReply) }),
      async handle() {
        const { rows } = await sql<z.output<typeof groupReply>>`
          select id, name, address, user_group_id as "userGroupId",
            array(select mailbox_id from mail_group_member where group_id = mail_group.id order by 1) as "mailboxIds"
          from mail_group order by lower(name), id`.execute(db);
        return { groups: [...rows] };
      },
    }),
    defineEndpoint({
      method: "post",
      path: "/admin/mail/groups",
      summary: "Make an address of a group",
      tag: "mail",
      access: ADMINISTER,
      body: input,
      status: 201,
      reply: made,
      handle: ({ body }, request) => mailboxes.createGroup(body, auditActor(request.principal, request.ip)),
    }),
    defineEndpoint({
      method: "put",
      path: "/admin/mail/groups/:id",
      summary: "Change an address of a group",
      tag: "mail",
      access: ADMINISTER,
      params: idParams,
      body: input,
      handle: ({ params, body }, request) =>
        mailboxes.changeGroup(params.id, body, auditActor(request.principal, request.ip)),
    }),
    defineEndpoint({
      method: "delete",
      path: "/admin/mail/groups/:id",
      summary: "Take an address of a group away",
      tag: "mail",
      access: ADMINISTER,
      params: idParams,
      handle: ({ params }, request) => mailboxes.removeGroup(params.id, auditActor(request.principal, request.ip)),
    }),
  ];
}
