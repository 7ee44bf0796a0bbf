import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import ipaddr from "ipaddr.js";
import { AccountFailure } from "#mail";

/** The addresses of a host. */
export type ResolveHost = (host: string) => Promise<readonly string[]>;

export const resolveBySystem: ResolveHost = async (host) =>
  (await lookup(host, { all: true })).map(({ address }) => address);

/**
 * Where to connect to. The name of an account's server comes from a user: unless the administrator lets it, it must not lead
 * into our own network, where the server can reach what that user cannot. It is resolved once and connected to by address,
 * so that a name which answers differently the second time gains nothing.
 */
export async function addressesOf(
  host: string,
  { resolve, allowInner }: { readonly resolve: ResolveHost; readonly allowInner: boolean },
): Promise<readonly string[]> {
  const found = isIP(host) ? [host] : await resolve(host);
  if (found.length === 0) throw new AccountFailure("dns");
  const allowed = found.filter((address) => allowInner || isPublic(address));
  if (allowed.length === 0) throw new AccountFailure("innerNetwork");
  // IPv4 first: many offices have IPv6 addresses and no way out with them.
  return allowed.toSorted((a, b) => isIP(a) - isIP(b));
}

const isPublic = (address: string): boolean => ipaddr.process(address).range() === "unicast";
