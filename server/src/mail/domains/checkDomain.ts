import { spf } from "mailauth";
import { ask, reverseName, type DnsAnswer, type MailDns } from "./dns.port.ts";
import { keyInRecord, keyRecord } from "./dkimKey.ts";
import type { KeyAlgorithm, KeyState } from "./domains.repo.ts";

/** What one look at the DNS found, of one thing that mail needs there. */
export interface Finding {
  readonly what: "mx" | "spf" | "dkim" | "dmarc" | "ptr";
  /** `unknown`: the DNS did not answer. */
  readonly state: "ok" | "poor" | "missing" | "unknown";
  /** Stable key with words in the interface. */
  readonly reason: FindingReason;
  /** What stands there now. */
  readonly found: readonly string[];
  /** What should stand there; absent where nothing is to be done, or only somebody who knows more can say. */
  readonly wanted?: { readonly name: string; readonly type: "MX" | "TXT" | "PTR"; readonly value: string };
  /** Which key, of DKIM. */
  readonly selector?: string;
  readonly algorithm?: KeyAlgorithm;
}

export const findingReasons = [
  "fine",
  "none",
  "silent",
  "elsewhere",
  "several",
  "broken",
  "notUs",
  "differs",
  "revoked",
  "watchOnly",
  "noAddress",
  "otherName",
  "relayed",
] as const;
export type FindingReason = (typeof findingReasons)[number];

export interface OwnServer {
  /** Under which other servers know this one (EHLO). */
  readonly name: string;
  /** The relay through which mail leaves; absent: straight from here. */
  readonly relayHost?: string | undefined;
}

export interface CheckedKey {
  readonly selector: string;
  readonly algorithm: KeyAlgorithm;
  readonly publicKey: string;
  readonly state: KeyState;
}

/** Compares what the DNS says of a domain with what others will look for there. */
export async function checkDomain(
  domain: string,
  { dns, own, keys }: { dns: MailDns; own: OwnServer; keys: readonly CheckedKey[] },
): Promise<readonly Finding[]> {
  const addresses = await addressesOf(own.name, dns);
  const found = await Promise.all([
    checkMx(domain, dns, own),
    checkSpf(domain, { dns, own, addresses }),
    ...keys.filter(({ state }) => state !== "retired").map((key) => checkDkim(domain, dns, key)),
    checkDmarc(domain, dns),
    checkPtr(dns, own, addresses),
  ]);
  return found.flat();
}

async function addressesOf(name: string, dns: MailDns): Promise<readonly string[]> {
  const answers = await Promise.all([ask(dns.resolve(name, "A")), ask(dns.resolve(name, "AAAA"))]);
  return answers.flatMap((answer) => (answer.kind === "found" ? answer.records : []));
}

async function checkMx(domain: string, dns: MailDns, own: OwnServer): Promise<Finding> {
  const answer = await ask(dns.resolve(domain, "MX"));
  const wanted = { name: domain, type: "MX", value: `10 ${own.name}.` } as const;
  if (answer.kind === "unknown") return { what: "mx", ...SILENT };
  if (answer.kind === "none" || answer.records.length === 0)
    return { what: "mx", state: "missing", reason: "none", found: [], wanted };
  const found = answer.records
    .toSorted((a, b) => a.priority - b.priority)
    .map(({ priority, exchange }) => `${priority} ${exchange}`);
  const isOurs = answer.records.some(({ exchange }) => sameName(exchange, own.name));
  // A gateway in front is as good; only whoever set it up knows.
  return isOurs
    ? { what: "mx", state: "ok", reason: "fine", found }
    : { what: "mx", state: "poor", reason: "elsewhere", found, wanted };
}

const SILENT = { state: "unknown", reason: "silent", found: [] } as const;
const sameName = (a: string, b: string) => a.toLowerCase().replace(/\.$/, "") === b.toLowerCase();

async function textsAt(name: string, dns: MailDns, begins: RegExp): Promise<DnsAnswer<readonly string[]>> {
  const answer = await ask(dns.resolve(name, "TXT"));
  if (answer.kind !== "found") return answer;
  const records = answer.records.map((strings) => strings.join("")).filter((text) => begins.test(text));
  return records.length === 0 ? { kind: "none", noName: false } : { kind: "found", records };
}

