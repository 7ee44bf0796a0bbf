import { DAY, HOUR, isZone, MINUTE, wallTime } from "./time.zone.ts";

/**
 * A moment or a day relative to now: `"-P30D"`, `{ "days": -30 }`, `"now"`. A shift of moments has a fixed length, so
 * it knows no months; a shift of dates counts days of the calendar from today in its zone, and no hours.
 */
export interface Shift {
  readonly months: number;
  readonly days: number;
  readonly milliseconds: number;
  readonly zone: string;
}

const ISO =
  /^([+-]?)P(?=[0-9T])(?:([0-9]{1,4})Y)?(?:([0-9]{1,5})M)?(?:([0-9]{1,5})W)?(?:([0-9]{1,6})D)?(?:T(?=[0-9])(?:([0-9]{1,7})H)?(?:([0-9]{1,8})M)?(?:([0-9]{1,9})S)?)?$/;
const units = ["years", "months", "weeks", "days", "hours", "minutes", "seconds"] as const;
const LONGEST_DAYS = 366_000; // a thousand years: beyond, dates leave the four digits of a year

/** Whether it is meant as one; `parseShift` says what is wrong with it. */
export const looksLikeShift = (written: unknown): boolean => {
  if (typeof written === "string") return written === "now" || /^[+-]?P/.test(written);
  if (typeof written !== "object" || written === null || Array.isArray(written)) return false;
  const names = Object.keys(written);
  return names.length > 0 && names.every((name) => name === "zone" || (units as readonly string[]).includes(name));
};

/** Or words. */
export function parseShift(written: unknown, family: "date" | "dateTime"): Shift | string {
  const amounts = typeof written === "string" ? amountsOfText(written) : amountsOfObject(written as object);
  if (typeof amounts === "string") return amounts;
  const [years = 0, months = 0, weeks = 0, days = 0, hours = 0, minutes = 0, seconds = 0] = amounts;
  const zone: unknown = typeof written === "object" && written !== null && "zone" in written ? written.zone : "UTC";
  if (!isZone(zone)) return `names no IANA time zone such as "Europe/Moscow" as "zone"`;
  const milliseconds = hours * HOUR + minutes * MINUTE + seconds * 1_000;
  const shift = { months: years * 12 + months, days: weeks * 7 + days, milliseconds, zone };
  if (Math.abs(shift.months) * 31 + Math.abs(shift.days) + Math.abs(milliseconds) / DAY > LONGEST_DAYS)
    return "is longer than a thousand years";
  if (family === "date" && milliseconds !== 0) return "has hours, and a date has none; use days";
  if (family === "dateTime" && shift.months !== 0) return "has months or years, which have no fixed length; use days";
  if (family === "dateTime" && zone !== "UTC")
    return `names a zone, which is for dates: moments are the same everywhere`;
  return shift;
}

function amountsOfText(text: string): readonly number[] | string {
  if (text === "now") return [];
  const [, sign, ...amounts] = ISO.exec(text) ?? [];
  if (sign === undefined) return `must be a duration such as "-P30D" or "PT8H", or { "days": -30 }`;
  return amounts.map((amount) => (sign === "-" ? -1 : 1) * Number(amount ?? 0));
}

function amountsOfObject(written: object): readonly number[] | string {
  const amounts = units.map((unit) => (written as Readonly<Record<string, unknown>>)[unit] ?? 0);
  return amounts.every((amount): amount is number => Number.isSafeInteger(amount))
    ? amounts
    : "must have whole numbers";
}

/** Undefined beyond the years 0000 to 9999. */
export function shiftedMoment(time: number, { days, milliseconds }: Shift): string | undefined {
  return isoOf(time + days * DAY + milliseconds);
}

export const dayIn = (zone: string, time: number): number => Math.floor(wallTime(zone, time) / DAY);

/** `day` counts from 1970. The 31st plus a month is the last of the next month. */
export function shiftedDate(day: number, { months, days }: Shift): string | undefined {
  const date = new Date(day * DAY);
  const dayOfMonth = date.getUTCDate();
  date.setUTCDate(1);
  date.setUTCMonth(date.getUTCMonth() + months);
  const last = new Date(date.getTime());
  last.setUTCMonth(last.getUTCMonth() + 1, 0);
  date.setUTCDate(Math.min(dayOfMonth, last.getUTCDate()));
  return isoOf(date.getTime() + days * DAY)?.slice(0, 10);
}

function isoOf(time: number): string | undefined {
  const date = new Date(time);
  if (Number.isNaN(date.getTime())) return undefined;
  const text = date.toISOString();
  return text.length === 24 ? text : undefined;
}
