import type { MailSuggestion, ReplicaContact } from "#contract";
import { addressKey, domainOf, type MailAddress, type MailboxDoc } from "@kontor/shared/mail";
import { textKey } from "@kontor/shared/objects";
import type { PersonDoc } from "@kontor/shared/people";

/** One line of what a recipients field offers: a person, or a group that stands for its members. */
export interface Suggestion {
  readonly key: string;
  readonly name: string;
  readonly detail: string;
  readonly people: readonly MailAddress[];
  readonly personId?: string;
}

export interface SuggestionSources {
  readonly people: readonly PersonDoc[];
  readonly contacts: readonly ReplicaContact[];
  readonly written: readonly MailSuggestion[];
}

const SHOWN = 8;

/** Colleagues first, then groups and contacts, then whoever was written to; nobody twice, and nobody who is there already. */
export function suggestionsFor(
  typed: string,
  { contacts, people, written }: SuggestionSources,
  chosen: readonly MailAddress[],
): readonly Suggestion[] {
  const needle = textKey(typed);
  if (needle === "") return [];
  const taken = new Set(chosen.map(({ address }) => addressKey(address)));
  const found: Suggestion[] = [];
  const offer = (suggestion: Suggestion) => {
    const fresh = suggestion.people.filter(({ address }) => !taken.has(addressKey(address)));
    if (fresh.length === 0) return;
    if (fresh.length === 1) taken.add(addressKey(fresh[0]?.address ?? ""));
    found.push({ ...suggestion, people: fresh });
  };
  for (const person of people)
    if (person.active && person.email && matches(needle, person.name, person.email)) offer(ofPerson(person));
  for (const contact of contacts)
    for (const each of ofContact(contact))
      if (matches(needle, each.name, contact.organisation, ...each.people.map(({ address }) => address))) offer(each);
  for (const person of written) if (matches(needle, person.name, person.address)) offer(ofAddress(person));
  return found.slice(0, SHOWN);
}

/** By the beginning of a word of the name, or of the address. */
function matches(needle: string, ...texts: readonly (string | undefined)[]): boolean {
  return texts.some((text) => {
    if (text === undefined) return false;
    const key = textKey(text);
    return key.startsWith(needle) || key.includes(` ${needle}`) || (needle.length > 2 && key.includes(needle));
  });
}

const ofPerson = ({ email = "", id, name }: PersonDoc): Suggestion => ({
  key: addressKey(email),
  name,
  detail: email,
  people: [{ address: email, name }],
  personId: id,
});

function ofContact({ emails, id, members, name }: ReplicaContact): readonly Suggestion[] {
  if (members && members.length > 0) return [{ key: id, name, detail: "", people: members }];
  return emails.map(({ address }) => ({
    key: addressKey(address),
    name,
    detail: address,
    people: [{ address, name }],
  }));
}

const ofAddress = ({ address, name }: MailAddress): Suggestion => ({
  key: addressKey(address),
  name: name ?? address,
  detail: name === undefined ? "" : address,
  people: [name === undefined ? { address } : { address, name }],
});

/** Those that are not there yet; each address once. */
export function withAdded(list: readonly MailAddress[], added: readonly MailAddress[]): readonly MailAddress[] {
  const known = new Set(list.map(({ address }) => addressKey(address)));
  const fresh: MailAddress[] = [];
  for (const each of added) {
    if (known.has(addressKey(each.address))) continue;
    known.add(addressKey(each.address));
    fresh.push(each);
  }
  return [...list, ...fresh];
}

/** Who is inside: colleagues, and every address of the domains that the office's own mailboxes have. */
export function insiders(people: readonly PersonDoc[], mailboxes: readonly MailboxDoc[]): (address: string) => boolean {
  const own = mailboxes.filter(({ kind }) => kind !== "external").flatMap(({ addresses }) => addresses);
  const domains = new Set(own.map(domainOf));
  const emails = new Set(people.flatMap(({ email }) => (email === undefined ? [] : addressKey(email))));
  return (address) => emails.has(addressKey(address)) || domains.has(domainOf(address));
}
