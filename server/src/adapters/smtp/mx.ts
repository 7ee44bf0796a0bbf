import ipaddr from "ipaddr.js";
import type { MailDns } from "#mail";
import { ask } from "#mail";

/** Where mail for a domain is to be taken (RFC 5321 §5.1), or why nowhere. */
export type Exchanges =
  | { readonly kind: "hosts"; readonly hosts: readonly ExchangeHost[] }
  /** Never: the domain takes no mail. */
  | { readonly kind: "never"; readonly code: number; readonly enhancedCode: string; readonly words: string }
  /** Not now: nobody knows at the moment. */
  | { readonly kind: "later"; readonly words: string };

export interface ExchangeHost {
  readonly name: string;
  readonly address: string;
}

export interface ExchangeDeps {
  readonly dns: MailDns;
  /** Our own name as a mail server: mail that would come back to us is not sent in a circle. */
  readonly ownName: string;
  /**
   * Whether addresses that are not of the internet are used. Otherwise whoever sends to a domain of theirs could have us
   * knock at any machine of the office.
   */
  readonly allowPrivate: boolean;
}

const MAX_EXCHANGES = 10; // the largest providers name five; more is somebody's idea of keeping us busy
const MAX_ADDRESSES = 10;

export async function findExchanges(domain: string, deps: ExchangeDeps): Promise<Exchanges> {
  const literal = /^\[(?:IPv6:)?(?<address>[0-9a-f.:]+)\]$/i.exec(domain)?.groups?.["address"];
  if (literal !== undefined)
    return usable(domain, { hosts: [{ name: domain, address: literal }], unknown: undefined }, deps);

  const answer = await ask(deps.dns.resolve(domain, "MX"));
  if (answer.kind === "unknown") return later(domain, answer.words);
  if (answer.kind === "none" && answer.noName) return never(556, "5.1.2", `There is no domain ${domain}.`);
  const records = answer.kind === "found" ? answer.records.slice(0, MAX_EXCHANGES * 2) : [];
  // RFC 7505: one record with no name says that the domain takes no mail at all.
  if (records.length === 1 && ["", "."].includes(records[0]?.exchange ?? "x"))
    return never(556, "5.1.10", `${domain} takes no mail.`);

  const own = records.find(({ exchange }) => sameName(exchange, deps.ownName));
  // RFC 5321 §5.1: of those at or behind our own place in the list, all would send it back to us.
  const closer = own === undefined ? records : records.filter(({ priority }) => priority < own.priority);
  if (own !== undefined && closer.length === 0)
    return never(550, "5.4.6", `Mail for ${domain} would come back to this server, which does not know the domain.`);

  // No record at all: the domain itself is asked (RFC 5321 §5.1, the implicit MX).
  const names = records.length === 0 ? [domain] : inOrder(closer).slice(0, MAX_EXCHANGES);
  return usable(domain, await addressesOf(names, deps.dns), deps);
}

const never = (code: number, enhancedCode: string, words: string): Exchanges => ({
  kind: "never",
  code,
  enhancedCode,
  words,
});

const later = (domain: string, why: string): Exchanges => ({
  kind: "later",
  words: `The DNS does not say where ${domain} takes mail (${why}).`,
});

const sameName = (a: string, b: string): boolean => a.toLowerCase().replace(/\.$/, "") === b.toLowerCase();

/** By preference, those of the same one in a random order, so that each of them gets its share. */
function inOrder(records: readonly { readonly exchange: string; readonly priority: number }[]): readonly string[] {
  return records
    .map((record) => ({ ...record, lot: Math.random() }))
    .toSorted((a, b) => a.priority - b.priority || a.lot - b.lot)
    .map(({ exchange }) => exchange);
}

interface Addresses {
  readonly hosts: readonly ExchangeHost[];
  readonly unknown: string | undefined;
}

async function addressesOf(names: readonly string[], dns: MailDns): Promise<Addresses> {
  const found = await Promise.all(
    names.map(async (name) => {
      const answers = await Promise.all([ask(dns.resolve(name, "A")), ask(dns.resolve(name, "AAAA"))]);
      const hosts = answers.flatMap((answer) =>
        answer.kind === "found" ? answer.records.map((address) => ({ name, address })) : [],
      );
      const unknown = answers.flatMap((answer) => (answer.kind === "unknown" ? [answer.words] : []));
      return { hosts, unknown: hosts.length === 0 ? unknown[0] : undefined };
    }),
  );
  return {
    hosts: found.flatMap(({ hosts }) => hosts),
    unknown: found.find(({ unknown }) => unknown !== undefined)?.unknown,
  };
}

function usable(domain: string, { hosts, unknown }: Addresses, { allowPrivate }: ExchangeDeps): Exchanges {
  const reachable = hosts.filter(({ address }) => ipaddr.isValid(address) && (allowPrivate || isPublic(address)));
  if (reachable.length > 0) return { kind: "hosts", hosts: reachable.slice(0, MAX_ADDRESSES) };
  if (hosts.length > 0)
    return never(550, "5.4.4", `No server that takes mail for ${domain} has an address in the internet.`);
  if (unknown !== undefined) return later(domain, unknown);
  return never(550, "5.4.4", `No server that takes mail for ${domain} has an address.`);
}

/** `process` turns an IPv4 address that is written as IPv6 into what it is, so that it is judged as that. */
const isPublic = (address: string): boolean => ipaddr.process(address).range() === "unicast";
