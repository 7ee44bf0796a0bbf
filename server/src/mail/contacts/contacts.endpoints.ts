import { z } from "zod";
import { newId, type JsonObject } from "@kontor/shared/base";
import {
  contactKinds,
  defaultMailSettings,
  mailIntentSchemas,
  type ContactDoc,
  type MailSettingsDoc,
} from "@kontor/shared/mail";
import { defineEndpoint, type Actor, type Database, type Endpoint } from "#kernel";
import { changeMail, idParams, predicate, type MailRestDeps } from "../mail.rest.ts";
import { projectContact, settingsToDoc } from "./contacts.collections.ts";
import { contactResource } from "./contacts.resource.ts";
import { contactTables, findContacts, findSettings, type ContactBody } from "./contacts.repo.ts";
import { importContacts } from "./importContacts.ts";
import { accessToContact, contactNotFound } from "./saveContact.ts";
import { suggestAddresses, type Suggestion } from "./suggestAddresses.ts";
import { MAX_CARDS, writeVCards } from "./vcard.ts";

export interface ContactEndpointDeps extends MailRestDeps {
  /** The change log grew. */
  changed(): void;
}

const access = (action: string) => ({ kind: "policy", resource: contactResource.name, action }) as const;
const contactReply = z.custom<ContactDoc>(() => true);
const settingsReply = z.custom<MailSettingsDoc>(() => true);
const OWN_SETTINGS = { kind: "self", because: "settings of mail are their user's own" } as const;

export const contactEndpoints = (deps: ContactEndpointDeps): readonly Endpoint[] => [
  ...bookEndpoints(deps),
  ...exchangeEndpoints(deps),
  ...settingsEndpoints(deps),
];

function bookEndpoints(deps: ContactEndpointDeps): readonly Endpoint[] {
  const { db, actorOf } = deps;
  return [
    defineEndpoint({
      method: "get",
      path: "/mail/contacts",
      summary: "The caller's contacts and the shared ones, page by page",
      tag: "mail",
      access: access("read"),
      query: z.object({ after: z.uuid().optional(), limit: z.coerce.number().int().min(1).max(500).default(100) }),
      reply: z.object({ contacts: z.array(contactReply), next: z.uuid().optional() }),
      async handle({ query: { after, limit } }, request) {
        const { docs, last } = await visibleContacts(db, await actorOf(request), { after, limit });
        return { contacts: [...docs], ...(last !== undefined && { next: last }) };
      },
    }),
    defineEndpoint({
      method: "post",
      path: "/mail/contacts",
      summary: "Make a contact, or write one anew under its id",
      tag: "mail",
      access: access("create"),
      body: mailIntentSchemas["contact.save"].extend({ id: z.uuid().optional() }),
      reply: contactReply,
      async handle({ body: { id = newId(), ...args } }, request) {
        const actor = await actorOf(request);
        await changeMail(deps, actor, {
          name: "contact.save",
          collection: "contacts",
          id,
          args: args as unknown as JsonObject,
        });
        const [row] = await findContacts(db, [id]);
        const doc = row && projectContact(row, accessToContact(actor, row));
        if (!doc) throw contactNotFound();
        return doc;
      },
    }),
    defineEndpoint({
      method: "delete",
      path: "/mail/contacts/:id",
      summary: "Delete a contact",
      tag: "mail",
      access: access("delete"),
      params: idParams,
      async handle({ params }, request) {
        const change = { name: "contact.delete", collection: "contacts", id: params.id, args: {} } as const;
        await changeMail(deps, await actorOf(request), change);
      },
    }),
    defineEndpoint({
      method: "get",
      path: "/mail/suggestions",
      summary: "Addresses that begin to be typed: whom the caller writes to most, then contacts",
      tag: "mail",
      access: access("read"),
      query: z.object({
        query: z.string().max(200).default(""),
        limit: z.coerce.number().int().min(1).max(50).default(10),
      }),
      reply: z.object({ suggestions: z.array(z.custom<Suggestion>(() => true)).readonly() }),
      handle: async ({ query }, request) => ({
        suggestions: await suggestAddresses(db, query, await actorOf(request)),
      }),
    }),
  ];
}

