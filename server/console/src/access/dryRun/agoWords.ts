const steps = [
  ["second", 60],
  ["minute", 60],
  ["hour", 24],
  ["day", Number.POSITIVE_INFINITY],
] as const;

/** "38 seconds ago", by the clock of whoever looks. */
export function agoWords(iso: string, locale: string, now = Date.now()): string {
  const format = new Intl.RelativeTimeFormat(locale, { numeric: "auto", style: "short" });
  let amount = Math.max(0, Math.round((now - Date.parse(iso)) / 1_000));
  for (const [unit, size] of steps) {
    if (amount < size) return format.format(-amount, unit);
    amount = Math.round(amount / size);
  }
  return iso;
}
