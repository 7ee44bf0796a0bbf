import { Big } from "big.js";
import { isMoney, type FieldProblem, type Json } from "../base/index.ts";
import { isEmptyValue, parseFieldValue, problemOf } from "./fieldValue.ts";
import type { FieldDefinition, FieldKind, RecordCheck, TransitionDefinition, TypeDefinition } from "./type.ts";

export type FieldValues = Readonly<Record<string, Json>>;

/** Kinds between which a check can say "before", "less" or "the same". */
export const comparableKinds: ReadonlySet<string> = new Set<FieldKind>([
  "number",
  "money",
  "date",
  "dateTime",
  "text",
  "choice",
  "person",
  "department",
]);

/** Everything that is wrong with a record as a whole, in card order. Empty means that it can be kept. */
export function checkRecord(type: TypeDefinition, fields: Readonly<Record<string, unknown>>): readonly FieldProblem[] {
  const problems = checkValues(type, fields);
  return problems.length > 0 ? problems : failedChecks(type, fields).map(problemOfCheck);
}

/** What is wrong with single fields: values, and what is required. */
export function checkValues(type: TypeDefinition, fields: Readonly<Record<string, unknown>>): readonly FieldProblem[] {
  const problems: FieldProblem[] = [];
  for (const key of Object.keys(fields)) if (!type.fields[key]) problems.push(problemOf(key, "field.unknown"));
  for (const [key, field] of Object.entries(type.fields)) {
    const value = fields[key];
    const result = field.kind === "autoNumber" ? undefined : parseFieldValue(field, value, key);
    if (result && !result.ok) problems.push(result.problem);
    else if (field.required && !field.readOnly && result?.value === undefined)
      problems.push(problemOf(key, "field.required"));
  }
  return problems;
}

/** The conditions across fields that do not hold. */
export const failedChecks = (type: TypeDefinition, fields: Readonly<Record<string, unknown>>): readonly RecordCheck[] =>
  (type.checks ?? []).filter((check) => !holds(check, fields));

/** Reported on the right field: the one that is usually filled last. */
export const problemOfCheck = (check: RecordCheck): FieldProblem => ({
  field: check.right,
  reason: "field.check",
  message: check.message.en,
});

/** A check of which one side is empty holds: that a side must be filled is what `required` says. */
function holds(check: RecordCheck, fields: Readonly<Record<string, unknown>>): boolean {
  const order = compareValues(fields[check.left], fields[check.right]);
  if (order === undefined) return true;
  switch (check.op) {
    case "eq":
      return order === 0;
    case "ne":
      return order !== 0;
    case "lt":
      return order < 0;
    case "lte":
      return order <= 0;
    case "gt":
      return order > 0;
    case "gte":
      return order >= 0;
  }
}

/** Undefined where there is no order: a side is empty, or the currencies differ. */
function compareValues(left: unknown, right: unknown): number | undefined {
  if (isEmptyValue(left) || isEmptyValue(right)) return undefined;
  if (isMoney(left) && isMoney(right)) {
    return left.currency === right.currency ? new Big(left.amount).cmp(right.amount) : undefined;
  }
  if (typeof left === "number" && typeof right === "number") return Math.sign(left - right);
  if (typeof left === "string" && typeof right === "string") return left === right ? 0 : left < right ? -1 : 1;
  return undefined;
}

/** The fields that a transition still needs. */
export function missingFor(
  transition: TransitionDefinition,
  fields: Readonly<Record<string, unknown>>,
): readonly FieldProblem[] {
  return (transition.requires ?? [])
    .filter((key) => isEmptyValue(fields[key]))
    .map((key) => problemOf(key, "field.required"));
}

export interface DefaultsFrom {
  readonly userId: string;
  /** ISO 8601 in UTC. */
  readonly now: string;
  /** Where "today" is asked, for example `Europe/Moscow`; default UTC. */
  readonly timeZone?: string;
  /** The acting person's department. */
  readonly department?: string | null;
}

/** What a new record starts with: the given values over the type's defaults. Null keeps a field empty on purpose. */
export function withDefaults(type: TypeDefinition, given: FieldValues, from: DefaultsFrom): Record<string, Json> {
  const fields: Record<string, Json> = {};
  for (const [key, field] of Object.entries(type.fields)) {
    const value = key in given ? given[key] : defaultOf(field, from);
    if (value !== undefined && value !== null) fields[key] = value;
  }
  // Unknown keys stay, to be named by the check instead of vanishing.
  for (const [key, value] of Object.entries(given)) if (!type.fields[key]) fields[key] = value;
  return fields;
}

function defaultOf(field: FieldDefinition, from: DefaultsFrom): Json | undefined {
  if (!("default" in field) || field.default === undefined) return undefined;
  switch (field.kind) {
    case "date":
      return dayOf(from);
    case "dateTime":
      return from.now;
    case "person":
      return from.userId;
    case "department":
      return from.department ?? undefined;
    default:
      return field.default;
  }
}

const dayOf = ({ now, timeZone = "UTC" }: DefaultsFrom): string => dayIn(timeZone, now);

/** The calendar day there at that moment, as a date field keeps it. */
export const dayIn = (timeZone: string, now: string): string =>
  new Intl.DateTimeFormat("sv-SE", { dateStyle: "short", timeZone }).format(Date.parse(now)); // Swedish dates are ISO 8601

/** What a transition writes besides the state. */
export function transitionSets(transition: TransitionDefinition, from: DefaultsFrom): Record<string, Json> {
  return Object.fromEntries(
    Object.entries(transition.sets ?? {}).map(([key, what]) => [key, what === "today" ? dayOf(from) : from.userId]),
  );
}

/** The record's name; "" when it has none for this reader, and the interface then says what type it is of. */
export function titleOf(type: TypeDefinition, fields: Readonly<Record<string, Json | undefined>>): string {
  const title = fields[type.titleField];
  return typeof title === "string" ? title : "";
}

export const numberFieldOf = (type: TypeDefinition): string | undefined =>
  Object.keys(type.fields).find((key) => type.fields[key]?.kind === "autoNumber");
