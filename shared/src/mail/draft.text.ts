/**
 * What a draft's HTML says, as plain text: for the list, for search and for whoever reads without HTML. The HTML is our own
 * editor's or was cleaned before, so this needs no parser; on anything else it says too much rather than run for long
 * (every pattern here is linear).
 */
const BREAK = /<(?:br|\/p|\/div|\/li|\/h[1-6]|\/blockquote|\/tr|\/pre|hr)\b[^>]*>/gi;
const UNSEEN = /<(style|script|head|title)\b[^>]*>[^]*?<\/\1\s*>/gi;
const COMMENT = /<!--[^]*?-->/g;
const TAG = /<[^>]*>/g;
const ENTITY = /&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|([a-z]{2,6}));/gi;
const NAMED: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'", nbsp: " " };

export const draftText = (html: string): string =>
  html
    .replace(COMMENT, "")
    .replace(UNSEEN, "")
    .replaceAll(/\s+/g, " ")
    .replace(BREAK, "\n")
    .replace(TAG, "")
    .replace(ENTITY, entityOf)
    .replaceAll(/[^\S\n]*\n[^\S\n]*/g, "\n")
    .replaceAll(/\n{3,}/g, "\n\n")
    .trim();

/** One line, as lists show it. */
export const snippetOf = (text: string, maxChars: number): string => {
  const line = text.replaceAll(/\s+/g, " ").trim();
  if (line.length <= maxChars) return line;
  const cut = line.slice(0, maxChars - 1);
  // A cut may halve a pair of surrogates; half of one is not a character.
  return `${cut.isWellFormed() ? cut : cut.slice(0, -1)}…`;
};

function entityOf(
  whole: string,
  decimal: string | undefined,
  hex: string | undefined,
  name: string | undefined,
): string {
  if (name !== undefined) return NAMED[name.toLowerCase()] ?? whole;
  const point = Number.parseInt(decimal ?? hex ?? "", decimal === undefined ? 16 : 10);
  return point > 0 && point <= 0x10ffff && (point < 0xd800 || point > 0xdfff) ? String.fromCodePoint(point) : whole;
}
