import type { Condition, Policy } from "@kontor/shared/access";
import type { VocabularyAttribute } from "../access.api.ts";
import type { Catalog } from "./catalog.ts";
import { groupOpOf, partsOf } from "./condition.tree.ts";
import { attributePattern, leafOf, operators } from "./operators.ts";

/** A policy in one line: "Allow · Contract · read · when department is in subject's departments". */
export function policyInWords(policy: Policy, catalog: Catalog): string {
  const { say } = catalog;
  const actions = policy.actions.map((action) => catalog.actionWords(policy.resource, action)).join(", ");
  const sections =
    policy.sections === undefined || policy.sections === "*"
      ? []
      : [policy.sections.map((section) => catalog.sectionWords(policy.resource, section)).join(", ")];
  const when = policy.when
    ? say("access.words.when", { condition: conditionInWords(policy.when, policy.resource, catalog) })
    : say("access.words.always");
  return [say(`access.effect.${policy.effect}`), catalog.typeWords(policy.resource), actions, ...sections, when].join(
    " · ",
  );
}

export const titleOf = (title: Policy["title"], locale: "en" | "ru"): string =>
  typeof title === "string" ? title : title[locale];

export function conditionInWords(condition: Condition, resource: string, catalog: Catalog, nested = false): string {
  const { say } = catalog;
  const op = groupOpOf(condition);
  const parts = partsOf(condition).map((part) => conditionInWords(part, resource, catalog, op !== undefined));
  if (op) {
    const joined = parts.join(` ${say(op === "and" ? "access.words.and" : "access.words.or")} `);
    return nested && parts.length > 1 ? `(${joined})` : joined;
  }
  if ("not" in condition) return say("access.words.not", { condition: parts[0] ?? "" });
  const leaf = leafOf(condition);
  if (!leaf) return JSON.stringify(condition);
  const [left, ...right] = leaf.operands;
  const [first, second] = right;
  const about = attributeMeant(leaf.operands, resource, catalog);
  const words = (operand: unknown) => operandInWords(operand, resource, catalog, about);
  const takes = operators[leaf.op].right[0];
  return say(`access.words.op.${leaf.op}`, {
    left: words(left),
    right: first === undefined ? "" : takes === "window" ? windowInWords(first, catalog) : words(first),
    to: second === undefined ? "" : words(second),
  });
}

/** The attribute whose values the literals are: a state is shown by its label, a department by its name. */
export function attributeMeant(
  operands: readonly unknown[],
  resource: string,
  catalog: Catalog,
): VocabularyAttribute | undefined {
  for (const operand of operands) {
    if (typeof operand !== "string" || !attributePattern.test(operand)) continue;
    const attribute = catalog.attributeOf(operand, resource);
    if (attribute) return attribute;
  }
  return undefined;
}

export function operandInWords(
  operand: unknown,
  resource: string,
  catalog: Catalog,
  about?: VocabularyAttribute,
): string {
  if (typeof operand === "string" && attributePattern.test(operand)) return catalog.attributeWords(operand, resource);
  const isMoment = about?.kind === "date" || about?.kind === "dateTime";
  const shift = isMoment ? shiftInWords(operand, catalog) : undefined;
  return shift ?? catalog.valueWords(operand, about);
}

/* ---------- durations ---------- */

export const shiftUnits = ["years", "months", "weeks", "days", "hours", "minutes", "seconds"] as const;
export type ShiftUnit = (typeof shiftUnits)[number];
const ISO =
  /^([+-]?)P(?=[0-9T])(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?=\d)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?$/;

/** `"-P30D"`, `"now"` and `{ "days": -30 }` as amounts by unit; undefined where it is something else. */
export function readShift(operand: unknown): Partial<Record<ShiftUnit, number>> | undefined {
  if (operand === "now") return {};
  if (typeof operand === "string") {
    const [, sign, ...amounts] = ISO.exec(operand) ?? [];
    if (sign === undefined) return undefined;
    const given = shiftUnits.flatMap((unit, index) =>
      amounts[index] === undefined ? [] : [[unit, (sign === "-" ? -1 : 1) * Number(amounts[index])] as const],
    );
    return Object.fromEntries(given);
  }
  if (typeof operand !== "object" || operand === null || Array.isArray(operand)) return undefined;
  const given = Object.entries(operand).filter(([name]) => name !== "zone");
  const fits = given.every(([name, amount]) => isShiftUnit(name) && Number.isSafeInteger(amount));
  return fits && Object.keys(operand).length > 0 ? Object.fromEntries(given) : undefined;
}

const isShiftUnit = (name: string): name is ShiftUnit => (shiftUnits as readonly string[]).includes(name);

function shiftInWords(operand: unknown, { locale, say }: Catalog): string | undefined {
  const shift = readShift(operand);
  if (!shift) return undefined;
  const amounts = Object.entries(shift).filter(([, amount]) => amount !== 0);
  if (amounts.length === 0) return say("access.words.now");
  const format = new Intl.RelativeTimeFormat(locale, { numeric: "always" });
  return amounts.map(([unit, amount]) => format.format(amount, unit as ShiftUnit)).join(", ");
}

/* ---------- time windows ---------- */

export const weekdays = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;
export type Weekday = (typeof weekdays)[number];
export interface TimeWindow {
  readonly from?: string;
  readonly to?: string;
  readonly days?: readonly Weekday[];
  readonly zone: string;
}

/** The fifth of January 1970 was a Monday. */
export const weekdayWords = (day: Weekday, locale: string): string =>
  new Intl.DateTimeFormat(locale, { weekday: "short", timeZone: "UTC" }).format(
    Date.UTC(1970, 0, 5 + weekdays.indexOf(day)),
  );

function windowInWords(written: unknown, { locale, say }: Catalog): string {
  if (typeof written !== "object" || written === null) return String(written);
  const { from, to, days, zone } = written as Partial<TimeWindow>;
  const hours = from !== undefined && to !== undefined ? `${from}–${to}` : say("access.words.wholeDay");
  const named = days?.map((day) => weekdayWords(day, locale)).join(", ");
  return [named, hours, zone].filter((part) => part !== undefined).join(" ");
}
