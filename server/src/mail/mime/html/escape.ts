/** What HTML cannot hold and no database takes: NUL and other control characters, halves of surrogate pairs. */
// oxlint-disable-next-line no-control-regex -- naming control characters is the point
const UNWRITABLE = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f\ufffe\uffff]/g;

const NAMED: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  // Old browsers took it for a quotation mark.
  "`": "&#96;",
};

export const storable = (text: string): string => text.replaceAll(UNWRITABLE, "").toWellFormed();

export const escapeText = (text: string): string => storable(text).replaceAll(/[&<>]/g, (char) => NAMED[char] ?? "");

export const escapeAttribute = (text: string): string =>
  storable(text).replaceAll(/[&<>"`]/g, (char) => NAMED[char] ?? "");
