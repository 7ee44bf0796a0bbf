import { canonicalJson, formatMoney, isMoney, labelIn, type Json, type Label, type Locale } from "../base/index.ts";
import type { HistoryChange } from "./record.docs.ts";
import type { FieldValues } from "./record.check.ts";
import type { FieldDefinition, TypeDefinition } from "./type.ts";

export const sameValue = (a: Json | undefined, b: Json | undefined): boolean => canonicalJson(a) === canonicalJson(b);

/** The fields in which two versions differ, in card order. */
export function diff(type: TypeDefinition, before: FieldValues, after: FieldValues): readonly HistoryChange[] {
  return Object.keys(type.fields)
    .filter((field) => !sameValue(before[field], after[field]))
    .map((field) => changeOf(field, before[field], after[field]));
}

/** A side that is empty is absent. */
export const changeOf = (field: string, from: Json | undefined, to: Json | undefined): HistoryChange => ({
  field,
  ...(from !== undefined && from !== null && { from }),
  ...(to !== undefined && to !== null && { to }),
});

/** The names behind ids; undefined where the reader does not know one, and the text then says so. */
export interface Names {
  person?(id: string): string | undefined;
  department?(id: string): string | undefined;
  record?(id: string): string | undefined;
}

export interface ChangeText {
  readonly label: string;
  readonly from: string;
  readonly to: string;
  /** What came and went, where the value is a list: shorter than both lists. */
  readonly added?: readonly string[];
  readonly removed?: readonly string[];
  readonly lost: boolean;
}

/** One change in words: "Amount: 40 000,00 ₽ → 48 200,00 ₽". */
export function describeChange(
  type: TypeDefinition,
  change: HistoryChange,
  locale: Locale,
  names: Names = {},
): ChangeText {
  const field = type.fields[change.field];
  const text = (value: Json | undefined) => (field ? formatFieldValue(field, value, locale, names) : "");
  const lists =
    field && (Array.isArray(change.from) || Array.isArray(change.to))
      ? {
          added: itemsOnlyIn(change.to, change.from).map((item) => formatItem(field, item, locale, names)),
          removed: itemsOnlyIn(change.from, change.to).map((item) => formatItem(field, item, locale, names)),
        }
      : {};
  return {
    label: field ? labelIn(field.label, locale) : change.field,
    from: text(change.from),
    to: text(change.to),
    ...lists,
    lost: change.lost ?? false,
  };
}

const itemsOnlyIn = (here: Json | undefined, there: Json | undefined): readonly Json[] => {
  const others = new Set(Array.isArray(there) ? there : []);
  return Array.isArray(here) ? (here as readonly Json[]).filter((item) => !others.has(item)) : [];
};

/** A value as a person reads it; "" for an empty one. */
export function formatFieldValue(
  field: FieldDefinition,
  value: Json | undefined,
  locale: Locale,
  names: Names = {},
): string {
  if (value === undefined || value === null) return "";
  if (Array.isArray(value))
    return (value as readonly Json[]).map((item) => formatItem(field, item, locale, names)).join(", ");
  return formatItem(field, value, locale, names);
}

const unknownName: Label = { en: "(not visible)", ru: "(не видно)" };
const yes: Label = { en: "Yes", ru: "Да" };
const no: Label = { en: "No", ru: "Нет" };

/**
 * A value that does not fit its field. Not String(): an object that has a "toString" of its own, as JSON from an older
 * definition may, throws there.
 */
const plainText = (value: Json): string => (typeof value === "object" ? canonicalJson(value) : String(value));

function formatItem(field: FieldDefinition, value: Json, locale: Locale, names: Names): string {
  switch (field.kind) {
    case "number": {
      // A redacted number arrives as text, and so does whatever an older definition left behind.
      if (typeof value !== "number") return plainText(value);
      const text = new Intl.NumberFormat(locale, { maximumFractionDigits: field.decimals ?? 10 }).format(value);
      return field.unit ? `${text} ${labelIn(field.unit, locale)}` : text;
    }
    case "money":
      return isMoney(value) ? formatMoney(value, locale) : plainText(value);
    case "date":
      return formatDay(value, locale);
    case "dateTime":
      return formatMoment(value, locale);
    case "boolean":
      return typeof value === "boolean" ? labelIn(value ? yes : no, locale) : plainText(value);
    case "choice":
    case "choices": {
      const option = field.options.find((each) => each.key === value);
      return option ? labelIn(option.label, locale) : plainText(value);
    }
    case "person":
    case "department":
      return names[field.kind]?.(plainText(value)) ?? labelIn(unknownName, locale);
    case "relation":
      return names.record?.(plainText(value)) ?? labelIn(unknownName, locale);
    default:
      return plainText(value);
  }
}

function formatDay(value: Json, locale: Locale): string {
  const time = Date.parse(`${plainText(value)}T00:00:00Z`);
  // A day has no zone: shown in UTC, in which it was read.
  return Number.isNaN(time)
    ? plainText(value)
    : new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeZone: "UTC" }).format(time);
}

function formatMoment(value: Json, locale: Locale): string {
  const time = Date.parse(plainText(value));
  return Number.isNaN(time)
    ? plainText(value)
    : new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short" }).format(time);
}
