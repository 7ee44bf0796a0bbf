import {
  createAccessEngine,
  grantAttributes,
  grantIntentSchemas,
  grantPolicies,
  parsePolicies,
  type GrantIntentName,
} from "@kontor/shared/access";
import { newId, type Json, type JsonObject } from "@kontor/shared/base";
import { defineType } from "@kontor/shared/objects";
import type { Actor, Collection, Database, IntentOutcome } from "#kernel";
import {
  createTypeRegistry,
  findResource,
  importRecord,
  objectCollections,
  objectTypeResource,
  resourceTypesOf,
  saveTypes,
} from "#objects";
import { loadSubject, peopleTables } from "#people";
import { systemResource } from "../system.resource.ts";
import {
  accessRequestPolicies,
  accessRequestResource,
  accessRequestsCollection,
  createGrantedSubjects,
  grantIntents,
  policyWordsCollection,
} from "./index.ts";

/** An office in which everybody has a card: its main section is for all, pay for its owner and HR, secret cards for HR. */
const label = (en: string) => ({ en, ru: en });

const card = defineType({
  name: "card",
  label: label("Card"),
  plural: label("Cards"),
  icon: "id",
  sections: [
    { key: "main", label: label("Main") },
    { key: "pay", label: label("Pay") },
    { key: "papers", label: label("Papers") },
  ],
  fields: {
    name: { kind: "text", label: label("Name"), required: true },
    secret: { kind: "boolean", label: label("Secret") },
    closed: { kind: "boolean", label: label("Closed") },
    holder: { kind: "person", label: label("Holder") },
    salary: { kind: "number", label: label("Salary"), section: "pay" },
    scan: { kind: "files", label: label("Scan"), section: "papers" },
  },
  titleField: "name",
  ownerField: "holder",
  list: { columns: ["name"], summary: [], sort: { field: "name", direction: "asc" }, filters: [] },
});

export const types = createTypeRegistry([card]);

const isHr = { has: ["sub.groups", "hr"] };
const policies = [
  { id: "types", resource: "objectType", effect: "allow", actions: ["read"] },
  {
    id: "everybody",
    effect: "allow",
    actions: ["read"],
    sections: ["main"],
    when: { or: [{ not: { exists: "obj.secret" } }, { ne: ["obj.secret", true] }] },
  },
  {
    id: "holders",
    effect: "allow",
    actions: ["read", "edit"],
    sections: ["main", "pay"],
    when: { eq: ["obj.owner", "sub.id"] },
  },
  { id: "hr", effect: "allow", actions: ["*"], when: isHr, contact: "hr" },
  {
    id: "closed-is-final",
    title: { en: "Closed cards stay as they are", ru: "Закрытое не меняется" },
    effect: "deny",
    actions: ["edit"],
    when: { eq: ["obj.closed", true] },
    contact: "vera@example.org",
  },
  {
    id: "not-for-ivan",
    title: { en: "Guarded pay is not for Ivan", ru: "Закрытая оплата — не для Ивана" },
    effect: "deny",
    actions: ["read"],
    sections: ["pay"],
    when: { and: [{ eq: ["obj.name", "Guarded"] }, { eq: ["sub.login", "ivan"] }] },
    contact: "hr",
  },
  { id: "admins", resource: "system", effect: "allow", actions: ["administer"], when: { eq: ["sub.login", "root"] } },
].map((policy) => ({ title: policy.id, resource: "card", ...policy }));

const recordTypes = resourceTypesOf(types.all());
const subjectAttributes = grantAttributes(recordTypes);

export const engine = (() => {
  const resources = [...recordTypes, objectTypeResource, accessRequestResource, systemResource];
  const builtIn = [...accessRequestPolicies, ...grantPolicies(recordTypes)];
  const parsed = parsePolicies([...policies, ...builtIn], resources, { subjectAttributes });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.faults));
  return createAccessEngine({ policies: parsed.policies, resources, rev: "1", subjectAttributes });
})();

export const people = { ivan: newId(), olga: newId(), vera: newId(), root: newId() };
export type Login = keyof typeof people;

export async function seedOffice(db: Database): Promise<void> {
  await saveTypes(db, types);
  const rows = Object.entries(people).map(([login, id]) => ({ id, login, name: login, email: `${login}@example.org` }));
  await peopleTables(db)
    .insertInto("app_user")
    .values(rows as never)
    .execute();
  const group = { id: newId(), key: "hr", name_en: "HR", name_ru: "Кадры" };
  await peopleTables(db).insertInto("user_group").values(group).execute();
  await peopleTables(db).insertInto("group_member").values({ group_id: group.id, user_id: people.vera }).execute();
}

const START = Date.parse("2026-11-21T09:00:00.000Z");
let now = START;
/** The office's time, which tests move. */
export const clock = { now: () => now };
export const passDays = (days: number): void => void (now += days * 86_400_000);
export const inDays = (days: number): string => new Date(now + days * 86_400_000).toISOString();

export const loadGranted = createGrantedSubjects({ clock, types, loadSubject });

export async function actor(db: Database, login: Login): Promise<Actor> {
  now += 1_000;
  const subject = await loadGranted(db, people[login]);
  if (!subject) throw new Error(`${login} is switched off`);
  const at = new Date(now).toISOString();
  const principal = { userId: subject.id, login, name: login, isAdmin: false, channel: "desktop", scopes: [] } as const;
  return { principal, subject, context: { time: at, channel: "desktop" }, engine, now: at };
}

const intents = new Map(
  grantIntents({ types, loadSubject, loadResource: findResource }).map((intent) => [intent.name, intent]),
);

/** One intent in a transaction of its own, as the gateway applies it. */
export async function apply(
  db: Database,
  login: Login,
  name: GrantIntentName,
  { id, ...args }: JsonObject & { readonly id: string },
): Promise<IntentOutcome> {
  const who = await actor(db, login);
  const parsed = grantIntentSchemas[name].parse(args);
  const intent = intents.get(name);
  if (!intent) throw new Error(`no intent ${name}`);
  return db.transaction().execute((trx) => intent.apply(trx, { id, mid: newId(), at: who.now, args: parsed }, who));
}

export async function createCard(db: Database, holder: Login, fields: Readonly<Record<string, Json>> = {}) {
  const id = newId();
  const all = { name: "Card", holder: people[holder], salary: 5_000, closed: false, ...fields };
  const record = { id, type: "card", createdAt: inDays(0), createdBy: people[holder], fields: all, steps: [] };
  await db.transaction().execute((trx) => importRecord(trx, record, { types, timeZone: "UTC" }));
  return id;
}

export const collections: readonly Collection[] = [
  ...objectCollections({ types }),
  policyWordsCollection(() => engine, types),
  accessRequestsCollection,
];
