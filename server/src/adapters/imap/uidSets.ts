import { AccountFailure, type UidRange } from "#mail";

/** Message sets as IMAP writes them (RFC 3501 §9, `sequence-set`), and what is read out of them. */

/** A command line stays below 8,000 characters on all servers (RFC 7162 §4 asks for 8,192). */
const MAX_SET_CHARS = 6_000;
/** In one folder; the largest that providers allow is a million (Exchange Online). */
const MAX_UIDS = 5_000_000;

export const setOf = ({ from, to }: UidRange): string => `${from}:${to ?? "*"}`;
/** `n:*` names the last message even where that has a lower UID (RFC 3501 §6.4.8). */
export const isIn = (uid: number, { from, to = Number.POSITIVE_INFINITY }: UidRange): boolean =>
  uid >= from && uid <= to;

/** Ascending UIDs as sets of ranges, each short enough for a command line. */
export function setsOf(uids: readonly number[]): readonly string[] {
  const sorted = [...new Set(uids)].toSorted((a, b) => a - b);
  const ranges: string[] = [];
  for (let at = 0; at < sorted.length;) {
    let end = at;
    while (end + 1 < sorted.length && sorted[end + 1] === (sorted[end] ?? 0) + 1) end += 1;
    ranges.push(end === at ? String(sorted[at]) : `${sorted[at]}:${sorted[end]}`);
    at = end + 1;
  }
  const sets: string[] = [];
  for (const range of ranges) {
    const last = sets.at(-1);
    if (last === undefined || last.length + range.length + 1 > MAX_SET_CHARS) sets.push(range);
    else sets[sets.length - 1] = `${last},${range}`;
  }
  return sets;
}

/** The ranges of an ESEARCH answer. A server that names billions in twenty characters would take all of the memory. */
export function expandSet(set: string | undefined): number[] {
  const uids: number[] = [];
  for (const range of set?.split(",") ?? []) {
    const [from = 0, to = from] = range.split(":").map(Number);
    if (uids.length + Math.abs(to - from) > MAX_UIDS) throw new AccountFailure("protocol");
    for (let uid = Math.min(from, to); uid <= Math.max(from, to); uid++) uids.push(uid);
  }
  return uids;
}
