import { createHash } from "node:crypto";
import { type ColumnType, type Generated, sql } from "kysely";
import type { Policy } from "@kontor/shared/access";
import { canonicalJson, type Json } from "@kontor/shared/base";
import type { Database, Transaction } from "#kernel";

type PolicySetTables = {
  policy_set: {
    rev: Generated<number>;
    policies: ColumnType<readonly Policy[], string, never>;
    source: PolicySource;
    sha256: string;
    published_at: Generated<string>;
    published_by: string | null;
  };
};

export type PolicySource = "packs" | "administrator";

export interface PolicySet {
  readonly rev: number;
  /** As stored: to be parsed against the types of today. */
  readonly policies: unknown;
  readonly publishedAt: string;
  readonly publishedBy: string | null;
}

const columns = ["rev", "policies", "published_at as publishedAt", "published_by as publishedBy"] as const;

export const sha256Of = (policies: readonly unknown[]): string =>
  createHash("sha256")
    .update(canonicalJson(policies as readonly Json[]))
    .digest("hex");

export const newestSet = (db: Database | Transaction): Promise<PolicySet | undefined> =>
  db
    .withTables<PolicySetTables>()
    .selectFrom("policy_set")
    .select(columns)
    .orderBy("rev", "desc")
    .limit(1)
    .executeTakeFirst();

/** What the packs last published here; an administrator's later set stays in force until the packs change. */
export async function newestPackHash(db: Database | Transaction): Promise<string | undefined> {
  const row = await db
    .withTables<PolicySetTables>()
    .selectFrom("policy_set")
    .select("sha256")
    .where("source", "=", "packs")
    .orderBy("rev", "desc")
    .limit(1)
    .executeTakeFirst();
  return row?.sha256;
}

/** Publishing is one at a time, over all nodes: the second waits and then sees what the first did. */
export const lockSets = async (trx: Transaction): Promise<void> => {
  await sql`lock table policy_set in share row exclusive mode`.execute(trx);
};

export const insertSet = (
  trx: Transaction,
  set: { policies: readonly Policy[]; source: PolicySource; by: string | null },
): Promise<PolicySet> =>
  trx
    .withTables<PolicySetTables>()
    .insertInto("policy_set")
    .values({
      policies: JSON.stringify(set.policies),
      source: set.source,
      sha256: sha256Of(set.policies),
      published_by: set.by,
    })
    .returning(columns)
    .executeTakeFirstOrThrow();
