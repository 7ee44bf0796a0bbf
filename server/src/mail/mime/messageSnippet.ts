import { mailLimits } from "@kontor/shared/mail";

/** How far it is worth looking: 200 characters of what is new stand within these, or there are none. */
const MAX_LOOKED_AT_CHARS = 20_000;

/** The author's first words: without what is quoted, the line that announces it, and the signature; white space folded. */
export function messageSnippet(text: string, maxChars: number = mailLimits.maxSnippetChars): string {
  const lines = text.slice(0, MAX_LOOKED_AT_CHARS).split("\n");
  const own = foldLines(ownLines(lines), maxChars);
  return cut(own === "" ? foldLines(lines.map(withoutQuote), maxChars) : own, maxChars);
}

function* ownLines(lines: readonly string[]): Generator<string> {
  for (const [index, line] of lines.entries()) {
    if (/^-- ?$/.test(line) || FORWARDED.test(line)) return;
    if (line.startsWith(">")) continue;
    if (ATTRIBUTION.test(line) && isQuoteNext(lines, index + 1)) continue;
    yield line;
  }
}

const withoutQuote = (line: string): string => line.replace(/^[> ]+/, "");

/** As one line; no further than it takes to know that it is longer than wanted. */
function foldLines(lines: Iterable<string>, maxChars: number): string {
  let folded = "";
  for (const line of lines) {
    if (line === "") continue;
    folded = fold(`${folded} ${line}`);
    if (folded.length > maxChars) break;
  }
  return folded;
}

/** `On Monday Anna wrote:`, `Пн, 5 янв. 2026 г. в 10:00, Анна <…>:` and their likes. */
const ATTRIBUTION = /:\s*$/;
const FORWARDED =
  /^\s*-{2,}\s*(?:original message|forwarded message|исходное сообщение|пересылаемое сообщение|ursprüngliche nachricht|weitergeleitete nachricht|message d'origine)/i;

function isQuoteNext(lines: readonly string[], from: number): boolean {
  const next = lines.slice(from, from + 3).find((line) => line.trim() !== "");
  return next?.startsWith(">") ?? false;
}

const fold = (text: string): string => text.replaceAll(/[\s\u00a0\u200b\u200c\ufeff]+/g, " ").trim();

/** At a word's end where there is one near; never within a character. */
function cut(text: string, maxChars: number): string {
  if (text.length <= maxChars) return text;
  const whole = text
    .slice(0, maxChars)
    .toWellFormed()
    .replace(/\ufffd$/, "");
  const space = whole.lastIndexOf(" ");
  return (space > maxChars * 0.8 ? whole.slice(0, space) : whole).trimEnd();
}
