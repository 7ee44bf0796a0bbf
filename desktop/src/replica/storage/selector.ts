/**
 * Mango selectors as SQL.
 *
 * A clause is *exact* when SQL and RxDB's matcher agree on every document, otherwise it lets through at least every
 * document that matches (never fewer) and the matcher runs behind it. Only exact clauses may be negated. What is not
 * understood becomes ANYTHING, so an operator unknown here is slow, never wrong.
 */
import { isObject } from "@kontor/shared/base";
import {
  columnValue,
  isNullableAt,
  quoteName,
  scalarTypeAt,
  type Column,
  type RowSchema,
  type ScalarType,
  type SqlValue,
} from "./columns.ts";

export type Clause = { sql: string; params: SqlValue[]; exact: boolean };
export type SelectorTable = { schema: RowSchema; primary: string; columns: ReadonlyMap<string, Column> };
type Selector = Record<string, unknown>;
type Field = { sql: string; type: ScalarType; path: string; isColumn: boolean };

const EVERYTHING: Clause = { sql: "1", params: [], exact: true };
const NOTHING: Clause = { sql: "0", params: [], exact: true };
const ANYTHING: Clause = { sql: "1", params: [], exact: false };

export function selectorToSql(table: SelectorTable, selector: unknown): Clause {
  if (!isObject(selector)) return ANYTHING;
  const byId = selectsById(table, selector);
  return allOf(Object.entries(selector).map(([key, value]) => entryToSql(table, key, value, byId)));
}

/**
 * `ORDER BY` terms, or undefined when only JavaScript can sort like RxDB does: text outside of columns, and fields that
 * may be null, which RxDB orders apart from missing ones. A field to sort big tables by is optional, not nullable.
 */
export function sortToSql(table: SelectorTable, sort: readonly Record<string, unknown>[]): string | undefined {
  const terms: string[] = [];
  for (const part of sort) {
    const [path, direction] = Object.entries(part)[0] ?? [];
    const field = path === undefined ? undefined : fieldAt(table, path);
    if (!field || (field.type === "string" && !field.isColumn) || isNullableAt(table.schema, field.path))
      return undefined;
    terms.push(`${field.sql} ${direction === "desc" ? "DESC" : "ASC"}`);
  }
  return terms.length === 0 ? undefined : terms.join(",");
}

function entryToSql(table: SelectorTable, key: string, value: unknown, byId: boolean): Clause {
  if (key === "$and" && isSelectorList(value)) return allOf(value.map((part) => selectorToSql(table, part)));
  if (key === "$or" && isSelectorList(value)) return anyOf(value.map((part) => selectorToSql(table, part)));
  if (key === "$nor" && isSelectorList(value)) return not(anyOf(value.map((part) => selectorToSql(table, part))));
  if (key.startsWith("$")) return ANYTHING;
  const field = fieldAt(table, key);
  if (!field) return ANYTHING;
  // As in Table.jsonById: the planner must not prefer an index over `deleted` to the one over `id`.
  return conditionToSql(byId && field.path === "_deleted" ? { ...field, sql: `+${field.sql}` } : field, value);
}

function conditionToSql(field: Field, condition: unknown): Clause {
  if (!isObject(condition)) return operatorToSql(field, "$eq", condition);
  return allOf(Object.entries(condition).map(([operator, value]) => operatorToSql(field, operator, value)));
}

const COMPARISONS: Record<string, string> = { $gt: ">", $gte: ">=", $lt: "<", $lte: "<=" };

function operatorToSql(field: Field, operator: string, value: unknown): Clause {
  switch (operator) {
    case "$eq":
      return value === null ? isAbsent(field) : compare(field, "=", value);
    case "$ne":
      return value === null ? not(isAbsent(field)) : not(compare(field, "=", value));
    case "$gt":
    case "$gte":
    case "$lt":
    case "$lte":
      return isOrdered(field, value) ? compare(field, COMPARISONS[operator] ?? "=", value) : ANYTHING;
    case "$in":
      return isOneOf(field, value);
    case "$nin":
      return not(isOneOf(field, value));
    case "$exists":
      return value === true ? exists(field) : value === false ? not(exists(field)) : ANYTHING;
    case "$not":
      return not(conditionToSql(field, value));
    default:
      return ANYTHING;
  }
}

