import type { AttributeKind, AttributeSql, ResourceType, StoredKind } from "@kontor/shared/access";
import type { Json } from "@kontor/shared/base";
import { relatedRow } from "../../src/objects/resource.ts";

/**
 * A type with two attributes of every kind in every way it can be stored, a relation to another record of the type, and
 * its table.
 */

const STORED: Readonly<Record<AttributeKind, readonly StoredKind[]>> = {
  text: ["jsonb", "text"],
  id: ["jsonb", "text", "uuid"],
  number: ["jsonb", "numeric"],
  boolean: ["jsonb", "boolean"],
  date: ["jsonb", "date", "text"],
  dateTime: ["jsonb", "timestamptz", "text"],
  money: ["jsonb"],
  ids: ["jsonb", "text[]", "uuid[]"],
  texts: ["jsonb", "text[]"],
};

export interface Column {
  readonly name: string;
  readonly kind: AttributeKind;
  readonly stored: StoredKind;
}

export const columns: readonly Column[] = (Object.keys(STORED) as AttributeKind[]).flatMap((kind) =>
  STORED[kind].flatMap((stored) =>
    [1, 2].map((copy) => ({ name: `${kind}_${stored.replace("[]", "s")}_${copy}`.toLowerCase(), kind, stored })),
  ),
);
const columnsByName = new Map(columns.map((column) => [column.name, column]));

/** What can be asked of the record that `link` points to. */
export const relatedColumns = columns.filter(({ name }) => name.endsWith("_1"));

function storedAs(name: string, table: "record" | "related"): AttributeSql {
  const stored = columnsByName.get(name)?.stored ?? "jsonb";
  return { sql: stored === "jsonb" ? `${table}.fields->'${name}'` : `${table}.${name}`, kind: stored };
}

export const resourceType: ResourceType = {
  name: "thing",
  sections: { main: ["title", "phone"], terms: ["amount"], pay: ["salary", "iban"] },
  attributes: {
    ...Object.fromEntries(columns.map(({ name, kind }) => [name, kind])),
    link: "id",
    ...Object.fromEntries(relatedColumns.map(({ name, kind }) => [`link.${name}`, kind])),
  },
  relations: { link: "thing" },
  actions: ["read", "create", "edit", "transition:sign", "transition:end"],
  attributeSql: (name) => {
    const [own = "", related] = name.split(".");
    if (related === undefined) return storedAs(own, "record");
    return { ...storedAs(related, "related"), from: relatedRow(own, "thing") };
  },
};

// The copies of a text column sort differently, so that an order without COLLATE "C" gives wrong rows or an error.
const collationOf = ({ stored, name }: Column) =>
  stored.startsWith("text") ? ` collate "${name.endsWith("1") ? "en" : "sv"}-x-icu"` : "";

export const createTableSql = `create temporary table record (position int, id uuid, type text, deleted_at timestamptz, fields jsonb, ${columns
  .filter(({ stored }) => stored !== "jsonb")
  .map((column) => `${column.name} ${column.stored}${collationOf(column)}`)
  .join(", ")})`;

export const insertRowsSql = "insert into record select * from jsonb_populate_recordset(null::record, $1)";

/** Attributes by name; a missing one is a missing key, or NULL. `#…` is what a row has besides, for relations to it. */
export type Row = Readonly<Record<string, Json>>;

export const idOfRow = (position: number): string => `0190bbbb-0000-7000-8000-${String(position).padStart(12, "0")}`;

/** The rows as instances carry them, with what stands one relation away. */
export function carried(rows: readonly Row[]): readonly Row[] {
  const live = rows.filter((row) => row["#type"] === "thing" && row["#deleted"] !== true);
  const byId = new Map(live.map((row) => [row["#id"], row]));
  return rows.map((row) => {
    const target = byId.get(row["link"] ?? null);
    const known = relatedColumns.filter(({ name }) => target && name in target);
    return { ...row, ...Object.fromEntries(known.map(({ name }) => [`link.${name}`, target?.[name] ?? null])) };
  });
}

const inJson = ["link", ...columns.filter(({ stored }) => stored === "jsonb").map(({ name }) => name)];

/** The parameter of `insertRowsSql`. */
export const rowsToJson = (rows: readonly Row[]): string =>
  JSON.stringify(
    rows.map((row, position) => ({
      position,
      id: row["#id"],
      type: row["#type"],
      deleted_at: row["#deleted"] === true ? "2026-01-01T00:00:00Z" : null,
      fields: Object.fromEntries(inJson.filter((name) => name in row).map((name) => [name, row[name]])),
      ...Object.fromEntries(columns.filter(({ stored }) => stored !== "jsonb").map(({ name }) => [name, row[name]])),
    })),
  );
