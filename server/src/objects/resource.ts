import type { AccessEngine, AttributeSql, ResourceInstance, ResourceType } from "@kontor/shared/access";
import type { Json } from "@kontor/shared/base";
import { attributesOf, recordAttributes, type TypeDefinition } from "@kontor/shared/objects";
import type { Database, Transaction } from "#kernel";
import { objectTables, type RecordRow } from "./objects.repo.ts";

/**
 * Records as policies see them: all fields under their keys, what every record has, and what the policies of this engine
 * ask of the records one relation away. Those are read in one statement for all rows, and not at all where no policy of
 * the rows' types asks; so whoever decides with an engine loads with the same one.
 */
export async function resourcesOf(
  db: Database | Transaction,
  engine: AccessEngine,
  rows: readonly DecidedRow[],
): Promise<readonly ResourceInstance[]> {
  const pointers = rows.flatMap((row) => pointersOf(row, engine));
  const targets = pointers.length > 0 ? await targetsOf(db, pointers) : NO_TARGETS;
  return rows.map((row) => resourceOf(row, relatedAttributes(row, engine, targets)));
}

export async function resourceOfRow(
  db: Database | Transaction,
  engine: AccessEngine,
  row: DecidedRow,
): Promise<ResourceInstance> {
  const [resource] = await resourcesOf(db, engine, [row]);
  if (!resource) throw new Error("a row gave no resource");
  return resource;
}

/** What of a row policies can ask for. */
type DecidedRow = Pick<
  RecordRow,
  "id" | "type" | "state" | "owner" | "department" | "created_by" | "created_at" | "deleted_at" | "fields"
>;

const resourceOf = (row: DecidedRow, related: Attributes): ResourceInstance => ({
  type: row.type,
  attributes: { ...ownAttributes(row), ...related },
});

type Attributes = Readonly<Record<string, Json | undefined>>;

const ownAttributes = (row: DecidedRow) =>
  ({
    ...row.fields,
    id: row.id,
    state: row.state ?? undefined,
    owner: row.owner ?? undefined,
    department: row.department ?? undefined,
    createdBy: row.created_by,
    createdAt: row.created_at,
    deleted: row.deleted_at !== null,
  }) satisfies Attributes;

/* ---------- one relation away ---------- */

type Targets = ReadonlyMap<string, DecidedRow>;
const NO_TARGETS: Targets = new Map();
const NOTHING: Attributes = {};

const pointersOf = (row: DecidedRow, engine: AccessEngine): readonly string[] =>
  engine.relatedAttributesOf(row.type).flatMap(({ relation }) => pointerIn(row, relation) ?? []);

function pointerIn({ fields }: DecidedRow, relation: string): string | undefined {
  const value = fields[relation];
  return typeof value === "string" && UUID.test(value) ? value : undefined;
}

/** As PostgreSQL writes them; the twin of the cast in `relatedRow`. */
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** What is in the trash counts as missing, as it does in `relatedRow`. */
async function targetsOf(db: Database | Transaction, ids: readonly string[]): Promise<Targets> {
  const rows = await objectTables(db)
    .selectFrom("record")
    .select(["id", "type", "state", "owner", "department", "created_by", "created_at", "deleted_at", "fields"])
    .where("id", "in", [...new Set(ids)])
    .where("deleted_at", "is", null)
    .execute();
  return new Map(rows.map((row) => [row.id, row]));
}

function relatedAttributes(row: DecidedRow, engine: AccessEngine, targets: Targets): Attributes {
  const wanted = engine.relatedAttributesOf(row.type);
  if (wanted.length === 0) return NOTHING;
  return Object.fromEntries(
    wanted.map(({ name, relation, attribute, type }) => {
      const target = targets.get(pointerIn(row, relation) ?? "");
      return [name, target?.type === type ? (ownAttributes(target) as Attributes)[attribute] : undefined];
    }),
  );
}

/**
 * Records on which policies of this engine decide by what stands in the records named, one relation away: when those
 * change they are decided again (POL-11).
 */
export async function dependentsOf(
  db: Database | Transaction,
  engine: AccessEngine,
  ids: readonly string[],
): Promise<readonly string[]> {
  const used = engine.resources.flatMap(({ name: type }) =>
    [...new Set(engine.relatedAttributesOf(type).map(({ relation }) => relation))].map((field) => ({ type, field })),
  );
  if (used.length === 0 || ids.length === 0) return [];
  const rows = await objectTables(db)
    .selectFrom("record_link")
    .innerJoin("record", "record.id", "record_link.from_id")
    .select("record.id")
    .distinct()
    .where("record_link.to_id", "in", ids)
    .where((eb) =>
      eb.or(used.map(({ type, field }) => eb.and([eb("record.type", "=", type), eb("record_link.field", "=", field)]))),
    )
    .execute();
  return rows.map(({ id }) => id);
}

/* ---------- types ---------- */

/** The types for the access engine, with where each attribute is stored; together, since relations lead from one to another. */
export const resourceTypesOf = (types: readonly TypeDefinition[]): readonly ResourceType[] =>
  types.map((type) => {
    const resource = attributesOf(type, types);
    return { ...resource, attributeSql: (name) => storedAt(name, resource.relations ?? {}) };
  });

function storedAt(name: string, relations: Readonly<Record<string, string>>): AttributeSql {
  const [relation = "", attribute] = name.split(".");
  if (attribute === undefined) return ownSql("record", name);
  const to = Object.hasOwn(relations, relation) ? relations[relation] : undefined;
  if (to === undefined) throw new Error(`"${relation}" is no relation to one record`);
  return { ...ownSql("related", attribute), from: relatedRow(relation, to) };
}

/** The one row, by its primary key, or none: a value that is no id is not cast, since that would be an error. */
export function relatedRow(relation: string, to: string): string {
  const value = `(record.fields->>'${fieldKey(relation)}')`;
  const id = `case when ${value} ~ '${UUID.source}' then ${value}::uuid end`;
  return `record as related where related.id = ${id} and related.type = '${fieldKey(to)}' and related.deleted_at is null`;
}

function ownSql(table: "record" | "related", name: string): AttributeSql {
  if (!Object.hasOwn(columns, name)) return { sql: `${table}.fields->'${fieldKey(name)}'`, kind: "jsonb" };
  const { column, kind } = columns[name as keyof typeof columns];
  return { sql: column.replaceAll("record.", `${table}.`), kind };
}

const columns = {
  id: { column: "record.id", kind: "uuid" },
  state: { column: "record.state", kind: "text" },
  owner: { column: "record.owner", kind: "uuid" },
  department: { column: "record.department", kind: "uuid" },
  createdBy: { column: "record.created_by", kind: "uuid" },
  createdAt: { column: "record.created_at", kind: "timestamptz" },
  deleted: { column: "(record.deleted_at is not null)", kind: "boolean" },
} as const satisfies Record<keyof typeof recordAttributes, { column: string; kind: AttributeSql["kind"] }>;

/** Names of fields and types are letters, digits and _ (type.schema.ts); anything else would be a way into the statement. */
function fieldKey(name: string): string {
  if (!/^[a-zA-Z][a-zA-Z0-9_]*$/.test(name)) throw new Error(`"${name}" is not the name of a field or type`);
  return name;
}

/** Definitions of types are resources too: who may not see a type does not learn that it exists. */
export const objectTypeResource: ResourceType = {
  name: "objectType",
  sections: { main: ["definition"] },
  attributes: { name: "text" },
  actions: ["read"],
};
