import type { Money } from "../base/index.ts";
import type { AttributeSql, Context, ResourceType, Subject } from "./access.model.ts";
import type { Attribute, BinaryNode, BinaryOp, ConditionNode, Term } from "./condition.bind.ts";
import { compileCondition, compileTerm, isConstant, type Truth } from "./condition.decide.ts";
import { type Fragment, joined, parameter, rawSql, sql } from "./sql.fragment.ts";
import { DATE, DATE_TIME, type Family } from "./value.read.ts";

/**
 * The second reading: a condition as SQL that is TRUE, FALSE or NULL exactly where decide says true, false or unknown
 * (POL-3, POL-4). What does not depend on the row is decided here and now by the first reading.
 *
 * Each stored value is read through a guard that gives NULL for what is not of its kind; its twin is `value.read.ts`.
 */

/** Constant, or a fragment that yields a boolean. */
export type Predicate = { readonly constant: Truth } | { readonly sql: Fragment };

export interface FilterScope {
  readonly subject: Subject;
  readonly context: Context;
  readonly type: ResourceType;
}

export function conditionToPredicate(node: ConditionNode, scope: FilterScope): Predicate {
  if (!dependsOnRow(node)) return { constant: compileCondition(node)(scope.subject, {}, scope.context) };
  switch (node.op) {
    case "and":
    case "or":
      return junction(
        node.op,
        node.of.map((part) => conditionToPredicate(part, scope)),
      );
    case "not":
      return negated(conditionToPredicate(node.of[0], scope));
    case "exists":
      return { sql: sql`(${node.left.many ? textArray(node.left, scope) : existing(node.left, scope)} IS NOT NULL)` };
    case "cidr":
    case "matches":
    case "within":
      if (!node.check.toSql) throw new Error(`"${node.op}" cannot be asked of a row`); // binding refused it
      return { sql: node.check.toSql(existing(node.left, scope)) };
    default:
      return binaryToPredicate(node, scope);
  }
}

const dependsOnRow = (node: ConditionNode): boolean => {
  if (node.op === "and" || node.op === "or" || node.op === "not") return node.of.some(dependsOnRow);
  return !isConstant(node.left) || ("right" in node && !isConstant(node.right));
};

export function junction(op: "and" | "or", parts: readonly Predicate[]): Predicate {
  const settles = op === "or";
  if (parts.some((part) => "constant" in part && part.constant === settles)) return { constant: settles };
  const open = parts.filter((part) => !("constant" in part && part.constant === !settles));
  if (open.length === 0) return { constant: !settles };
  if (open.every((part) => "constant" in part)) return { constant: undefined };
  const [first] = open;
  if (open.length === 1 && first) return first;
  return { sql: sql`(${joined(open.map(toSql), op === "and" ? " AND " : " OR ")})` };
}

function negated(predicate: Predicate): Predicate {
  if (!("constant" in predicate)) return { sql: sql`(NOT ${predicate.sql})` };
  return { constant: predicate.constant === undefined ? undefined : !predicate.constant };
}

export function toSql(predicate: Predicate): Fragment {
  if ("sql" in predicate) return predicate.sql;
  return rawSql(predicate.constant === undefined ? "NULL::boolean" : String(predicate.constant).toUpperCase());
}

/* ---------- two operands ---------- */

function binaryToPredicate(node: BinaryNode, scope: FilterScope): Predicate {
  for (const term of [node.left, node.right]) {
    if (isConstant(term) && constantOf(term, scope) === undefined) return { constant: undefined };
  }
  if (node.op === "in" || node.op === "nin") return membership(node, node.left, node.right, scope);
  if (node.op === "has") return membership(node, node.right, node.left, scope);
  if (node.op === "any" || node.op === "all") {
    const symbol = rawSql(node.op === "any" ? " && " : " @> ");
    return { sql: sql`(${collated(node, textArray(node.left, scope))}${symbol}${textArray(node.right, scope)})` };
  }
  if (node.family === "money") return { sql: moneyComparison(node, scope) };
  const uuid = uuidEquality(node, scope);
  if (uuid) return uuid;
  const left = scalar(node.left, node.family, scope);
  const right = scalar(node.right, node.family, scope);
  return { sql: sql`(${compared(node.op, collated(node, left), right)})` };
}

const SYMBOLS = { eq: "=", ne: "<>", lt: "<", lte: "<=", gt: ">", gte: ">=" } as const;

function compared(op: BinaryOp, left: Fragment, right: Fragment): Fragment {
  if (op === "startsWith") return sql`starts_with(${left}, ${right})`;
  if (op === "endsWith") return sql`right(${left}, length(${right})) = ${right}`;
  if (op === "contains") return sql`strpos(${left}, ${right}) > 0`;
  return sql`${left}${rawSql(` ${SYMBOLS[op as keyof typeof SYMBOLS]} `)}${right}`;
}

