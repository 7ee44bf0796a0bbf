import type { Locale } from "@kontor/shared/base";

/** The last day, with the time where it does not last until the day's end. */
export function formatUntil(iso: string, locale: Locale): string {
  const end = new Date(iso);
  if (Number.isNaN(end.getTime())) return iso;
  const isWholeDay = end.getHours() === 23 && end.getMinutes() === 59;
  return new Intl.DateTimeFormat(locale, {
    day: "numeric",
    month: "long",
    year: "numeric",
    ...(isWholeDay ? {} : { hour: "2-digit", minute: "2-digit", hourCycle: "h23" }),
  }).format(end);
}
