import { sql } from "kysely";
import type { Database, Transaction } from "#kernel";
import { entryColumns, hashOf, readChain, type ChainedEntry } from "./chain.repo.ts";

/** What is wrong first, and with which entry; what follows it cannot be trusted either. */
export interface Fault {
  readonly number: number;
  readonly what:
    /** The entry is not what was hashed, or not in the place in which it was. */
    | "changed"
    /** No entry has this number. */
    | "missing"
    /** There is an entry where the chain does not reach: before its beginning, or after its head. */
    | "foreign"
    /** The entries fit each other, and not the head that the chain remembers. */
    | "head"
    /** A head that was noted elsewhere is not on this chain. */
    | "expected";
  readonly words: string;
}

export interface Verification {
  readonly ok: boolean;
  /** Entries that are right, from the first that is kept. */
  readonly checked: number;
  readonly firstNumber: number;
  readonly lastNumber: number;
  readonly lastHash: string;
  /** Committed a moment ago, and not yet in the chain. */
  readonly unchained: number;
  readonly fault?: Fault;
}

/** A head that was written down earlier, somewhere that nobody who can change the database can reach. */
export interface KnownHead {
  readonly number: number;
  readonly hash: string;
}

const PAGE = 5_000;

/** Walks the chain as it is at one moment, from the anchor to the head; the first fault ends it. */
export async function verifyChain(
  db: Database,
  { expect = [], signal }: { expect?: readonly KnownHead[]; signal?: AbortSignal } = {},
): Promise<Verification> {
  return await db
    .transaction()
    .setIsolationLevel("repeatable read")
    .execute(async (trx) => {
      await sql`set transaction read only`.execute(trx);
      const chain = await readChain(trx);
      const { rows } = await sql<{ unchained: number }>`
        select count(*) as unchained from audit_entry where number is null`.execute(trx);
      const walked = await walk(trx, chain, expect, signal);
      const fault = walked.fault ?? (await foreignEntry(trx, chain));
      return {
        ok: fault === undefined,
        checked: walked.checked,
        firstNumber: chain.firstNumber,
        lastNumber: chain.lastNumber,
        lastHash: chain.lastHash.toString("hex"),
        unchained: rows[0]?.unchained ?? 0,
        ...(fault && { fault }),
      };
    });
}

async function walk(
  trx: Transaction,
  { firstNumber, anchor, lastNumber, lastHash }: Awaited<ReturnType<typeof readChain>>,
  expect: readonly KnownHead[],
  signal: AbortSignal | undefined,
): Promise<{ checked: number; fault?: Fault }> {
  const known = new Map(expect.map((head) => [head.number, head.hash]));
  const early = expect.find(({ number }) => number < firstNumber - 1);
  if (early) return { checked: 0, fault: expected(early.number, "was dropped by retention: take a later head") };
  let number = firstNumber - 1;
  let hash = anchor;
  const differs = () => known.has(number) && known.get(number) !== hash.toString("hex");
  if (differs()) return { checked: 0, fault: expected(number, "has another hash: the log was written anew") };
  while (number < lastNumber) {
    signal?.throwIfAborted();
    const page = await pageAfter(trx, number, lastNumber);
    for (const entry of page) {
      const fault = faultOf(entry, number + 1, hash);
      const checked = number - firstNumber + 1;
      if (fault) return { checked, fault };
      ({ number, hash } = entry);
      if (differs()) return { checked, fault: expected(number, "has another hash: the log was written anew") };
    }
    if (page.length === 0) return { checked: number - firstNumber + 1, fault: missing(number + 1) };
  }
  const checked = number - firstNumber + 1;
  if (!hash.equals(lastHash)) {
    const words = `Entry ${number} fits the entries before it, and not the head that the chain remembers.`;
    return { checked, fault: { number, what: "head", words } };
  }
  const beyond = expect.find((head) => head.number > lastNumber);
  if (beyond) return { checked, fault: expected(beyond.number, "is not there: the log's end was cut off") };
  return { checked };
}

async function pageAfter(trx: Transaction, after: number, upTo: number): Promise<readonly ChainedEntry[]> {
  const { rows } = await sql<ChainedEntry>`
    select ${entryColumns}, number, hash from audit_entry
    where number > ${after} and number <= ${upTo} order by number limit ${PAGE}`.execute(trx);
  return rows;
}

function faultOf(entry: ChainedEntry, number: number, before: Buffer): Fault | undefined {
  if (entry.number !== number) return missing(number);
  if (entry.hash.equals(hashOf(before, number, entry))) return undefined;
  const words = `Entry ${number} (${entry.action}, ${entry.at}) is not what was recorded under this number.`;
  return { number, what: "changed", words };
}

/** Entries outside of the chain: nobody who only used the log could have put them there. */
async function foreignEntry(
  trx: Transaction,
  { firstNumber, lastNumber }: { firstNumber: number; lastNumber: number },
): Promise<Fault | undefined> {
  const { rows } = await sql<{ number: number | null }>`
    select min(number) as number from audit_entry where number < ${firstNumber} or number > ${lastNumber}`.execute(trx);
  const number = rows[0]?.number ?? undefined;
  if (number === undefined) return undefined;
  const where = number < firstNumber ? `begins with ${firstNumber}` : `ends with ${lastNumber}`;
  return { number, what: "foreign", words: `There is an entry ${number}, and the chain ${where}.` };
}

const missing = (number: number): Fault => ({ number, what: "missing", words: `Entry ${number} is missing.` });
const expected = (number: number, words: string): Fault => ({
  number,
  what: "expected",
  words: `The head ${number} that was noted elsewhere ${words}.`,
});
