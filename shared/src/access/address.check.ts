import ipaddr from "ipaddr.js";
import type { ParseCheck } from "./condition.check.ts";
import { type Fragment, joined, parameter, rawSql, sql } from "./sql.fragment.ts";

/**
 * `cidr`: an address lies in one of the ranges. An IPv4 address written as IPv6 (`::ffff:10.0.0.1`) is the IPv4 address,
 * in both operands, and no range of IPv6 holds it. What is no address is unknown: one grammar for JavaScript and
 * PostgreSQL, narrower than either (no zones, no octal, no shortened IPv4).
 */
const OCTET = "(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])";
const V4 = `${OCTET}(?:\\.${OCTET}){3}`;
const GROUP = "[0-9a-fA-F]{1,4}";
const V6 = [
  `(?:${GROUP}:){7}${GROUP}`,
  `(?:${GROUP}:){1,7}:`,
  ...[1, 2, 3, 4, 5, 6].map((after) => `(?:${GROUP}:){1,${7 - after}}(?::${GROUP}){1,${after}}`),
  `:(?::${GROUP}){1,7}`,
  "::",
  `::[fF]{4}:${V4}`,
].join("|");
const ADDRESS_SOURCE = `^(?:${V4}|${V6})$`;
const ADDRESS = new RegExp(ADDRESS_SOURCE);
const MAPPED = "::ffff:0:0/96";
const MAPPED_BITS = 96;
const MAX_RANGES = 500;

type Address = ipaddr.IPv4 | ipaddr.IPv6;
interface Range {
  readonly address: Address;
  readonly bits: number;
}

export const addressCheck: ParseCheck = (written) => {
  const all: readonly unknown[] = Array.isArray(written) ? written : [written];
  if (all.length > MAX_RANGES) return `has more than ${MAX_RANGES} ranges`;
  const ranges: Range[] = [];
  for (const one of all) {
    const range = rangeOf(one);
    if (typeof range === "string") return range;
    ranges.push(range);
  }
  let last: { readonly text: string; readonly within: boolean } | undefined; // one request asks about many records
  return {
    written: all.map(String),
    test: (text) => {
      if (last?.text === text) return last.within;
      if (!ADDRESS.test(text)) return undefined;
      const address = ipaddr.process(text);
      last = { text, within: ranges.some((range) => holds(range, address)) };
      return last.within;
    },
    toSql: (value) => rangesToSql(ranges, value),
  };
};

/** Or words. */
function rangeOf(written: unknown): Range | string {
  const wanted = `must be a range such as "10.66.0.0/16" or "2001:db8::/32", or a list of them`;
  if (typeof written !== "string") return wanted;
  const [text = "", prefix, ...rest] = written.split("/");
  if (!ADDRESS.test(text) || rest.length > 0) return wanted;
  const parsed = ipaddr.parse(text);
  const longest = isV4(parsed) ? 32 : 128;
  if (prefix !== undefined && (!/^[0-9]{1,3}$/.test(prefix) || Number(prefix) > longest)) return wanted;
  const bits = prefix === undefined ? longest : Number(prefix);
  const first = firstOf(parsed, bits);
  if (parsed.toNormalizedString() !== first.toNormalizedString())
    return `has bits beyond its prefix; the range is ${first.toString()}/${bits}`;
  if (!isV4(parsed) && parsed.isIPv4MappedAddress() && bits >= MAPPED_BITS)
    return { address: parsed.toIPv4Address(), bits: bits - MAPPED_BITS };
  return { address: parsed, bits };
}

const isV4 = (address: Address): address is ipaddr.IPv4 => address.kind() === "ipv4";
const firstOf = (address: Address, bits: number): Address =>
  (isV4(address) ? ipaddr.IPv4 : ipaddr.IPv6).networkAddressFromCIDR(`${address.toString()}/${bits}`);

function holds({ address: first, bits }: Range, address: Address): boolean {
  if (isV4(first)) return isV4(address) && address.match(first, bits);
  return !isV4(address) && address.match(first, bits);
}

function rangesToSql(ranges: readonly Range[], value: Fragment): Fragment {
  const written = ({ address, bits }: Range) => `${address.toString()}/${bits}`;
  const v4 = ranges.filter(({ address }) => isV4(address));
  const v6 = ranges.filter(({ address }) => !isV4(address)).map(written);
  const mapped = v4.map(({ address, bits }) => `::ffff:${address.toString()}/${bits + MAPPED_BITS}`);
  const address = sql`${value}::inet`;
  const among = (list: readonly string[]) => sql`${address} <<= ANY(${parameter(list)}::inet[])`;
  const parts = [among([...v4.map(written), ...mapped])];
  if (v6.length > 0) parts.push(sql`(${among(v6)} AND NOT ${address} <<= ${rawSql(`'${MAPPED}'`)}::inet)`);
  return sql`(CASE WHEN ${value} COLLATE "C" ~ ${rawSql(`'${ADDRESS_SOURCE}'`)} THEN ${joined(parts, " OR ")} END)`;
}
