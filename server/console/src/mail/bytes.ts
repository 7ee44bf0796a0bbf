const UNITS = ["byte", "kilobyte", "megabyte", "gigabyte"] as const;

/** `1.4 MB`, in the reader's language and on one line. */
export function bytesIn(locale: string, bytes: number): string {
  const step = Math.min(UNITS.length - 1, Math.floor(Math.log10(Math.max(bytes, 1)) / 3));
  const unit = UNITS[step] ?? "byte";
  const format = new Intl.NumberFormat(locale, {
    style: "unit",
    unit,
    unitDisplay: "short",
    maximumFractionDigits: step < 2 ? 0 : 1,
  });
  return format.format(bytes / 1_000 ** step).replaceAll(" ", "\u00a0");
}
