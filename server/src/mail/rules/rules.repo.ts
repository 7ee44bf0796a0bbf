import { type Generated } from "kysely";
import type { RuleDoc } from "@kontor/shared/mail";
import type { Database, Transaction } from "#kernel";

/** What a rule says, apart from where it stands. */
export type RuleBody = Omit<RuleDoc, "id" | "mailboxId" | "position">;

export interface RuleRow {
  readonly id: string;
  readonly mailbox_id: string;
  readonly position: number;
  readonly rule: RuleBody;
  readonly saved_by: string;
}

export interface RuleRunRow {
  readonly id: string;
  readonly mailbox_id: string;
  readonly folder_id: string;
  readonly rule_id: string | null;
  readonly started_by: string;
  readonly started_at: string;
  readonly finished_at: string | null;
  readonly total: number;
  readonly done: number;
  readonly changed: number;
  readonly after_id: string | null;
}

type RuleTables = {
  mail_rule: {
    id: string;
    mailbox_id: string;
    position: number;
    rule: RuleBody;
    saved_by: string;
    rev: Generated<number>;
  };
  mail_rule_run: Omit<{ -readonly [Key in keyof RuleRunRow]: RuleRunRow[Key] }, "done" | "changed"> & {
    done: Generated<number>;
    changed: Generated<number>;
  };
};

export const ruleTables = (db: Database | Transaction) => db.withTables<RuleTables>();

const columns = ["id", "mailbox_id", "position", "rule", "saved_by"] as const;

export async function findRules(db: Database | Transaction, ids: readonly string[]): Promise<readonly RuleRow[]> {
  if (ids.length === 0) return [];
  return ruleTables(db).selectFrom("mail_rule").select(columns).where("id", "in", ids).execute();
}

/** In the order in which they run. */
export async function findRulesOf(
  db: Database | Transaction,
  mailboxIds: readonly string[],
): Promise<readonly RuleRow[]> {
  if (mailboxIds.length === 0) return [];
  return ruleTables(db)
    .selectFrom("mail_rule")
    .select(columns)
    .where("mailbox_id", "in", mailboxIds)
    .orderBy("mailbox_id")
    .orderBy("position")
    .orderBy("id")
    .execute();
}

export const scanRules = (db: Database, after: string | undefined, limit: number): Promise<readonly RuleRow[]> =>
  ruleTables(db)
    .selectFrom("mail_rule")
    .select(columns)
    .$if(after !== undefined, (query) => query.where("id", ">", after ?? ""))
    .orderBy("id")
    .limit(limit)
    .execute();

export const ruleToDoc = ({ id, mailbox_id, position, rule }: RuleRow): RuleDoc => ({
  id,
  mailboxId: mailbox_id,
  position,
  ...rule,
});
