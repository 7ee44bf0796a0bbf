import { domainOf } from "@kontor/shared/mail";
import { presetOfDomain, presetOfMx, type AccountServers, type Preset, type ServerAddress } from "./presets.ts";

/** The questions that finding a provider asks of the DNS; each answers with nothing where there is nothing. */
export interface DiscoveryDns {
  srv(name: string): Promise<readonly { readonly name: string; readonly port: number; readonly priority: number }[]>;
  mx(domain: string): Promise<readonly { readonly exchange: string; readonly priority: number }[]>;
  /** Whether a host of this name exists. */
  exists(host: string): Promise<boolean>;
}

export interface Discovery extends AccountServers {
  /** How it was found, for how sure one can be. */
  readonly by: "preset" | "mx" | "srv" | "guess";
  readonly preset: Preset | undefined;
  /** Most servers take the whole address; a few take what stands before the at sign. */
  readonly userName: string;
}

/**
 * Where an address has its mail: providers that are known by name, by their domain or by where the domain's mail goes; then what
 * the domain itself says (RFC 6186); then what most are called. Undefined: it must be asked for. Nothing is fetched from the
 * domain over HTTP, as Autoconfig would have it: an answer there is worth no more than the names that are tried here, and the
 * asking would let anybody send this server to any address.
 */
export async function discover(address: string, dns: DiscoveryDns): Promise<Discovery | undefined> {
  const domain = domainOf(address);
  const known = presetOfDomain(domain);
  if (known) return fromPreset(known, "preset", address);
  const exchanges = await dns.mx(domain);
  const hosting = presetOfMx(exchanges.map(({ exchange }) => exchange));
  if (hosting) return fromPreset(hosting, "mx", address);
  const said = await bySrv(domain, dns);
  if (said) return { ...said, by: "srv", preset: undefined, userName: address };
  const guessed = await byGuess(domain, dns);
  return guessed && { ...guessed, by: "guess", preset: undefined, userName: address };
}

const fromPreset = (preset: Preset, by: Discovery["by"], userName: string): Discovery => ({
  imap: preset.imap,
  smtp: preset.smtp,
  by,
  preset,
  userName,
});

/** Services of RFC 6186, and those with TLS from the first byte that RFC 8314 puts before them. */
async function bySrv(domain: string, dns: DiscoveryDns): Promise<AccountServers | undefined> {
  const imap =
    (await first(dns, `_imaps._tcp.${domain}`, "tls")) ?? (await first(dns, `_imap._tcp.${domain}`, "starttls"));
  const smtp =
    (await first(dns, `_submissions._tcp.${domain}`, "tls")) ??
    (await first(dns, `_submission._tcp.${domain}`, "starttls"));
  return imap && smtp ? { imap, smtp } : undefined;
}

async function first(
  dns: DiscoveryDns,
  service: string,
  security: ServerAddress["security"],
): Promise<ServerAddress | undefined> {
  const [best] = (await dns.srv(service)).toSorted((a, b) => a.priority - b.priority);
  // A single dot says that there is no such service (RFC 2782).
  if (!best || best.name === "" || best.name === ".") return undefined;
  return { host: best.name.replace(/\.$/, "").toLowerCase(), port: best.port, security };
}

async function byGuess(domain: string, dns: DiscoveryDns): Promise<AccountServers | undefined> {
  const firstThere = async (hosts: readonly string[]): Promise<string | undefined> => {
    for (const host of hosts) if (await dns.exists(host)) return host;
    return undefined;
  };
  const imap = await firstThere([`imap.${domain}`, `mail.${domain}`]);
  const smtp = await firstThere([`smtp.${domain}`, `mail.${domain}`]);
  if (imap === undefined || smtp === undefined) return undefined;
  return { imap: { host: imap, port: 993, security: "tls" }, smtp: { host: smtp, port: 465, security: "tls" } };
}
