import { sql, type Generated, type Selectable } from "kysely";
import type { DryRun, DryRunPerson } from "@kontor/shared/access";
import type { Database, Transaction } from "#kernel";
import type { DryRunResult } from "./evaluateDryRun.ts";

type DryRunTables = {
  dry_run: {
    id: string;
    draft_id: string;
    draft_version: number;
    policies: readonly unknown[];
    base_rev: string;
    state: Generated<DryRun["state"]>;
    done: Generated<number>;
    total: Generated<number>;
    started_at: string;
    alive_at: string;
    finished_at: string | null;
    words: string | null;
    result: DryRunResult | null;
  };
  dry_run_person: {
    run_id: string;
    user_id: string;
    name: string;
    department_id: string | null;
    gained: number;
    lost: number;
    changed: number;
    devices: DryRunPerson["devices"];
    by_type: DryRunPerson["byType"];
  };
};

const tables = (db: Database | Transaction) => db.withTables<DryRunTables>();
const active = ["waiting", "running"] as const;

const headColumns = [
  "id",
  "draft_id",
  "draft_version",
  "base_rev",
  "state",
  "done",
  "total",
  "started_at",
  "finished_at",
  "words",
  "result",
] as const;

type HeadRow = Pick<Selectable<DryRunTables["dry_run"]>, (typeof headColumns)[number]>;

const toDryRun = (row: HeadRow): DryRun => ({
  id: row.id,
  draftId: row.draft_id,
  draftVersion: row.draft_version,
  baseRev: row.base_rev,
  state: row.state,
  progress: { done: row.done, total: row.total },
  startedAt: row.started_at,
  ...(row.finished_at !== null && { finishedAt: row.finished_at }),
  ...(row.words !== null && { words: row.words }),
  ...(row.result !== null && { result: row.result }),
});

const jsonb = <Value>(value: Value) => sql<Value>`${JSON.stringify(value)}::jsonb`;

/** Others of the draft that still wait or run have become pointless. */
export async function insertDryRun(
  trx: Transaction,
  run: {
    readonly id: string;
    readonly draftId: string;
    readonly draftVersion: number;
    readonly policies: readonly unknown[];
    readonly baseRev: string;
    readonly at: string;
  },
): Promise<void> {
  await tables(trx)
    .updateTable("dry_run")
    .set({ state: "cancelled", finished_at: run.at, words: "A newer run of the draft was started." })
    .where("draft_id", "=", run.draftId)
    .where("state", "in", active)
    .execute();
  await tables(trx)
    .insertInto("dry_run")
    .values({
      id: run.id,
      draft_id: run.draftId,
      draft_version: run.draftVersion,
      policies: sql`${JSON.stringify(run.policies)}::json`,
      base_rev: run.baseRev,
      started_at: run.at,
      alive_at: run.at,
      finished_at: null,
      words: null,
      result: null,
    })
    .execute();
}

/** Undefined: it was cancelled, is over, or was deleted with its draft. */
export const beginDryRun = (db: Database, id: string, { baseRev, at }: { baseRev: string; at: string }) =>
  tables(db)
    .updateTable("dry_run")
    .set({ state: "running", base_rev: baseRev, alive_at: at, done: 0, total: 0 })
    .where("id", "=", id)
    .where("state", "in", active)
    .returning(["draft_id as draftId", "policies"])
    .executeTakeFirst();

