import { createAccessEngine, parsePolicies, type Access, type Context, type Subject } from "@kontor/shared/access";
import { newId, type Json, type JsonObject } from "@kontor/shared/base";
import { recordIntentSchemas, type RecordIntentName, type TypeDefinition } from "@kontor/shared/objects";
import type { Actor, Database, IntentOutcome } from "#kernel";
import { objectTypeResource, resourceOfRow, resourceTypesOf } from "./resource.ts";
import { findRecords, type RecordRow } from "./objects.repo.ts";
import { objectIntents } from "./objects.intents.ts";
import { peopleInDatabase } from "./people.lookup.ts";
import { createTypeRegistry } from "./typeRegistry.ts";

/** A small office for the tests of this feature: two types, four people, and policies with every kind of edge. */
const label = (en: string) => ({ en, ru: en });

const deal: TypeDefinition = {
  name: "deal",
  label: label("Deal"),
  plural: label("Deals"),
  icon: "file-text",
  sections: [
    { key: "main", label: label("Main") },
    { key: "pay", label: label("Pay"), sensitive: true },
  ],
  fields: {
    number: { kind: "autoNumber", label: label("Number"), pattern: "D-{year}-{n:4}" },
    subject: { kind: "text", label: label("Subject"), required: true, maxLength: 100 },
    code: { kind: "text", label: label("Code"), unique: true },
    amount: { kind: "money", label: label("Amount"), currencies: ["EUR", "RUB"], min: "0" },
    count: { kind: "number", label: label("Count"), decimals: 0, min: 0 },
    start: { kind: "date", label: label("Start"), default: "today" },
    end: { kind: "date", label: label("End") },
    signedAt: { kind: "date", label: label("Signed"), readOnly: true },
    responsible: { kind: "person", label: label("Responsible"), default: "me" },
    unit: { kind: "department", label: label("Department"), default: "mine" },
    partner: { kind: "relation", label: label("Partner"), to: "partner" },
    related: { kind: "relation", label: label("Related"), to: "deal", many: true },
    papers: { kind: "files", label: label("Papers") },
    bonus: { kind: "money", label: label("Bonus"), currencies: ["EUR"], section: "pay" },
    payday: { kind: "date", label: label("Payday"), section: "pay" },
  },
  titleField: "subject",
  ownerField: "responsible",
  departmentField: "unit",
  states: {
    initial: "draft",
    list: [
      { key: "draft", label: label("Draft"), tone: "neutral" },
      { key: "signed", label: label("Signed"), tone: "good" },
    ],
    transitions: [
      {
        key: "sign",
        label: label("Sign"),
        from: ["draft"],
        to: "signed",
        requires: ["amount"],
        sets: { signedAt: "today" },
      },
    ],
  },
  list: {
    columns: ["subject", "amount", "end", "bonus", "count"],
    summary: ["partner"],
    sort: { field: "subject", direction: "asc" },
    filters: ["amount"],
  },
  checks: [
    { left: "start", op: "lte", right: "end", message: label("The end is before the start.") },
    { left: "payday", op: "lte", right: "end", message: label("Payday is after the end.") },
  ],
};

const partner: TypeDefinition = {
  name: "partner",
  label: label("Partner"),
  plural: label("Partners"),
  icon: "building",
  sections: [{ key: "main", label: label("Main") }],
  fields: {
    name: { kind: "text", label: label("Name"), required: true },
    secret: { kind: "boolean", label: label("Secret"), default: false },
  },
  titleField: "name",
  list: { columns: ["name"], summary: [], sort: { field: "name", direction: "asc" }, filters: [] },
};

export const departments = { sales: newId(), law: newId() };
export const people = { ann: newId(), bob: newId(), eve: newId(), boss: newId() };

