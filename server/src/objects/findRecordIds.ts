import { sql, type SqlBool } from "kysely";
import type { SqlPredicate } from "@kontor/shared/access";
import type { Database } from "#kernel";
import { objectTables } from "./objects.repo.ts";

export interface RecordIdsQuestion {
  readonly type: string;
  /** What the access engine gave: all of them must hold. */
  readonly predicates: readonly SqlPredicate[];
  /** The trash instead. */
  readonly deleted: boolean;
  readonly after: string | undefined;
  readonly limit: number;
}

/** Ids in their order: a page stays as cheap as its rows are dense, however deep it lies. */
export async function findRecordIds(
  db: Database,
  { type, predicates, deleted, after, limit }: RecordIdsQuestion,
): Promise<readonly string[]> {
  let query = objectTables(db)
    .selectFrom("record")
    .select("id")
    .where("type", "=", type)
    .where("deleted_at", deleted ? "is not" : "is", null);
  for (const { strings, params } of predicates)
    query = query.where(
      sql<SqlBool>(Object.assign([...strings], { raw: strings }) as unknown as TemplateStringsArray, ...params),
    );
  if (after !== undefined) query = query.where("id", ">", after);
  const rows = await query.orderBy("id").limit(limit).execute();
  return rows.map(({ id }) => id);
}
