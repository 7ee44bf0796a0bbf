import type { Locale } from "@kontor/shared/base";

const DAY_MS = 24 * 3600 * 1000;

/** The shortest that still says when: the time today, the weekday this week, the day this year. */
export function formatTimeShort(iso: string, locale: Locale, now: number = Date.now()): string {
  const time = new Date(iso);
  if (Number.isNaN(time.getTime())) return iso;
  const today = new Date(now);
  const format = (options: Intl.DateTimeFormatOptions) => new Intl.DateTimeFormat(locale, options).format(time);
  const age = startOfDay(today) - startOfDay(time);
  if (age === 0) return format({ hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  if (age > 0 && age < 6.5 * DAY_MS) return format({ weekday: "short" });
  if (time.getFullYear() === today.getFullYear()) return format({ day: "numeric", month: "short" });
  return format({ day: "numeric", month: "short", year: "numeric" });
}

/** The same, and the time with each of them: when a message came is part of what it says. */
export function formatMomentShort(iso: string, locale: Locale, now: number = Date.now()): string {
  const short = formatTimeShort(iso, locale, now);
  const time = new Date(iso);
  if (Number.isNaN(time.getTime())) return iso;
  const clock = new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).format(time);
  return short === clock ? clock : `${short}, ${clock}`;
}

const startOfDay = (time: Date) => new Date(time.getFullYear(), time.getMonth(), time.getDate()).getTime();

const UNITS = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"] as const;

/** Decimal units, as every system but Windows shows them. */
export function formatSize(bytes: number, locale: Locale): string {
  const power = bytes < 1000 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log10(bytes) / 3));
  return new Intl.NumberFormat(locale, {
    style: "unit",
    unit: UNITS[power] ?? "byte",
    unitDisplay: power === 0 ? "long" : "short",
    maximumFractionDigits: power < 2 ? 0 : 1,
  }).format(bytes / 1000 ** power);
}