const all = ["read", "create", "edit", "delete", "restore", "attach", "transition:*"];
const policies = [
  {
    id: "types",
    title: "t",
    effect: "allow",
    resource: "objectType",
    actions: ["read"],
    when: { ne: ["obj.name", "hidden"] },
  },
  {
    id: "own-department",
    title: "t",
    effect: "allow",
    resource: "deal",
    sections: ["main"],
    actions: all,
    when: { in: ["obj.department", "sub.departments"] },
  },
  {
    id: "pay-for-hr",
    title: "t",
    effect: "allow",
    resource: "deal",
    sections: "*",
    actions: all,
    when: { has: ["sub.groups", "hr"] },
  },
  {
    id: "code-is-fixed",
    title: "t",
    effect: "allow",
    resource: "deal",
    actions: ["read"],
    mask: { "main.code": { redact: "keep-last-2" } },
    when: { has: ["sub.groups", "audit"] },
  },
  {
    id: "eve-deletes-nothing",
    title: "t",
    effect: "deny",
    resource: "deal",
    actions: ["delete"],
    when: { eq: ["sub.login", "eve"] },
  },
  {
    id: "partners",
    title: "t",
    effect: "allow",
    resource: "partner",
    actions: ["*"],
    when: { or: [{ ne: ["obj.secret", true] }, { has: ["sub.groups", "hr"] }] },
  },
];

export const types = createTypeRegistry([deal, partner]);

const engine = (() => {
  const resources = [...resourceTypesOf(types.all()), objectTypeResource];
  const parsed = parsePolicies(policies, resources);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.faults));
  return createAccessEngine({ policies: parsed.policies, resources, rev: "test" });
})();

type Login = keyof typeof people;
const groups: Readonly<Record<Login, readonly string[]>> = { ann: [], bob: [], eve: ["audit"], boss: ["hr"] };
const home: Readonly<Record<Login, string>> = {
  ann: departments.sales,
  bob: departments.sales,
  eve: departments.law,
  boss: departments.law,
};

let time = Date.parse("2026-03-02T10:00:00.000Z");

/** Each act is a second later than the one before. */
export function actor(login: Login): Actor {
  time += 1_000;
  const now = new Date(time).toISOString();
  const subject: Subject = {
    id: people[login],
    login,
    groups: groups[login],
    department: home[login],
    departments: [home[login]],
    subtree: [home[login]],
    positions: [],
    managers: [],
    isAdmin: false,
    attributes: {},
  };
  const context: Context = { time: now, channel: "desktop" };
  const principal = {
    userId: subject.id,
    login,
    name: login,
    isAdmin: false,
    channel: "desktop",
    scopes: ["read", "write"],
  } as const;
  return { principal, subject, context, engine, now };
}

export async function seedPeople(db: Database): Promise<void> {
  const tables = db.withTables<{
    department: { id: string; name_en: string; name_ru: string };
    app_user: { id: string; login: string; name: string; department_id: string };
  }>();
  await tables
    .insertInto("department")
    .values(Object.entries(departments).map(([name, id]) => ({ id, name_en: name, name_ru: name })))
    .execute();
  const rows = Object.entries(people).map(([login, id]) => ({
    id,
    login,
    name: login,
    department_id: home[login as Login],
  }));
  await tables.insertInto("app_user").values(rows).execute();
}

const intents = new Map(
  objectIntents({ types, people: peopleInDatabase, timeZone: "UTC" }).map((intent) => [intent.name, intent]),
);

/** One intent in a transaction of its own, as the gateway applies it. */
export async function apply(
  db: Database,
  who: Actor,
  name: RecordIntentName,
  id: string,
  args: JsonObject,
): Promise<IntentOutcome> {
  const intent = intents.get(name);
  const parsed = recordIntentSchemas[name].parse(args);
  if (!intent) throw new Error(`no intent ${name}`);
  return db.transaction().execute((trx) => intent.apply(trx, { id, mid: newId(), at: who.now, args: parsed }, who));
}

export async function createDeal(db: Database, login: Login, fields: Readonly<Record<string, Json>>): Promise<string> {
  const id = newId();
  await apply(db, actor(login), "record.create", id, { type: "deal", fields: { subject: "Paper", ...fields } });
  return id;
}

export async function rowOf(db: Database, id: string): Promise<RecordRow> {
  const [row] = await findRecords(db, [id]);
  if (!row) throw new Error(`no record ${id}`);
  return row;
}

export const accessOf = async (db: Database, login: Login, row: RecordRow): Promise<Access> => {
  const { subject, context } = actor(login);
  return engine.accessTo(subject, await resourceOfRow(db, engine, row), context);
};
