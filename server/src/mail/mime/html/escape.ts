/** What HTML cannot hold and no database takes: NUL and other control characters, halves of surrogate pairs. */
// oxlint-disable-next-line no-control-regex -- naming control characters is the point
const UNWRITABLE = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f\ufffe\uffff]/g;

export const storable = (text: string): string => text.replaceAll(UNWRITABLE, "").toWellFormed();

/** One look tells of most text that there is nothing to do. */
// oxlint-disable-next-line no-control-regex -- naming control characters is the point
const IN_TEXT = /[&<>\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f\ud800-\udfff\ufffe\uffff]/;
// oxlint-disable-next-line no-control-regex -- naming control characters is the point
const IN_ATTRIBUTE = /[&<>"`\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f\ud800-\udfff\ufffe\uffff]/;

const NAMED: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  // Old browsers took it for a quotation mark.
  "`": "&#96;",
};

export const escapeText = (text: string): string =>
  IN_TEXT.test(text) ? storable(text).replaceAll(/[&<>]/g, (char) => NAMED[char] ?? "") : text;

export const escapeAttribute = (text: string): string =>
  IN_ATTRIBUTE.test(text) ? storable(text).replaceAll(/[&<>"`]/g, (char) => NAMED[char] ?? "") : text;
