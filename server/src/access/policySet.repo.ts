import { createHash } from "node:crypto";
import { type ColumnType, type Generated, sql } from "kysely";
import { canonicalJson, type Json } from "@kontor/shared/base";
import type { Database, Transaction } from "#kernel";

type PolicySetTables = {
  policy_set: {
    rev: Generated<number>;
    policies: ColumnType<readonly unknown[], string, never>;
    source: PolicySource;
    sha256: string;
    published_at: Generated<string>;
    published_by: string | null;
    title: string | null;
    revert_of: number | null;
    policy_count: number;
    types_sha256: string | null;
  };
};

export type PolicySource = "packs" | "administrator" | "revert";

/** What there is to know of a published set besides its policies. */
export interface PolicySetHead {
  readonly rev: number;
  readonly source: PolicySource;
  readonly sha256: string;
  readonly publishedAt: string;
  /** Null: the server itself, or somebody at its command line. */
  readonly publishedBy: string | null;
  readonly title: string | null;
  /** Of a revert: the set that is in force again. */
  readonly revertOf: number | null;
  /** Without those that are part of every set. */
  readonly policyCount: number;
  /** The types that it was checked against. */
  readonly typesSha256: string | null;
}

export interface PolicySet extends PolicySetHead {
  /** As stored, to be read against the types of today. */
  readonly policies: readonly unknown[];
}

export interface NewPolicySet {
  readonly policies: readonly unknown[];
  readonly policyCount: number;
  readonly source: PolicySource;
  readonly by: string | null;
  readonly title?: string | null | undefined;
  readonly revertOf?: number | null | undefined;
  readonly typesSha256: string;
}

const headColumns = [
  "rev",
  "source",
  "sha256",
  "published_at as publishedAt",
  "published_by as publishedBy",
  "title",
  "revert_of as revertOf",
  "policy_count as policyCount",
  "types_sha256 as typesSha256",
] as const;

export const sha256Of = (value: unknown): string =>
  createHash("sha256")
    .update(canonicalJson(value as Json))
    .digest("hex");

const sets = (db: Database | Transaction) => db.withTables<PolicySetTables>().selectFrom("policy_set");

export const newestRev = async (db: Database | Transaction): Promise<number | undefined> =>
  (await sets(db).select("rev").orderBy("rev", "desc").limit(1).executeTakeFirst())?.rev;

export const newestSet = (db: Database | Transaction): Promise<PolicySet | undefined> =>
  sets(db).select(headColumns).select("policies").orderBy("rev", "desc").limit(1).executeTakeFirst();

/** What the packs last said here; an administrator's later set stays in force until they say something else. */
export const newestSetOfPacks = (db: Database | Transaction): Promise<PolicySet | undefined> =>
  sets(db)
    .select(headColumns)
    .select("policies")
    .where("source", "=", "packs")
    .orderBy("rev", "desc")
    .limit(1)
    .executeTakeFirst();

export const findSet = (db: Database | Transaction, rev: number): Promise<PolicySet | undefined> =>
  sets(db).select(headColumns).select("policies").where("rev", "=", rev).executeTakeFirst();

/** Newest first, below `before`. */
export const listHeads = (
  db: Database | Transaction,
  { before, limit }: { before?: number | undefined; limit: number },
): Promise<readonly PolicySetHead[]> =>
  sets(db)
    .select(headColumns)
    .$if(before !== undefined, (rows) => rows.where("rev", "<", before as number))
    .orderBy("rev", "desc")
    .limit(limit)
    .execute();

/**
 * What was in force before this one: the newest set that says something else. A set that the server stored together with
 * the next one (packs that were merged at once) has its moment, and was never in force.
 */
export const findPrevious = (db: Database | Transaction, head: PolicySetHead): Promise<PolicySet | undefined> =>
  sets(db)
    .select(headColumns)
    .select("policies")
    .where("rev", "<", head.rev)
    .where("sha256", "!=", head.sha256)
    .where(sql<boolean>`published_at < (select published_at from policy_set where rev = ${head.rev})`)
    .orderBy("rev", "desc")
    .limit(1)
    .executeTakeFirst();

/** Publishing is one at a time, over all nodes: the second waits and then sees what the first did. */
export const lockSets = async (trx: Transaction): Promise<void> => {
  await sql`lock table policy_set in share row exclusive mode`.execute(trx);
};

export const insertSet = (trx: Transaction, set: NewPolicySet): Promise<PolicySet> =>
  trx
    .withTables<PolicySetTables>()
    .insertInto("policy_set")
    .values({
      policies: JSON.stringify(set.policies),
      policy_count: set.policyCount,
      source: set.source,
      sha256: sha256Of(set.policies),
      published_by: set.by,
      title: set.title ?? null,
      revert_of: set.revertOf ?? null,
      types_sha256: set.typesSha256,
    })
    .returning([...headColumns, "policies"])
    .executeTakeFirstOrThrow();
