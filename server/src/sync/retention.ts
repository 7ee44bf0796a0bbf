import { sql } from "kysely";
import type { Database } from "#kernel";

/** A user who has not connected for longer is computed anew at the next sign-in, which costs seconds and loses nothing. */
const CHANGES_DAYS = 14;
/** How long an answer is kept for a device that never got it (SYN-4); a laptop may lie in a drawer for a season. */
const INTENTS_DAYS = 120;
/** From a network or a device that was left for good. */
const PROFILES_DAYS = 30;

/** Drops what nobody will ask for again; any node may do it at any time. */
export async function pruneLogs(db: Database, now = new Date()): Promise<void> {
  await sql`
    with gone as (delete from change_log where at < ${now}::timestamptz - make_interval(days => ${CHANGES_DAYS}) returning txid)
    update view_profile set types = null
    where log_xmin <= (select txid from gone order by txid desc limit 1)`.execute(db);
  await sql`delete from intent_log where at < ${now}::timestamptz - make_interval(days => ${INTENTS_DAYS})`.execute(db);
  await sql`delete from view_profile where used_at < ${now}::timestamptz - make_interval(days => ${PROFILES_DAYS})`.execute(
    db,
  );
}
