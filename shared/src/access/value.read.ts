import { isMoney, type Money } from "../base/index.ts";

/**
 * Values as policies see them. Each reader gives the value, or undefined for whatever is not of its kind (POL-3); the
 * SQL twins of these guards are in `condition.filter.ts`, and both must change together (POL-4).
 */
export type Family = "text" | "date" | "dateTime" | "number" | "boolean" | "money";

export const DATE = /^[0-9]{4}-[0-9]{2}-[0-9]{2}$/;
export const DATE_TIME = /^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z$/;

export const readers = {
  text: (value: unknown) => (typeof value === "string" ? value : undefined),
  date: (value: unknown) => (typeof value === "string" && DATE.test(value) ? value : undefined),
  dateTime: (value: unknown) => (typeof value === "string" && DATE_TIME.test(value) ? value : undefined),
  number: (value: unknown) => (typeof value === "number" && Number.isFinite(value) ? value : undefined),
  boolean: (value: unknown) => (typeof value === "boolean" ? value : undefined),
  money: (value: unknown) => (isMoney(value) ? value : undefined),
} satisfies Record<Family, (value: unknown) => unknown>;

const isText = (value: unknown): value is string => typeof value === "string";

/** The texts in a list; other elements are no elements. */
export function readTexts(value: unknown): readonly string[] | undefined {
  if (!Array.isArray(value)) return undefined;
  return value.every(isText) ? value : value.filter(isText);
}

/** PostgreSQL can store neither U+0000 nor half a surrogate pair; from outside, such text is unknown and not an error. */
export const isStorable = (text: string): boolean => text.isWellFormed() && !text.includes("\0");

/** Negative, zero or positive, by code points, as COLLATE "C" orders UTF-8. JavaScript's `<` orders by UTF-16 units. */
export function compareText(a: string, b: string): number {
  if (a === b) return 0;
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index++) {
    const unitA = a.charCodeAt(index);
    const unitB = b.charCodeAt(index);
    if (unitA !== unitB) return codePointRank(unitA) - codePointRank(unitB);
  }
  return a.length - b.length;
}

/** Surrogates stand for code points above U+FFFF, so they rank above U+E000…U+FFFF. */
const codePointRank = (unit: number): number => {
  if (unit < 0xd800) return unit;
  return unit >= 0xe000 ? unit - 0x800 : unit + 0x2000;
};

/** Undefined when the currencies differ: there is no order between them. */
export function compareMoney(a: Money, b: Money): number | undefined {
  return a.currency === b.currency ? compareDecimals(a.amount, b.amount) : undefined;
}

const SCALE = 4; // the most decimals that Money has

function compareDecimals(a: string, b: string): number {
  const difference = scaled(a) - scaled(b);
  if (difference === 0n) return 0;
  return difference < 0n ? -1 : 1;
}

function scaled(amount: string): bigint {
  const [whole = "0", fraction = ""] = amount.split(".");
  return BigInt(whole + fraction.padEnd(SCALE, "0"));
}
