import { expect, it } from "vitest";
import { formatMomentShort, formatSize, formatTimeShort } from "./format.ts";

const now = new Date(2026, 10, 20, 15, 0).getTime(); // a Friday
const at = (year: number, month: number, day: number, hour = 9, minute = 41) =>
  new Date(year, month - 1, day, hour, minute).toISOString();

it.each([
  [at(2026, 11, 20), "en", /^09:41$/],
  [at(2026, 11, 19), "en", /^Thu$/],
  [at(2026, 11, 19), "ru", /^чт$/],
  [at(2026, 11, 14), "en", /^Sat$/],
  [at(2026, 11, 13), "en", /^Nov 13$/],
  [at(2026, 11, 13), "ru", /^13 нояб/],
  [at(2025, 12, 31), "en", /2025/],
] as const)("%s in %s", (iso, locale, wanted) => expect(formatTimeShort(iso, locale, now)).toMatch(wanted));

it.each([
  [at(2026, 11, 20), "en", /^09:41$/],
  [at(2026, 11, 19), "ru", /^чт, 09:41$/],
  [at(2026, 11, 13), "en", /^Nov 13, 09:41$/],
  [at(2025, 12, 31), "en", /2025, 09:41$/],
  ["soon", "en", /^soon$/],
] as const)("%s in %s with the time of day", (iso, locale, wanted) =>
  expect(formatMomentShort(iso, locale, now)).toMatch(wanted),
);

it("shows what it cannot read as it is", () => expect(formatTimeShort("soon", "en", now)).toBe("soon"));

it.each([
  [0, "en", "0 bytes"],
  [999, "en", "999 bytes"],
  [4_100_000, "en", "4.1 MB"],
  [4_100_000, "ru", "4,1 МБ"],
  [3_500_000_000_000_000, "en", "3,500 TB"],
] as const)("%i bytes in %s", (bytes, locale, wanted) => expect(formatSize(bytes, locale)).toBe(wanted));
