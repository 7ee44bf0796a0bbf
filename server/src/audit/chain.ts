import { sql } from "kysely";
import type { Database, Doorbell, Log } from "#kernel";
import { entryColumns, hashOf, lockChain, readChain, type Entry } from "./chain.repo.ts";

/**
 * Puts committed entries into the chain.
 *
 * Entries are written without a number in the transaction of what they tell of, so that no writer waits for another.
 * They get their numbers afterwards, by one at a time over all nodes, in the order (transaction, id) and only up to the
 * oldest transaction still open: whatever commits later has a later transaction id, so nothing can slip in under a number
 * that was given (as the change log does, SYN-11). A number, its hash and the chain's head are one transaction: killed in
 * the middle, the next one does it again.
 */
const BATCH = 2_000; // a transaction of some 100 ms; what commits meanwhile waits for the next

/** Returns how many were chained; 0 also when somebody else is at it. */
export async function chainEntries(db: Database): Promise<number> {
  let chained = 0;
  for (;;) {
    const count = await chainBatch(db);
    chained += count;
    if (count < BATCH) return chained;
  }
}

const chainBatch = (db: Database): Promise<number> =>
  db.transaction().execute(async (trx) => {
    if (!(await lockChain(trx))) return 0;
    // A transaction id from beyond the snapshot comes with a database that was copied from another one: all of it is
    // over. They come first, as they are older than whatever was written here since.
    const { rows } = await sql<Entry>`
      with snapshot as materialized (select pg_current_snapshot() as now)
      select ${entryColumns} from audit_entry, snapshot
      where number is null and (txid < pg_snapshot_xmin(now) or txid >= pg_snapshot_xmax(now))
      order by txid >= pg_snapshot_xmax(now) desc, txid, id limit ${BATCH}`.execute(trx);
    if (rows.length === 0) return 0;
    const chain = await readChain(trx);
    let number = chain.lastNumber;
    let hash = chain.lastHash;
    const links = rows.map((entry) => {
      number++;
      hash = hashOf(hash, number, entry);
      return { id: entry.id, number, hash };
    });
    await sql`
      update audit_entry set number = link.number, hash = link.hash
      from unnest(${links.map(({ id }) => id)}::uuid[], ${links.map((link) => link.number)}::bigint[],
        ${links.map((link) => link.hash)}::bytea[]) as link (id, number, hash)
      where audit_entry.id = link.id`.execute(trx);
    await sql`update audit_chain set last_number = ${number}, last_hash = ${hash}`.execute(trx);
    return links.length;
  });

/** A ring of the doorbell tells of records and people; sign-ins and denials ring nobody. */
const EVERY_MS = 1_000;

export interface Chainer {
  stop(): Promise<void>;
}

/** Chains whenever there may be something, until it is stopped; `also` is done at each round before it. */
export function startChainer({
  db,
  doorbell,
  log,
  also,
}: {
  db: Database;
  doorbell: Pick<Doorbell, "onRing">;
  log: Log;
  also: () => Promise<void>;
}): Chainer {
  let running: Promise<void> | undefined;
  let again = false;

  async function round(): Promise<void> {
    do {
      again = false;
      try {
        await also();
        await chainEntries(db);
      } catch (error) {
        log.warn({ err: error }, "the audit log's new entries could not be chained; they will be");
        return;
      }
    } while (again);
  }

  function wake(): void {
    again = true;
    running ??= round().finally(() => (running = undefined));
  }

  const stopListening = doorbell.onRing(wake);
  const timer = setInterval(wake, EVERY_MS);
  wake();
  return {
    async stop() {
      stopListening();
      clearInterval(timer);
      await running;
    },
  };
}