/**
 * Order is by code point, and two columns of different collations cannot even be compared until one is named. Equality
 * with a constant is of bytes under every deterministic collation, and only without COLLATE does it use an index.
 */
function collated({ op, family, left, right }: BinaryNode, value: Fragment): Fragment {
  if (family === "number" || family === "boolean") return value;
  const isOrder = op === "lt" || op === "lte" || op === "gt" || op === "gte";
  const areBothStored = !isConstant(left) && !isConstant(right);
  return isOrder || areBothStored ? sql`${value} COLLATE "C"` : value;
}

/** `NULL = ANY('{}')` is FALSE in SQL; membership of an unknown element is unknown (POL-3). */
function membership(node: BinaryNode, element: Term, list: Term, scope: FilterScope): Predicate {
  const predicate = positiveMembership(node, element, list, scope);
  return node.op === "nin" ? negated(predicate) : predicate;
}

function positiveMembership(node: BinaryNode, element: Term, list: Term, scope: FilterScope): Predicate {
  if (!isConstant(list)) {
    const value = scalar(element, node.family, scope);
    const membershipSql = sql`(${collated(node, value)} = ANY(${textArray(list, scope)}))`;
    return {
      sql: isConstant(element) ? membershipSql : sql`(CASE WHEN ${value} IS NOT NULL THEN ${membershipSql} END)`,
    };
  }
  const values = constantOf(list, scope) as readonly unknown[];
  return memberOfConstants(element as Attribute, node.family, values, scope);
}

function memberOfConstants(
  element: Attribute,
  family: Family,
  values: readonly unknown[],
  scope: FilterScope,
): Predicate {
  const stored = attributeSql(element, scope);
  if (stored.kind === "uuid") return uuidAmong(stored, values as readonly string[]);
  const value = scalar(element, family, scope);
  if (values.length === 0) return { sql: never(value) };
  const list = parameter(family === "number" ? values.map(String) : values);
  return { sql: sql`(${value} = ANY(${list}::${rawSql(family === "number" ? "numeric[]" : "text[]")}))` };
}

/**
 * FALSE where there is a value, NULL where there is none; so written that the planner knows that no row is selected by it.
 * After `value <> value` it expects nearly all of them, and reads a million records to find a page of somebody's few.
 */
const never = (value: Fragment): Fragment => sql`(${value} IS NULL AND NULL::boolean)`;

/* ---------- uuid columns: compared as such, so that their indexes are used ---------- */

function uuidEquality(node: BinaryNode, scope: FilterScope): Predicate | undefined {
  if (node.op !== "eq" && node.op !== "ne") return undefined;
  const [attribute, constant] = isConstant(node.left) ? [node.right, node.left] : [node.left, node.right];
  if (!isConstant(constant)) return undefined;
  const stored = attributeSql(attribute as Attribute, scope);
  if (stored.kind !== "uuid") return undefined;
  const equal = uuidAmong(stored, [constantOf(constant, scope) as string]);
  return node.op === "ne" ? negated(equal) : equal;
}

function uuidAmong(stored: AttributeSql, values: readonly string[]): Predicate {
  const column = inItsRow(stored, `(${stored.sql})`);
  // A text that is no uuid as PostgreSQL writes it equals none, and casting it would be an error.
  const uuids = values.filter((value) => CANONICAL_UUID.test(value));
  if (uuids.length === 0) return { sql: never(column) };
  if (uuids.length === 1) return { sql: sql`(${column} = ${parameter(uuids[0])}::uuid)` };
  return { sql: sql`(${column} = ANY(${parameter(uuids)}::uuid[]))` };
}

const CANONICAL_UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/* ---------- operands ---------- */

const constantOf = (term: Term, scope: FilterScope): unknown => compileTerm(term)(scope.subject, {}, scope.context);

function attributeSql(attribute: Attribute, { type }: FilterScope): AttributeSql {
  if (!type.attributeSql) throw new Error(`the type "${type.name}" does not say where its attributes are stored`);
  return type.attributeSql(attribute.name);
}

function scalar(term: Term, family: Family, scope: FilterScope): Fragment {
  if (!isConstant(term)) return storedScalar(attributeSql(term as Attribute, scope), family);
  const value = constantOf(term, scope);
  if (family === "number") return sql`${parameter(String(value))}::numeric`;
  if (family === "boolean") return sql`${parameter(value)}::boolean`;
  return sql`${parameter(value)}::text`;
}

const existing = (attribute: Attribute, scope: FilterScope): Fragment => {
  const stored = attributeSql(attribute, scope);
  return attribute.family === "money" ? moneyAmount(stored) : storedScalar(stored, attribute.family);
};

/** One relation away, the whole of what is made of the value is made inside, so that its row is looked up once. */
const inItsRow = ({ from }: AttributeSql, expression: string): Fragment =>
  rawSql(from === undefined ? expression : `(SELECT ${expression} FROM ${from})`);

