import { isMoney, type Json } from "../base/index.ts";
import type { FieldDefinition, FieldKind, StateMachine, TypeDefinition } from "./type.ts";

/**
 * Sort keys: texts whose order, compared character by character, is the order of the values. The replica and the
 * server sort by the same keys through plain indexes, and a page that one of them began the other could continue.
 * All characters lie below U+D800, where UTF-8 (SQL) and UTF-16 (JavaScript) agree about order.
 */
export const MAX_SORT_KEYS = 4; // columns `sort1` … `sort4` of the record table, and as many indexes in the replica

const MAX_TEXT = 64; // beyond this two titles are the same to a person who scrolls a list
/** An empty value comes first. */
const EMPTY = "";
/** A number that the server has yet to give will be the highest, so the newest record is where one looks for it. */
const NUMBER_TO_COME = "\ud7ff";

// Names of people, departments and records are not part of the row, so their columns cannot be sorted by a key of it.
const sortable: ReadonlySet<FieldKind> = new Set<FieldKind>([
  "text",
  "number",
  "money",
  "date",
  "dateTime",
  "boolean",
  "choice",
  "autoNumber",
]);

/** The list columns that have a sort key, in order: at most four. */
export function sortColumnsOf(type: TypeDefinition): readonly string[] {
  const columns = type.list.columns.filter((column) => {
    const field = type.fields[column];
    return field ? sortable.has(field.kind) : column === "state" && type.states !== undefined;
  });
  return columns.slice(0, MAX_SORT_KEYS);
}

/** Always four; "" where there is no column or no value. */
export function sortKeysOf(
  type: TypeDefinition,
  doc: { readonly state?: string | undefined; readonly fields: Readonly<Record<string, Json | undefined>> },
): readonly [string, string, string, string] {
  const columns = sortColumnsOf(type);
  const key = (index: number) => {
    const column = columns[index];
    if (column === undefined) return EMPTY;
    const field = type.fields[column];
    return field ? sortKeyOf(field, doc.fields[column]) : stateKey(type.states, doc.state);
  };
  return [key(0), key(1), key(2), key(3)];
}

export function sortKeyOf(field: FieldDefinition, value: Json | undefined): string {
  switch (field.kind) {
    case "number":
      return typeof value === "number" ? numberKey(value) : EMPTY;
    case "money":
      return isMoney(value) ? `${decimalKey(value.amount)} ${value.currency}` : EMPTY;
    case "boolean":
      return typeof value === "boolean" ? (value ? "1" : "0") : EMPTY;
    case "choice":
      return placeKey(field.options.findIndex((option) => option.key === value));
    case "date":
    case "dateTime":
      return typeof value === "string" ? value : EMPTY;
    case "autoNumber":
      return typeof value === "string" ? textKey(value) : NUMBER_TO_COME;
    default:
      return typeof value === "string" ? textKey(value) : EMPTY;
  }
}

const stateKey = (states: StateMachine | undefined, state: string | undefined) =>
  placeKey(states?.list.findIndex((each) => each.key === state) ?? -1);

/** The place in the definition's own order: draft before approval before signed. */
const placeKey = (place: number) => (place < 0 ? EMPTY : String(place).padStart(3, "0"));

/** The bits of the double, turned so that they order as numbers do: as hex, 16 digits. */
function numberKey(value: number): string {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value === 0 ? 0 : value);
  const bits = view.getBigUint64(0);
  const negative = bits >> 63n === 1n;
  const turned = negative ? ~bits & 0xffff_ffff_ffff_ffffn : bits | (1n << 63n);
  return turned.toString(16).padStart(16, "0");
}

/** 18 digits and 4 decimals, as much as `Money` has; a negative amount counts down from nines. */
function decimalKey(amount: string): string {
  const negative = amount.startsWith("-");
  const [whole = "", fraction = ""] = amount.replace("-", "").split(".");
  const digits = whole.padStart(18, "0") + fraction.padEnd(4, "0");
  if (!negative || /^0+$/.test(digits)) return `1${digits}`;
  return `0${[...digits].map((digit) => 9 - Number(digit)).join("")}`;
}

/**
 * Folded as a person looks for it: no case, no accents, `ё` with `е` (but `й` apart from `и`, as in the alphabet), and
 * numbers inside by value: "Order 9" before "Order 10".
 */
export function textKey(text: string): string {
  const folded = text
    .normalize("NFKD")
    .replace(/(?<!и)\u0306|(?!\u0306)\p{M}/giu, "")
    .normalize("NFC")
    .toLowerCase()
    .replace(/[\ud800-\uffff]/g, "\ud7ff") // beyond the alphabets: all alike, and last
    .replace(/\s+/g, " ")
    .trim();
  return folded
    .slice(0, MAX_TEXT)
    .replace(/\d+/g, lengthFirst)
    .slice(0, MAX_TEXT * 2);
}

/** A longer number is a larger one, so its length goes first; lengths past nine stand together. */
function lengthFirst(digits: string): string {
  const significant = digits.replace(/^0+(?=\d)/, "");
  return `${Math.min(significant.length, 9)}${significant}`;
}
