import type { RxDocumentData, RxJsonSchema } from "rxdb";

/** A document as the server projects it: plain JSON. */
export type Row = Record<string, unknown>;
/** The same with the fields that RxDB asks of every stored document. */
export type StoredRow = RxDocumentData<Row>;
export type RowSchema = RxJsonSchema<StoredRow>;

export type ScalarType = "string" | "number" | "boolean";
export type SqlValue = string | number | null;

/** A document path that the table keeps as a column of its own, because an index needs it. */
export type Column = { path: string; parts: string[]; name: string; type: ScalarType };

export const quoteName = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** The scalar type at a path, or undefined when the value may be a list, an object or of several types. */
export function scalarTypeAt(schema: RowSchema, path: string): ScalarType | undefined {
  if (path === "_deleted") return "boolean";
  if (path === "_meta.lwt") return "number";
  const names = typeNamesAt(schema, path)?.filter((name) => name !== "null");
  if (names?.length !== 1) return undefined;
  if (names[0] === "string" || names[0] === "boolean") return names[0];
  return names[0] === "number" || names[0] === "integer" ? "number" : undefined;
}

export const isNullableAt = (schema: RowSchema, path: string): boolean =>
  typeNamesAt(schema, path)?.includes("null") ?? false;

/** The names of the types at a path; undefined when there is nothing or a list on the way. */
function typeNamesAt(schema: RowSchema, path: string): unknown[] | undefined {
  let node: unknown = schema;
  for (const part of path.split(".")) {
    node = propertyOf(propertyOf(node, "properties"), part);
    if (node === undefined || typeNamesOf(node).includes("array")) return undefined;
  }
  return typeNamesOf(node);
}

const propertyOf = (node: unknown, key: string): unknown =>
  typeof node === "object" && node !== null && Object.hasOwn(node, key)
    ? (node as Record<string, unknown>)[key]
    : undefined;

function typeNamesOf(node: unknown): unknown[] {
  const type = propertyOf(node, "type");
  return Array.isArray(type) ? type : [type];
}

export function valueAt(document: unknown, parts: readonly string[]): unknown {
  let value = document;
  for (const part of parts) {
    if (typeof value !== "object" || value === null) return undefined;
    value = (value as Record<string, unknown>)[part];
  }
  return value;
}

/**
 * What a column holds for a value. A value of another type than the schema says is kept as NULL: it then equals and
 * precedes nothing, as in RxDB's matcher, where SQLite would convert it or order it by storage class.
 */
export function columnValue(value: unknown, type: ScalarType): SqlValue {
  if (type === "string") return typeof value === "string" ? sortableText(value) : null;
  if (type === "boolean") return typeof value === "boolean" ? (value ? 1 : 0) : null;
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}

/**
 * SQLite orders text by UTF-8, JavaScript by UTF-16 code units: they disagree where characters beyond U+FFFF meet
 * U+E000–U+FFFF. Columns therefore hold the text with U+E000–U+FFFF moved behind the highest code point, which keeps
 * equality and makes both orders one. U+0000 is moved too: libsql cuts bound text there.
 */
export function sortableText(text: string): string {
  return NEEDS_MOVING.test(text) ? text.replace(MOVED, moveCharacter) : text;
}

const TOP = "\u{10FFFF}";
const BELOW_TOP = "\u{10FFFE}";
// oxlint-disable-next-line eslint/no-control-regex -- control characters are what this is about
const NEEDS_MOVING = /[\0\u0001\uD800-\uFFFF]/;
// oxlint-disable-next-line eslint/no-control-regex -- as above
const MOVED = /[\0\u0001\uE000-\uFFFF\u{10FFFE}\u{10FFFF}]/gu;

function moveCharacter(character: string): string {
  if (character === "\0") return "\u0001\u0001";
  if (character === "\u0001") return "\u0001\u0002";
  if (character === BELOW_TOP || character === TOP) return BELOW_TOP + character;
  return TOP + character;
}
