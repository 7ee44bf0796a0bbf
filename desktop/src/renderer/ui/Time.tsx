import { useWords } from "../words/index.ts";
import { formatMomentShort, formatTimeShort } from "./format.ts";

/** Short on the page, exact for whoever hovers, and a machine's form for screen readers. */
export function Time({ at, withClock = false }: { readonly at: string; readonly withClock?: boolean }) {
  const { locale } = useWords();
  const time = new Date(at);
  const exact = Number.isNaN(time.getTime())
    ? at
    : new Intl.DateTimeFormat(locale, { dateStyle: "full", timeStyle: "short", hourCycle: "h23" }).format(time);
  return (
    <time dateTime={at} title={exact}>
      {withClock ? formatMomentShort(at, locale) : formatTimeShort(at, locale)}
    </time>
  );
}