async function visibleContacts(
  db: Database,
  actor: Actor,
  { after, limit }: { readonly after: string | undefined; readonly limit: number },
): Promise<{ readonly docs: readonly ContactDoc[]; readonly last: string | undefined }> {
  const { engine, subject, context } = actor;
  const rows = await contactTables(db)
    .selectFrom("contact")
    .select("id")
    .where(predicate(engine.filter(subject, "read", contactResource.name, context)))
    .$if(after !== undefined, (query) => query.where("id", ">", after ?? ""))
    .orderBy("id")
    .limit(limit + 1)
    .execute();
  const page = rows.slice(0, limit).map(({ id }) => id);
  const found = new Map((await findContacts(db, page)).map((row) => [row.id, row]));
  return {
    docs: page.flatMap((id) => {
      const row = found.get(id);
      const doc = row && projectContact(row, accessToContact(actor, row));
      return doc ? [doc] : [];
    }),
    last: rows.length > limit ? page.at(-1) : undefined,
  };
}

/* ---------- files of vCards ---------- */

const IMPORT_MAX_CHARS = 8_000_000; // 10,000 cards with a note each
const EXPORT_PAGE = 500;

function exchangeEndpoints({ db, actorOf, changed }: ContactEndpointDeps): readonly Endpoint[] {
  return [
    defineEndpoint({
      method: "get",
      path: "/mail/contacts/export",
      summary: "All contacts that the caller sees, as a file of vCards (RFC 6350, or 3.0 for older programs)",
      tag: "mail",
      access: access("read"),
      query: z.object({ version: z.enum(["4.0", "3.0"]).default("4.0") }),
      stream: true,
      async handle({ query: { version } }, { raw: { response, request }, ...rest }) {
        const actor = await actorOf({ raw: { response, request }, ...rest });
        response.setHeader("content-type", "text/vcard; charset=utf-8");
        response.setHeader("content-disposition", 'attachment; filename="contacts.vcf"');
        for (let after: string | undefined; ;) {
          const page = await visibleContacts(db, actor, { after, limit: EXPORT_PAGE });
          response.write(writeVCards(page.docs.map(named), version));
          after = page.last;
          if (after === undefined || rest.signal.aborted) break;
        }
        response.end();
      },
    }),
    defineEndpoint({
      method: "post",
      path: "/mail/contacts/import",
      summary: `Make contacts of a file of vCards, at most ${MAX_CARDS}; those that are known already are left out`,
      tag: "mail",
      access: access("create"),
      body: z.object({ kind: z.enum(contactKinds), vcards: z.string().max(IMPORT_MAX_CHARS) }),
      bodyBytes: 4 * IMPORT_MAX_CHARS,
      reply: z.object({ imported: z.number().int(), known: z.number().int(), skipped: z.number().int() }),
      async handle({ body: { kind, vcards } }, request) {
        const actor = await actorOf(request);
        const result = await db.transaction().execute((trx) => importContacts(trx, actor, { kind, text: vcards }));
        changed();
        return result;
      },
    }),
  ];
}

/** What its reader does not see of a contact is not in the file either. */
const named = (doc: ContactDoc): ContactBody & Pick<ContactDoc, "id" | "updatedAt"> => ({
  ...doc,
  name: doc.name ?? "",
  emails: doc.emails ?? [],
  phones: doc.phones ?? [],
});

/* ---------- settings ---------- */

function settingsEndpoints(deps: ContactEndpointDeps): readonly Endpoint[] {
  const { db, actorOf } = deps;
  const settingsOf = async (userId: string) => {
    const [row] = await findSettings(db, [userId]);
    return row ? settingsToDoc(row) : defaultMailSettings(userId);
  };
  return [
    defineEndpoint({
      method: "get",
      path: "/mail/settings",
      summary:
        "How the caller writes and reads mail: undo time, signatures, templates, senders whose pictures are shown",
      tag: "mail",
      access: OWN_SETTINGS,
      reply: settingsReply,
      handle: async (_input, request) => settingsOf((await actorOf(request)).subject.id),
    }),
    defineEndpoint({
      method: "patch",
      path: "/mail/settings",
      summary: "Change settings of mail, each key for itself",
      tag: "mail",
      access: OWN_SETTINGS,
      body: mailIntentSchemas["mail.settings"],
      reply: settingsReply,
      async handle({ body }, request) {
        const actor = await actorOf(request);
        const id = actor.subject.id;
        await changeMail(deps, actor, {
          name: "mail.settings",
          collection: "mailSettings",
          id,
          args: body as JsonObject,
        });
        return settingsOf(id);
      },
    }),
  ];
}
