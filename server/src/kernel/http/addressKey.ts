import ipaddr from "ipaddr.js";

const IPV6_HOST_PARTS = 4; // of eight: a provider hands every customer a /64, so one attacker has 2^64 addresses in it

/** What limits per address count by: an IPv4 address, or the network that an IPv6 address lies in. */
export function addressKey(ip: string | undefined): string {
  if (ip === undefined || !ipaddr.isValid(ip)) return ip ?? "";
  const address = ipaddr.process(ip); // an IPv4 address written as IPv6 becomes what it is
  if (!(address instanceof ipaddr.IPv6)) return address.toString();
  return `${address.parts
    .slice(0, IPV6_HOST_PARTS)
    .map((part) => part.toString(16))
    .join(":")}::/64`;
}