/** False: somebody cancelled it meanwhile. */
export async function noteProgress(
  db: Database,
  id: string,
  { done, total, at }: { done: number; total: number; at: string },
): Promise<boolean> {
  const { numUpdatedRows } = await tables(db)
    .updateTable("dry_run")
    .set({ done, total, alive_at: at })
    .where("id", "=", id)
    .where("state", "=", "running")
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

const PEOPLE = 200; // some hundred kilobytes a statement

/** With what it found; older runs of the same draft say less, and go. False: somebody cancelled it meanwhile. */
export async function finishDryRun(
  trx: Transaction,
  id: string,
  { result, people, at }: { result: DryRunResult; people: readonly DryRunPerson[]; at: string },
): Promise<boolean> {
  const finished = await tables(trx)
    .updateTable("dry_run")
    .set((eb) => ({ state: "done", done: eb.ref("total"), finished_at: at, alive_at: at, result: jsonb(result) }))
    .where("id", "=", id)
    .where("state", "=", "running")
    .returning("draft_id")
    .executeTakeFirst();
  if (!finished) return false;
  await tables(trx).deleteFrom("dry_run").where("draft_id", "=", finished.draft_id).where("id", "!=", id).execute();
  for (let from = 0; from < people.length; from += PEOPLE) {
    const values = people.slice(from, from + PEOPLE).map((person) => ({
      run_id: id,
      user_id: person.userId,
      name: person.name,
      department_id: person.departmentId,
      gained: person.gained,
      lost: person.lost,
      changed: person.changed,
      devices: jsonb(person.devices),
      by_type: jsonb(person.byType),
    }));
    await tables(trx).insertInto("dry_run_person").values(values).execute();
  }
  return true;
}

/** Of a run that is not over; false where it is. */
export async function endDryRun(
  db: Database,
  id: string,
  { state, words, at }: { state: "failed" | "cancelled"; words: string; at: string },
): Promise<boolean> {
  const { numUpdatedRows } = await tables(db)
    .updateTable("dry_run")
    .set({ state, words, finished_at: at })
    .where("id", "=", id)
    .where("state", "in", active)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

/** Back into the queue: this server stops, another one or its next start goes on. */
export const releaseDryRun = (db: Database, id: string, at: string) =>
  tables(db)
    .updateTable("dry_run")
    .set({ state: "waiting", alive_at: at, done: 0, total: 0 })
    .where("id", "=", id)
    .where("state", "=", "running")
    .execute();

export async function failAbandoned(
  db: Database,
  { state, before, words, at }: { state: "waiting" | "running"; before: string; words: string; at: string },
): Promise<void> {
  await tables(db)
    .updateTable("dry_run")
    .set({ state: "failed", words, finished_at: at })
    .where("state", "=", state)
    .where("alive_at", "<", before)
    .execute();
}

export const deleteDryRun = (db: Database, id: string) =>
  tables(db).deleteFrom("dry_run").where("id", "=", id).execute();

export const deleteOld = (db: Database, before: string) =>
  tables(db).deleteFrom("dry_run").where("started_at", "<", before).execute();

export async function findDryRun(db: Database, id: string): Promise<DryRun | undefined> {
  const row = await tables(db).selectFrom("dry_run").select(headColumns).where("id", "=", id).executeTakeFirst();
  return row && toDryRun(row);
}

const MAX_LISTED = 50; // runs of one draft within a week that were cancelled or failed, and the last that was not

export async function listDryRuns(db: Database, draftId: string | undefined): Promise<readonly DryRun[]> {
  const rows = await tables(db)
    .selectFrom("dry_run")
    .select(headColumns)
    .$if(draftId !== undefined, (query) => query.where("draft_id", "=", draftId ?? ""))
    .orderBy("started_at", "desc")
    .orderBy("id", "desc")
    .limit(MAX_LISTED)
    .execute();
  return rows.map(toDryRun);
}

export interface PeopleQuestion {
  readonly sort: "lost" | "gained";
  readonly after?: { readonly count: number; readonly userId: string } | undefined;
  readonly limit: number;
}

/** Those who lose, or gain, most come first. */
export async function listPeople(
  db: Database,
  runId: string,
  { sort, after, limit }: PeopleQuestion,
): Promise<readonly DryRunPerson[]> {
  const rows = await tables(db)
    .selectFrom("dry_run_person")
    .selectAll()
    .where("run_id", "=", runId)
    .$if(after !== undefined, (query) =>
      query.where(
        sql<boolean>`(${sql.ref(sort)}, user_id) < (${after?.count ?? 0}::int, ${after?.userId ?? ""}::uuid)`,
      ),
    )
    .orderBy(sort, "desc")
    .orderBy("user_id", "desc")
    .limit(limit)
    .execute();
  return rows.map((row) => ({
    userId: row.user_id,
    name: row.name,
    departmentId: row.department_id,
    gained: row.gained,
    lost: row.lost,
    changed: row.changed,
    devices: row.devices,
    byType: row.by_type,
  }));
}
