// What would have left the app for the desktop around it (a browser opened, a notification shown) is written down here,
// because a machine without a desktop has nowhere to show it. `STAND_IN_DEBUG=1` prints it as it happens.

export interface JournalEntry {
  readonly what: string;
  readonly details: readonly unknown[];
}

export const journal: JournalEntry[] = [];

export function note(what: string, ...details: unknown[]): void {
  journal.push({ what, details });
  debug(what, ...details);
}

export function debug(...words: unknown[]): void {
  if (process.env["STAND_IN_DEBUG"]) process.stderr.write(`[stand-in] ${words.map(asText).join(" ")}\n`);
}

function asText(word: unknown): string {
  return typeof word === "string" ? word : (JSON.stringify(word) ?? String(word));
}
