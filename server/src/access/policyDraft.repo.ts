import type { ColumnType, Generated } from "kysely";
import type { Database, Transaction } from "#kernel";

type PolicyDraftTables = {
  policy_draft: {
    id: string;
    title: string;
    base_rev: number;
    version: Generated<number>;
    policies: ColumnType<readonly unknown[], string, string>;
    note: string | null;
    updated_at: ColumnType<string, string, string>;
    updated_by: string | null;
  };
};

export interface PolicyDraftHead {
  readonly id: string;
  readonly title: string;
  readonly baseRev: number;
  readonly version: number;
  readonly note: string | null;
  readonly updatedAt: string;
  /** Null: the server left it. */
  readonly updatedBy: string | null;
}

export interface PolicyDraft extends PolicyDraftHead {
  /** As written, right or wrong. */
  readonly policies: readonly unknown[];
}

const headColumns = [
  "id",
  "title",
  "base_rev as baseRev",
  "version",
  "note",
  "updated_at as updatedAt",
  "updated_by as updatedBy",
] as const;

const tables = (db: Database | Transaction) => db.withTables<PolicyDraftTables>();

export const listDrafts = (db: Database): Promise<readonly PolicyDraftHead[]> =>
  tables(db).selectFrom("policy_draft").select(headColumns).orderBy("updated_at", "desc").orderBy("id").execute();

export const countDrafts = async (trx: Transaction): Promise<number> =>
  (
    await tables(trx)
      .selectFrom("policy_draft")
      .select((eb) => eb.fn.countAll<number>().as("count"))
      .executeTakeFirstOrThrow()
  ).count;

export const findDraft = (db: Database | Transaction, id: string): Promise<PolicyDraft | undefined> =>
  tables(db).selectFrom("policy_draft").select(headColumns).select("policies").where("id", "=", id).executeTakeFirst();

/** Nobody else saves it until the transaction ends. */
export const lockDraft = (trx: Transaction, id: string): Promise<PolicyDraft | undefined> =>
  tables(trx)
    .selectFrom("policy_draft")
    .select(headColumns)
    .select("policies")
    .where("id", "=", id)
    .forUpdate()
    .executeTakeFirst();

export const insertDraft = (
  trx: Transaction,
  draft: Pick<PolicyDraft, "id" | "title" | "baseRev" | "policies"> & {
    readonly by: string | null;
    readonly at: string;
    readonly note?: string;
  },
): Promise<PolicyDraft> =>
  tables(trx)
    .insertInto("policy_draft")
    .values({
      id: draft.id,
      title: draft.title,
      base_rev: draft.baseRev,
      policies: JSON.stringify(draft.policies),
      note: draft.note ?? null,
      updated_at: draft.at,
      updated_by: draft.by,
    })
    .returning([...headColumns, "policies"])
    .executeTakeFirstOrThrow();

export const updateDraft = (
  trx: Transaction,
  id: string,
  change: Pick<PolicyDraft, "title" | "baseRev" | "version" | "policies"> & {
    readonly by: string;
    readonly at: string;
  },
): Promise<PolicyDraft> =>
  tables(trx)
    .updateTable("policy_draft")
    .set({
      title: change.title,
      base_rev: change.baseRev,
      version: change.version,
      policies: JSON.stringify(change.policies),
      updated_at: change.at,
      updated_by: change.by,
    })
    .where("id", "=", id)
    .returning([...headColumns, "policies"])
    .executeTakeFirstOrThrow();

export const deleteDraft = async (trx: Transaction, id: string): Promise<void> => {
  await tables(trx).deleteFrom("policy_draft").where("id", "=", id).execute();
};