const storedScalar = (stored: AttributeSql, family: Family): Fragment =>
  inItsRow(stored, scalarExpression(stored, family));

function scalarExpression({ sql: text, kind }: AttributeSql, family: Family): string {
  const value = `(${text})`;
  switch (kind) {
    case "jsonb":
      return jsonbScalar(value, family);
    case "date":
      return `to_char(${value}, 'YYYY-MM-DD')`;
    case "timestamptz":
      return `to_char(${value} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;
    case "uuid":
      return `${value}::text`;
    case "text":
      return PATTERNS[family] ? `(CASE WHEN ${value} ~ '${PATTERNS[family]}' THEN ${value} END)` : value;
    default:
      return value;
  }
}

/** The same expressions that JavaScript uses: both dialects read them alike. */
const PATTERNS: Partial<Record<Family, string>> = { date: DATE.source, dateTime: DATE_TIME.source };

function jsonbScalar(value: string, family: Family): string {
  const text = `${value} #>> '{}'`;
  if (family === "number") return `(CASE WHEN jsonb_typeof${value} = 'number' THEN (${text})::numeric END)`;
  if (family === "boolean") return `(CASE WHEN jsonb_typeof${value} = 'boolean' THEN (${text})::boolean END)`;
  const pattern = PATTERNS[family] ? ` AND (${text}) ~ '${PATTERNS[family]}'` : "";
  return `(CASE WHEN jsonb_typeof${value} = 'string'${pattern} THEN ${text} END)`;
}

/* ---------- lists ---------- */

/** A text[] without NULL elements, or NULL where there is no list. */
function textArray(term: Term, scope: FilterScope): Fragment {
  if (isConstant(term)) return sql`${parameter(constantOf(term, scope))}::text[]`;
  const stored = attributeSql(term as Attribute, scope);
  const list = inItsRow(stored, listExpression(stored));
  return stored.from === undefined ? list : sql`${list}::text[]`; // without the cast, ANY would take it for a list of rows
}

function listExpression({ sql: text, kind }: AttributeSql): string {
  const value = `(${text})`;
  if (kind !== "jsonb") return `array_remove(${value}::text[], NULL)`;
  const elements = `SELECT element #>> '{}' FROM jsonb_array_elements(${value}) AS element WHERE jsonb_typeof(element) = 'string'`;
  return `(CASE WHEN jsonb_typeof${value} = 'array' THEN ARRAY(${elements}) END)`;
}

/* ---------- money ---------- */

/** Amounts of different currencies differ, and which is more is unknown. */
function moneyComparison(node: BinaryNode, scope: FilterScope): Fragment {
  const left = moneyParts(node.left, scope);
  const right = moneyParts(node.right, scope);
  const symbol = rawSql(` ${SYMBOLS[node.op as keyof typeof SYMBOLS]} `);
  const sameCurrency = sql`${left.currency} = ${right.currency}`;
  const amounts = sql`${left.amount}${symbol}${right.amount}`;
  const comparable = sql`${left.amount} IS NOT NULL AND ${right.amount} IS NOT NULL`;
  if (node.op === "eq") return sql`(CASE WHEN ${comparable} THEN ${sameCurrency} AND ${amounts} END)`;
  if (node.op === "ne") return sql`(CASE WHEN ${comparable} THEN NOT (${sameCurrency}) OR ${amounts} END)`;
  return sql`(CASE WHEN ${comparable} AND ${sameCurrency} THEN ${amounts} END)`;
}

function moneyParts(term: Term, scope: FilterScope): { readonly amount: Fragment; readonly currency: Fragment } {
  if (isConstant(term)) {
    const { amount, currency } = constantOf(term, scope) as Money;
    return { amount: sql`${parameter(amount)}::numeric`, currency: sql`${parameter(currency)}::text` };
  }
  const stored = attributeSql(term as Attribute, scope);
  return { amount: moneyAmount(stored), currency: inItsRow(stored, `((${stored.sql})->>'currency')`) };
}

/** The twin of `isMoney`. */
function moneyAmount(stored: AttributeSql): Fragment {
  const value = `(${stored.sql})`;
  const guards = [
    `jsonb_typeof${value} = 'object'`,
    `jsonb_typeof(${value}->'amount') = 'string'`,
    `(${value}->>'amount') ~ '^-?[0-9]{1,18}(\\.[0-9]{1,4})?$'`,
    `jsonb_typeof(${value}->'currency') = 'string'`,
    `(${value}->>'currency') ~ '^[A-Z]{3}$'`,
    `(${value} - 'amount' - 'currency') = '{}'::jsonb`,
  ];
  // Nested CASE and not AND: PostgreSQL may evaluate the parts of an AND in any order, and `-` on a scalar is an error.
  const guarded = guards.reduceRight(
    (inner, guard) => `CASE WHEN ${guard} THEN ${inner} END`,
    `(${value}->>'amount')::numeric`,
  );
  return inItsRow(stored, `(${guarded})`);
}