function compare(field: Field, operator: string, value: unknown): Clause {
  const param = paramFor(field, value);
  return param === undefined ? ANYTHING : { sql: `${field.sql} ${operator} ?`, params: [param], exact: true };
}

function isOneOf(field: Field, values: unknown): Clause {
  if (!Array.isArray(values)) return ANYTHING;
  const params = values.map((value) => paramFor(field, value));
  if (params.includes(undefined)) return ANYTHING;
  if (params.length === 0) return NOTHING;
  return { sql: `${field.sql} IN (SELECT value FROM json_each(?))`, params: [JSON.stringify(params)], exact: true };
}

/** Missing and null are one to the matcher; a value of another type than the schema's is neither. */
function isAbsent(field: Field): Clause {
  if (isAlwaysThere(field)) return NOTHING;
  const kind = `coalesce(json_type(data,${jsonPath(field.path)}),'null')='null'`;
  return { sql: `(${field.sql} IS NULL AND ${kind})`, params: [], exact: true };
}

function exists(field: Field): Clause {
  if (isAlwaysThere(field)) return EVERYTHING;
  return { sql: `json_type(data,${jsonPath(field.path)}) IS NOT NULL`, params: [], exact: true };
}

const isAlwaysThere = (field: Field): boolean => field.isColumn && !field.sql.startsWith('"x_');

/** Outside of columns text is in SQLite's order, which is JavaScript's as long as one side stays below U+D800. */
const isOrdered = (field: Field, value: unknown): boolean =>
  field.isColumn || typeof value !== "string" || !/[\uD800-\uFFFF]/.test(value);

/** Undefined when the value is not of the field's type (the matcher then decides). */
function paramFor(field: Field, value: unknown): SqlValue | undefined {
  if (typeof value === "string" && (!value.isWellFormed() || (!field.isColumn && value.includes("\0"))))
    return undefined;
  if (typeof value === "string" && !field.isColumn) return field.type === "string" ? value : undefined;
  return columnValue(value, field.type) ?? undefined;
}

function fieldAt(table: SelectorTable, path: string): Field | undefined {
  const column = table.columns.get(path);
  if (column) return { sql: quoteName(column.name), type: column.type, path, isColumn: true };
  if (!/^\w+(\.\w+)*$/.test(path)) return undefined;
  const type = scalarTypeAt(table.schema, path);
  return type && { sql: extracted(path, type), type, path, isColumn: false };
}

const JSON_TYPES: Record<ScalarType, string> = {
  string: `'text'`,
  number: `'integer','real'`,
  boolean: `'true','false'`,
};
const extracted = (path: string, type: ScalarType): string =>
  `CASE WHEN json_type(data,${jsonPath(path)}) IN (${JSON_TYPES[type]}) THEN json_extract(data,${jsonPath(path)}) END`;

/** Only called with words and dots, which need no escaping. */
const jsonPath = (path: string): string =>
  `'$${path
    .split(".")
    .map((part) => `."${part.replaceAll(/["']/g, "")}"`)
    .join("")}'`;

function allOf(clauses: Clause[]): Clause {
  const telling = clauses.filter((clause) => clause.sql !== "1");
  const exact = clauses.every((clause) => clause.exact);
  return telling.length === 0 ? { ...EVERYTHING, exact } : joined(telling, " AND ", exact);
}

function anyOf(clauses: Clause[]): Clause {
  const exact = clauses.every((clause) => clause.exact);
  return clauses.some((clause) => clause.sql === "1") ? { ...EVERYTHING, exact } : joined(clauses, " OR ", exact);
}

const joined = (clauses: Clause[], word: string, exact: boolean): Clause => ({
  sql: `(${clauses.map((clause) => clause.sql).join(word)})`,
  params: clauses.flatMap((clause) => clause.params),
  exact,
});

/** `IS NOT 1` and not `NOT`: a comparison with an absent value is NULL, and its negation must hold. */
const not = (clause: Clause): Clause => (clause.exact ? { ...clause, sql: `((${clause.sql}) IS NOT 1)` } : ANYTHING);

/** True when the primary key alone already names the rows. */
function selectsById(table: SelectorTable, selector: Selector): boolean {
  const condition = selector[table.primary];
  if (typeof condition === "string") return true;
  return isObject(condition) && (typeof condition.$eq === "string" || Array.isArray(condition.$in));
}

const isSelectorList = (value: unknown): value is Selector[] =>
  Array.isArray(value) && value.length > 0 && value.every((each) => isObject(each));
