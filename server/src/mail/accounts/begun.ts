import { sql } from "kysely";
import type { Database, Transaction } from "#kernel";

/**
 * What cannot be done twice (APPEND, and COPY where there is no MOVE) is noted before it is done: cut off in between, it is looked for
 * before it is tried again.
 */
export async function noteBegun(db: Database | Transaction, changeIds: readonly number[]): Promise<void> {
  await sql`update mail_remote_change set args = args || '{"isBegun": true}'
    where id = any(${changeIds}::bigint[])`.execute(db);
}

export const isBegun = (args: unknown): boolean => typeof args === "object" && args !== null && "isBegun" in args;
