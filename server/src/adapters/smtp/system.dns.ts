import { Resolver } from "node:dns/promises";
import type { MailDns } from "#mail";

const TIMEOUT_MS = 3_000; // of one try; most answers come within 100 ms, a dead name server never
const TRIES = 2;

/** Port `MailDns` by the name servers of this machine. `servers` (address, or address:port) asks others instead. */
export function createSystemDns({ servers }: { servers?: readonly string[] } = {}): MailDns {
  const resolver = new Resolver({ timeout: TIMEOUT_MS, tries: TRIES });
  if (servers) resolver.setServers([...servers]);
  return { resolve: ((name: string, type: string) => resolver.resolve(name, type)) as MailDns["resolve"] };
}
