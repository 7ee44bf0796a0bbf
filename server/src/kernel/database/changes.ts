import { sql } from "kysely";
import type { Transaction } from "./database.ts";

/** One row of a collection changed; noted in the transaction that changes it. */
export interface Change {
  readonly collection: string;
  readonly id: string;
}

/**
 * Writes the change log. Readers order it by (txid, id) and never pass the oldest transaction still open, so a row that
 * commits later is never skipped (SYN-11): sequences alone are handed out before commit and would be.
 */
export async function recordChanges(trx: Transaction, changes: readonly Change[]): Promise<void> {
  if (changes.length === 0) return;
  // Two parameters however many rows: a message to a hundred people is two hundred changes.
  const [collections, ids] = [changes.map(({ collection }) => collection), changes.map(({ id }) => id)];
  await sql`insert into change_log (collection, row_id) select * from unnest(${collections}::text[], ${ids}::uuid[])`.execute(
    trx,
  );
}
