import type { AttributeKind, ResourceType, StoredKind } from "@kontor/shared/access";
import type { Json } from "@kontor/shared/base";

/** A type with two attributes of every kind in every way it can be stored, and its table. */

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

export const resourceType: ResourceType = {
  name: "thing",
  sections: { main: ["title", "phone"], terms: ["amount"], pay: ["salary", "iban"] },
  attributes: Object.fromEntries(columns.map(({ name, kind }) => [name, kind])),
  actions: ["read", "create", "edit", "transition:sign", "transition:end"],
  attributeSql: (name) => {
    const stored = columnsByName.get(name)?.stored ?? "jsonb";
    return { sql: stored === "jsonb" ? `record.fields->'${name}'` : `record.${name}`, kind: stored };
  },
};

// The copies of a text column sort differently, so that an order without COLLATE "C" gives wrong rows or an error.
const collationOf = ({ stored, name }: Column) =>
  stored.startsWith("text") ? ` collate "${name.endsWith("1") ? "en" : "sv"}-x-icu"` : "";

export const createTableSql = `create temporary table record (position int, fields jsonb, ${columns
  .filter(({ stored }) => stored !== "jsonb")
  .map((column) => `${column.name} ${column.stored}${collationOf(column)}`)
  .join(", ")})`;

export const insertRowsSql = "insert into record select * from jsonb_populate_recordset(null::record, $1)";

/** Attributes by name; a missing one is a missing key, or NULL. */
export type Row = Readonly<Record<string, Json>>;

/** The parameter of `insertRowsSql`. */
export const rowsToJson = (rows: readonly Row[]): string =>
  JSON.stringify(
    rows.map((row, position) => ({
      position,
      fields: Object.fromEntries(
        columns.filter(({ name, stored }) => stored === "jsonb" && name in row).map(({ name }) => [name, row[name]]),
      ),
      ...Object.fromEntries(columns.filter(({ stored }) => stored !== "jsonb").map(({ name }) => [name, row[name]])),
    })),
  );