async function checkSpf(
  domain: string,
  { dns, own, addresses }: { dns: MailDns; own: OwnServer; addresses: readonly string[] },
): Promise<Finding> {
  const answer = await textsAt(domain, dns, /^v=spf1(?: |$)/i);
  const source = own.relayHost === undefined ? `mx a:${own.name}` : `a:${own.relayHost}`;
  const wanted = { name: domain, type: "TXT", value: `v=spf1 ${source} ~all` } as const;
  if (answer.kind === "unknown") return { what: "spf", ...SILENT };
  if (answer.kind === "none") return { what: "spf", state: "missing", reason: "none", found: [], wanted };
  const found = answer.records;
  if (found.length > 1) return { what: "spf", state: "poor", reason: "several", found };
  const tested = own.relayHost === undefined ? addresses : await addressesOf(own.relayHost, dns);
  const [address] = tested;
  // A provider's relay sends from other addresses than the one that it is reached at: there, only a wrong record is seen.
  const verdict = await spf({
    sender: `postmaster@${domain}`,
    ip: address ?? "192.0.2.1", // nobody's (RFC 5737): tells a record that cannot be read
    helo: own.name,
    mta: own.name,
    resolver: resolverOf(dns),
  });
  const { result } = verdict.status;
  if (result === "permerror") return { what: "spf", state: "poor", reason: "broken", found };
  if (result === "temperror") return { what: "spf", ...SILENT, found };
  if (result === "pass" || own.relayHost !== undefined) return { what: "spf", state: "ok", reason: "fine", found };
  if (address === undefined) return { what: "spf", state: "poor", reason: "noAddress", found };
  const value = (found[0] ?? "").replace(/^v=spf1/i, `v=spf1 a:${own.name}`);
  return { what: "spf", state: "poor", reason: "notUs", found, wanted: { ...wanted, value } };
}

/** The port as mailauth asks for it. */
export const resolverOf = (dns: MailDns) => (name: string, type: string) =>
  dns.resolve(name, type as "A") as unknown as Promise<string[]>;

async function checkDkim(domain: string, dns: MailDns, key: CheckedKey): Promise<Finding> {
  const name = `${key.selector}._domainkey.${domain}`;
  const about = { what: "dkim", selector: key.selector, algorithm: key.algorithm } as const;
  const wanted = { name, type: "TXT", value: keyRecord(key) } as const;
  const answer = await textsAt(name, dns, /p\s*=/i);
  if (answer.kind === "unknown") return { ...about, ...SILENT };
  if (answer.kind === "none") return { ...about, state: "missing", reason: "none", found: [], wanted };
  const found = answer.records;
  const published = found.map(keyInRecord);
  if (found.length === 1 && published[0] === key.publicKey) return { ...about, state: "ok", reason: "fine", found };
  const reason = found.length > 1 ? "several" : published[0] === "" ? "revoked" : "differs";
  return { ...about, state: "poor", reason, found, wanted };
}

async function checkDmarc(domain: string, dns: MailDns): Promise<Finding> {
  const name = `_dmarc.${domain}`;
  const answer = await textsAt(name, dns, /^v=DMARC1(?:;|\s|$)/i);
  const wanted = { name, type: "TXT", value: `v=DMARC1; p=quarantine; rua=mailto:postmaster@${domain}` } as const;
  if (answer.kind === "unknown") return { what: "dmarc", ...SILENT };
  if (answer.kind === "none") return { what: "dmarc", state: "missing", reason: "none", found: [], wanted };
  const found = answer.records;
  if (found.length > 1) return { what: "dmarc", state: "poor", reason: "several", found };
  const policy = /;\s*p\s*=\s*(?<policy>[a-z]+)/i.exec(found[0] ?? "")?.groups?.["policy"]?.toLowerCase();
  if (policy === "quarantine" || policy === "reject") return { what: "dmarc", state: "ok", reason: "fine", found };
  return { what: "dmarc", state: "poor", reason: policy === "none" ? "watchOnly" : "broken", found, wanted };
}

/** Large receivers refuse mail from addresses whose name does not lead back to them. */
async function checkPtr(dns: MailDns, own: OwnServer, addresses: readonly string[]): Promise<readonly Finding[]> {
  if (own.relayHost !== undefined) return [{ what: "ptr", state: "ok", reason: "relayed", found: [] }];
  if (addresses.length === 0) return [{ what: "ptr", state: "missing", reason: "noAddress", found: [] }];
  return Promise.all(
    addresses.map(async (address): Promise<Finding> => {
      const answer = await ask(dns.resolve(reverseName(address), "PTR"));
      const wanted = { name: address, type: "PTR", value: `${own.name}.` } as const;
      if (answer.kind === "unknown") return { what: "ptr", ...SILENT };
      if (answer.kind === "none") return { what: "ptr", state: "missing", reason: "none", found: [], wanted };
      const found = answer.records.map((name) => `${address} ${name}`);
      const isOurs = answer.records.some((name) => sameName(name, own.name));
      return isOurs
        ? { what: "ptr", state: "ok", reason: "fine", found }
        : { what: "ptr", state: "poor", reason: "otherName", found, wanted };
    }),
  );
}
