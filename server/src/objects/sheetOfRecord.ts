import { labelIn, type Json, type Locale } from "@kontor/shared/base";
import {
  formatFieldValue,
  numberFieldOf,
  type FieldDefinition,
  type Names,
  type RecordDoc,
  type TypeDefinition,
} from "@kontor/shared/objects";
import type { Actor, Database, SensitivePart, Transaction } from "#kernel";
import { present } from "./listRecords.ts";
import { findRecords } from "./objects.repo.ts";
import { partOf } from "./sensitive.ts";
import type { TypeRegistry } from "./typeRegistry.ts";

/** What of a record somebody gives to people who have no access here: words, and nothing that leads back to it. */
export interface RecordSheet {
  /** What kind of record it is: `Contract`. */
  readonly kind: string;
  /** Number and name. */
  readonly title: string;
  readonly rows: readonly { readonly label: string; readonly text: string }[];
  /** Which of it lies in sections marked sensitive: that it leaves is for the audit log (POL-12). */
  readonly sensitive: readonly SensitivePart[];
}

export interface SheetOrder {
  readonly recordId: string;
  /** Chosen fields; in the card's order whatever theirs. */
  readonly fields: readonly string[];
  readonly locale: Locale;
}

/**
 * Undefined where there is no such record, or none that the giver may read. A chosen field that they do not see plain is left out, as
 * an empty one is: a redacted value in a letter would look like one that its author wrote.
 */
export async function sheetOfRecord(
  db: Database | Transaction,
  types: TypeRegistry,
  giver: Pick<Actor, "engine" | "subject" | "context">,
  { recordId, fields, locale }: SheetOrder,
): Promise<RecordSheet | undefined> {
  const rows = await findRecords(db, [recordId]);
  const [doc] = await present(db, rows, giver, types);
  const type = doc && types.get(doc.type);
  if (!doc || !type || doc.deletedAt !== undefined) return undefined;
  const shown = Object.keys(type.fields).filter((key) => fields.includes(key) && isGiven(type, doc, key));
  const names = await namesIn(db, types, giver, { type, doc, shown, locale });
  const given = shown.flatMap((key) => rowOf(type, doc, { key, locale, names }));
  return {
    kind: labelIn(type.label, locale),
    title: [doc.number, doc.title].filter(Boolean).join(" · "),
    rows: given.map(({ label, text }) => ({ label, text })),
    sensitive: partOf(
      type,
      doc.id,
      given.map(({ key }) => key),
    ),
  };
}

/** Its number and its name stand above the rows already; files are attached, or they are not given. */
function isGiven(type: TypeDefinition, doc: RecordDoc, key: string): boolean {
  const isSaid = key === type.titleField || key === numberFieldOf(type);
  return !isSaid && type.fields[key]?.kind !== "files" && !(doc.redacted ?? []).includes(key);
}

function rowOf(
  type: TypeDefinition,
  doc: RecordDoc,
  { key, locale, names }: { readonly key: string; readonly locale: Locale; readonly names: Names },
) {
  const field = type.fields[key];
  const text = field ? formatFieldValue(field, knownOf(field, doc.fields[key], names), locale, names) : "";
  return field && text !== "" ? [{ key, label: labelIn(field.label, locale), text }] : [];
}

/** Whom and what the giver does not see, they do not name to others either. */
function knownOf(field: FieldDefinition, value: Json | undefined, names: Names): Json | undefined {
  const nameOf = { person: names.person, department: names.department, relation: names.record };
  const name = Object.hasOwn(nameOf, field.kind) ? nameOf[field.kind as keyof typeof nameOf] : undefined;
  if (!name) return value;
  const known = [value].flat().filter((id) => typeof id === "string" && name(id) !== undefined) as Json[];
  return known.length === 0 ? undefined : known;
}

/* ---------- names behind ids, as the giver sees them ---------- */

async function namesIn(
  db: Database | Transaction,
  types: TypeRegistry,
  giver: Pick<Actor, "engine" | "subject" | "context">,
  sheet: {
    readonly type: TypeDefinition;
    readonly doc: RecordDoc;
    readonly shown: readonly string[];
    readonly locale: Locale;
  },
): Promise<Names> {
  const [people, departments, records] = await Promise.all([
    namesOfPeople(db, idsIn(sheet, "person")),
    namesOfDepartments(db, idsIn(sheet, "department"), sheet.locale),
    findRecords(db, idsIn(sheet, "relation")).then((rows) => present(db, rows, giver, types)),
  ]);
  const titles = new Map(records.map(({ id, title }) => [id, title]));
  return {
    person: (id) => people.get(id),
    department: (id) => departments.get(id),
    record: (id) => titles.get(id),
  };
}

function idsIn(
  { doc, shown, type }: { readonly type: TypeDefinition; readonly doc: RecordDoc; readonly shown: readonly string[] },
  kind: "person" | "department" | "relation",
): readonly string[] {
  const values = shown.flatMap((key): readonly (Json | undefined)[] =>
    type.fields[key]?.kind === kind ? [doc.fields[key]].flat() : [],
  );
  return values.filter((value) => typeof value === "string");
}

type Named = { app_user: { id: string; name: string }; department: { id: string; name_en: string; name_ru: string } };

async function namesOfPeople(db: Database | Transaction, ids: readonly string[]): Promise<ReadonlyMap<string, string>> {
  if (ids.length === 0) return new Map();
  const rows = await db
    .withTables<Named>()
    .selectFrom("app_user")
    .select(["id", "name"])
    .where("id", "in", ids)
    .execute();
  return new Map(rows.map(({ id, name }) => [id, name]));
}

async function namesOfDepartments(
  db: Database | Transaction,
  ids: readonly string[],
  locale: Locale,
): Promise<ReadonlyMap<string, string>> {
  if (ids.length === 0) return new Map();
  const rows = await db.withTables<Named>().selectFrom("department").selectAll().where("id", "in", ids).execute();
  return new Map(rows.map(({ id, name_en: en, name_ru: ru }) => [id, labelIn({ en, ru }, locale)]));
}
