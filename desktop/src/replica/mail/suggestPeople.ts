import type { MailSuggestion, ReplicaMessage } from "#contract";
import { addressKey, type MailAddress } from "@kontor/shared/mail";
import { normalise } from "@kontor/shared/text";
import type { MailCommandsDeps } from "./mail.commandTable.ts";
import { peopleQuery } from "./mail.match.ts";

/** The newest messages with somebody of that name: enough for the people that one still writes to. */
const SUGGEST_FROM = 300;

/** People whom one writes with, by what is typed of their names and addresses; those first that come up most. */
export function suggestPeople(
  { file, forms, messagesOf }: Pick<MailCommandsDeps, "file" | "forms" | "messagesOf">,
  { typed, limit }: { readonly typed: string; readonly limit: number },
): readonly MailSuggestion[] {
  const query = peopleQuery(typed, forms);
  if (!query) return [];
  const found = file
    .all(
      `SELECT m.id FROM mail_fts CROSS JOIN mail_message m ON m.sid = mail_fts.rowid
       WHERE mail_fts MATCH ? ORDER BY mail_fts.rowid DESC LIMIT ?`,
      [query, SUGGEST_FROM],
    )
    .map(([id]) => String(id));
  const people = new Map<string, { readonly person: MailAddress; readonly lastAt: string; times: number }>();
  for (const message of byNewest(messagesOf(found))) {
    for (const person of [...message.from, ...message.to, ...message.cc]) {
      if (!isMeant(person, typed)) continue;
      const key = addressKey(person.address);
      const known = people.get(key);
      if (known) known.times++;
      else people.set(key, { person, lastAt: message.receivedAt, times: 1 });
    }
  }
  return [...people.values()]
    .sort((a, b) => b.times - a.times)
    .slice(0, limit)
    .map(({ lastAt, person }) => ({ ...person, lastAt }));
}

const byNewest = (messages: readonly ReplicaMessage[]): readonly ReplicaMessage[] =>
  messages.toSorted((a, b) => (a.receivedAt < b.receivedAt ? 1 : -1));

/** The index knows who takes part in a message; which of them was meant, their name says. */
function isMeant({ address, name }: MailAddress, typed: string): boolean {
  const text = normalise(`${name ?? ""} ${address}`);
  return normalise(typed)
    .split(/\s+/)
    .filter(Boolean)
    .every((word) => text.includes(word));
}
