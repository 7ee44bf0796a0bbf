import { isIPv4, isIPv6 } from "node:net";

/** The operators with a language of their own, and times relative to now, once more and in other ways than the engine. */

/* ---------- cidr ---------- */

interface Bits {
  readonly length: 32 | 128;
  readonly value: bigint;
}
const MAPPED_PREFIX = 0xffffn;

export function naiveCidr(text: string, ranges: readonly string[]): boolean | undefined {
  const address = bitsOf(text);
  if (!address) return undefined;
  return ranges.some((written) => {
    const [first = "", prefix] = written.split("/");
    const range = bitsOf(first);
    if (!range) throw new Error(`${written} is no range`);
    const isMapped = first.includes(":") && range.length === 32;
    const whole = first.includes(":") ? 128 : 32;
    const given = prefix === undefined ? whole : Number(prefix);
    if (isMapped && given < 96) return false; // all of IPv6 around the mapped ones, none of which counts as IPv6
    const bits = isMapped ? given - 96 : given;
    const hidden = BigInt(range.length - bits);
    return range.length === address.length && range.value >> hidden === address.value >> hidden;
  });
}

function bitsOf(text: string): Bits | undefined {
  if (isIPv4(text)) return { length: 32, value: joined(text.split(".").map(Number), 8n) };
  if (!isIPv6(text) || text.includes("%")) return undefined;
  const dotted = /^(.*:)([0-9.]+\.[0-9.]+)$/.exec(text);
  if (dotted) return /^::ffff:$/i.test(dotted[1] ?? "") ? bitsOf(dotted[2] ?? "") : undefined;
  const [head = "", tail] = text.split("::");
  const groups = (part: string) => (part === "" ? [] : part.split(":").map((group) => Number.parseInt(group, 16)));
  const [left, right] = [groups(head), groups(tail ?? "")];
  const all = [...left, ...Array.from({ length: 8 - left.length - right.length }, () => 0), ...right];
  const value = joined(all, 16n);
  return value >> 32n === MAPPED_PREFIX ? { length: 32, value: value & 0xffffffffn } : { length: 128, value };
}

const joined = (parts: readonly number[], width: bigint): bigint =>
  parts.reduce((value, part) => (value << width) | BigInt(part), 0n);

/* ---------- matches ---------- */

export const naiveMatches = (text: string, patterns: readonly string[]): boolean =>
  patterns.some((pattern) => endsOf(pattern, Array.from(text)).has(Array.from(text).length));

/** The places in the text up to which the pattern can reach. */
function endsOf(pattern: string, text: readonly string[]): ReadonlySet<number> {
  let reached = new Set([0]);
  const symbols = pattern.match(/\\[^]|[^]/gu) ?? [];
  for (const symbol of symbols) {
    const next = new Set<number>();
    for (const place of reached) {
      if (symbol === "*") for (let end = place; end <= text.length; end++) next.add(end);
      else if (place < text.length && fitsOne(symbol, text[place] ?? "")) next.add(place + 1);
    }
    reached = next;
  }
  return reached;
}

const fitsOne = (symbol: string, character: string): boolean => {
  if (symbol === "?") return true;
  if (symbol === "#") return /^[0-9]$/.test(character);
  return (symbol.length > 1 && symbol.startsWith("\\") ? symbol.slice(1) : symbol) === character;
};

/* ---------- within ---------- */

const formats = new Map<string, Intl.DateTimeFormat>();
function formatOf(locale: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = JSON.stringify([locale, options]);
  const format = formats.get(key) ?? new Intl.DateTimeFormat(locale, options);
  formats.set(key, format);
  return format;
}

interface Window {
  readonly from?: string;
  readonly to?: string;
  readonly days?: readonly string[];
  readonly zone: string;
}

export function naiveWithin(time: string, { from = "00:00", to = "24:00", days, zone }: Window): boolean {
  const shown = (at: Date) => {
    const part = (options: Intl.DateTimeFormatOptions) => formatOf("en-GB", { timeZone: zone, ...options }).format(at);
    return { clock: part({ hour: "2-digit", minute: "2-digit", hourCycle: "h23" }), day: part({ weekday: "short" }) };
  };
  const week = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
  const { clock, day } = shown(new Date(time));
  const counts = (name: string) => days === undefined || days.includes(name.toLowerCase());
  if (from < to) return clock >= from && clock < to && counts(day);
  return (clock >= from && counts(day)) || (clock < to && counts(week[(week.indexOf(day) + 6) % 7] ?? ""));
}

/* ---------- before and after ---------- */

type Amounts = Readonly<Record<string, number | string>>;

export const isNaiveShift = (operand: unknown): operand is string | Amounts =>
  operand === "now" ||
  (typeof operand === "string" && /^-?P/.test(operand)) ||
  (typeof operand === "object" &&
    operand !== null &&
    ["days", "months", "hours", "zone"].some((name) => name in operand));

/** `-P30D`, `P2M`, `PT8H` or an object with days, months, hours and zone: what the tests use. */
export function naiveNow(now: string, operand: string | Amounts, kind: "date" | "dateTime"): string {
  const amounts: Amounts = typeof operand === "string" ? amountsOf(operand) : operand;
  const amount = (name: string) => Number(amounts[name] ?? 0);
  if (kind === "dateTime")
    return new Date(Date.parse(now) + (amount("days") * 24 + amount("hours")) * 3_600_000).toISOString();
  const zone = typeof amounts["zone"] === "string" ? amounts["zone"] : "UTC";
  const today = formatOf("sv-SE", { timeZone: zone }).format(new Date(now)); // Swedish dates are ISO dates
  const [year = 0, month = 0, day = 0] = today.split("-").map(Number);
  const lastOfMonth = new Date(Date.UTC(year, month - 1 + amount("months") + 1, 0)).getUTCDate();
  const moved = Date.UTC(year, month - 1 + amount("months"), Math.min(day, lastOfMonth) + amount("days"));
  return new Date(moved).toISOString().slice(0, 10);
}

function amountsOf(text: string): Amounts {
  const [, sign = "", count = "0", unit = ""] = /^(-?)PT?(\d+)([DMH])$/.exec(text) ?? [];
  const name = { D: "days", M: "months", H: "hours" }[unit] ?? "none";
  return { [name]: Number(`${sign}${count}`) };
}
