/** RFC 4180, with a byte order mark so that spreadsheets read Cyrillic, and no cell that a spreadsheet would run as a formula. */
export const csvOf = (rows: readonly (readonly string[])[]): string =>
  `\ufeff${rows.map((row) => row.map(cell).join(",")).join("\r\n")}\r\n`;

function cell(text: string): string {
  // =, +, - and @ begin a formula (OWASP, CSV injection); a leading apostrophe makes it text.
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
