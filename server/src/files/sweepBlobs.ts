import { sql, type RawBuilder } from "kysely";
import type { Clock } from "@kontor/shared/base";
import type { Database, Transaction } from "#kernel";
import type { BlobStore } from "./blob.port.ts";
import { fileTables } from "./files.repo.ts";

/**
 * Bodies that nothing names any longer are deleted, a day after nothing did.
 *
 * - **SWP-1** A body that a row names stays, whichever feature's row it is: each says what it names (`BlobNames`).
 * - **SWP-2** Whoever begins to name a body that is being looked at finds it there: either its row is held by them and left alone, or
 *   they have written the body after the look, and it stays (BLB-6). A body is always written first and named then, within the day.
 * - **SWP-3** Killed at any moment, the next sweep goes on: the row goes last.
 */
export interface SweepDeps {
  readonly db: Database;
  readonly blobs: Pick<BlobStore, "deleteOlder" | "list">;
  readonly clock: Clock;
  readonly names: readonly BlobNames[];
}

/** A query of one column: the hashes that rows of a feature name, none of them null. */
export type BlobNames = RawBuilder<unknown>;

export const fileBlobNames: BlobNames = sql`
  select sha256 from file
  union all select pdf_sha256 from file where pdf_sha256 is not null
  union all select thumbnail_sha256 from file where thumbnail_sha256 is not null`;

/** Longer than an upload, a long job or a transaction lies between writing a body and naming it. */
const GRACE_MS = 24 * 3600 * 1000;
const AT_ONCE = 100;

export interface Swept {
  readonly deleted: number;
  readonly bytes: number;
}

export async function sweepBlobs(deps: SweepDeps): Promise<Swept> {
  const { db, clock } = deps;
  const now = clock.now();
  await markUnnamed(deps, now);
  let swept: Swept = { deleted: 0, bytes: 0 };
  for (let after = ""; ;) {
    const batch = await db.transaction().execute((trx) => deleteBatch(trx, deps, after, now));
    swept = { deleted: swept.deleted + batch.deleted, bytes: swept.bytes + batch.bytes };
    if (batch.last === undefined) return swept;
    after = batch.last;
  }
}

/** Bodies that were written, and that the process did not live to name. A look at all of the store, which is for once a day. */
export async function sweepOrphans({ db, blobs, clock }: SweepDeps): Promise<number> {
  const before = clock.now() - GRACE_MS;
  let deleted = 0;
  let page: string[] = [];
  const look = async () => {
    const rows = await fileTables(db).selectFrom("blob").select("sha256").where("sha256", "in", page).execute();
    const known = new Set(rows.map(({ sha256 }) => sha256));
    for (const sha256 of page.filter((each) => !known.has(each)))
      if (await blobs.deleteOlder(sha256, before)) deleted++;
    page = [];
  };
  for await (const { sha256 } of blobs.list()) {
    page.push(sha256);
    if (page.length === AT_ONCE) await look();
  }
  if (page.length > 0) await look();
  return deleted;
}

/** Whether a row of any feature names `blob.sha256`. */
const isNamed = (names: readonly BlobNames[]) =>
  sql<boolean>`exists (select from (${sql.join(names, sql` union all `)}) as names (sha256) where names.sha256 = blob.sha256)`;

async function markUnnamed({ db, names }: SweepDeps, now: number): Promise<void> {
  const at = new Date(now).toISOString();
  await sql`update blob set unnamed_since = null where unnamed_since is not null and ${isNamed(names)}`.execute(db);
  await sql`
    update blob set unnamed_since = ${at}
    where unnamed_since is null and created_at <= ${new Date(now - GRACE_MS).toISOString()} and not ${isNamed(names)}`.execute(
    db,
  );
}

/** In the order of hashes; `last` is where the next batch begins. */
async function deleteBatch(
  trx: Transaction,
  { blobs, names }: SweepDeps,
  after: string,
  now: number,
): Promise<Swept & { readonly last: string | undefined }> {
  const before = now - GRACE_MS;
  const held = await fileTables(trx)
    .selectFrom("blob")
    .select(["sha256", "size"])
    .where("unnamed_since", "<=", new Date(before).toISOString())
    .where("sha256", ">", after)
    .orderBy("sha256")
    .limit(AT_ONCE)
    .forUpdate()
    .skipLocked()
    .execute();
  // Only now that nobody can begin to name them: what began before is committed, and is seen.
  const hashes = held.map(({ sha256 }) => sha256);
  const { rows } = await sql<{ sha256: string }>`
    select sha256 from blob where sha256 = any(${hashes}::text[]) and ${isNamed(names)}`.execute(trx);
  const wanted = new Set(rows.map(({ sha256 }) => sha256));
  const gone: typeof held = [];
  for (const blob of held) {
    if (wanted.has(blob.sha256)) continue;
    if (await blobs.deleteOlder(blob.sha256, before)) gone.push(blob);
    else wanted.add(blob.sha256);
  }
  if (wanted.size > 0)
    await fileTables(trx)
      .updateTable("blob")
      .set({ unnamed_since: null })
      .where("sha256", "in", [...wanted])
      .execute();
  if (gone.length > 0)
    await fileTables(trx)
      .deleteFrom("blob")
      .where(
        "sha256",
        "in",
        gone.map(({ sha256 }) => sha256),
      )
      .execute();
  return {
    deleted: gone.length,
    bytes: gone.reduce((sum, { size }) => sum + size, 0),
    last: held.length === AT_ONCE ? hashes.at(-1) : undefined,
  };
}
