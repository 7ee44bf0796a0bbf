import { sql } from "kysely";
import type { Clock } from "@kontor/shared/base";
import { recordAudit, type Database } from "#kernel";
import { lockChain } from "./chain.repo.ts";

const DAY_MS = 86_400_000;
const BATCH = 20_000; // one transaction: the longer it is, the longer new entries wait for their numbers

/**
 * Drops what is older than the retention: always a whole beginning of the chain, whose last hash stays as the anchor, so
 * that the rest can still be verified. Returns how many entries went.
 */
export async function pruneEntries(
  db: Database,
  { days, clock }: { readonly days: number; readonly clock: Clock },
): Promise<number> {
  let pruned = 0;
  for (;;) {
    const count = await pruneBatch(db, clock, days);
    pruned += count;
    if (count < BATCH) return pruned;
  }
}

const pruneBatch = (db: Database, clock: Clock, days: number): Promise<number> =>
  db.transaction().execute(async (trx) => {
    if (!(await lockChain(trx))) return 0;
    const before = new Date(clock.now() - days * DAY_MS).toISOString();
    const { rows } = await sql<{ number: number; hash: Buffer }>`
      with beginning as (
        select number, hash, at from audit_entry where number is not null order by number limit ${BATCH}
      )
      select number, hash from beginning
      where number < coalesce((select min(number) from beginning where at >= ${before}::timestamptz), 9223372036854775807)
      order by number desc limit 1`.execute(trx);
    const [last] = rows;
    if (!last) return 0;
    await sql`update audit_chain set first_number = ${last.number + 1}, anchor = ${last.hash}`.execute(trx);
    const { rows: gone } = await sql<{ count: number }>`
      with gone as (delete from audit_entry where number <= ${last.number} returning number)
      select count(*) as count from gone`.execute(trx);
    const count = gone[0]?.count ?? 0;
    await recordAudit(trx, new Date(clock.now()).toISOString(), [
      {
        action: "audit.pruned",
        outcome: "done",
        details: { entries: count, upTo: last.number, anchor: last.hash.toString("hex"), olderThanDays: days },
      },
    ]);
    return count;
  });
