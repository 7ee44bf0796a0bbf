import { z } from "zod";
import { DomainError, isDomainError, newId, type Clock } from "@kontor/shared/base";
import { defineJob, type Actor, type Database, type Job, type Queue, type Transaction } from "#kernel";
import { messageTables } from "../messages/messages.repo.ts";
import { applyRules } from "./applyRules.ts";
import { ruleTables, type RuleRunRow } from "./rules.repo.ts";
import { requireRules } from "./saveRule.ts";

/** Messages of one transaction: some 50 ms, in which their rows are held and replicas of everybody wait for the log. */
const CHUNK = 100;

/** How far rules have come with a folder. */
export interface RuleRun {
  readonly id: string;
  readonly mailboxId: string;
  readonly folderId: string;
  readonly ruleId?: string;
  readonly startedAt: string;
  readonly finishedAt?: string;
  readonly total: number;
  readonly done: number;
  readonly changed: number;
}

export interface StartRun {
  readonly mailboxId: string;
  readonly folderId: string;
  /** Absent: all that are on. */
  readonly ruleId?: string | undefined;
}

/** Begins to run rules on what lies in a folder; the job goes on where an interruption left it. */
export async function startRuleRun(
  trx: Transaction,
  queue: Pick<Queue, "enqueue">,
  { mailboxId, folderId, ruleId }: StartRun,
  actor: Actor,
): Promise<RuleRun> {
  await requireRules(trx, actor, mailboxId);
  await requireIn(trx, "mail_folder", folderId, mailboxId);
  if (ruleId !== undefined) await requireIn(trx, "mail_rule", ruleId, mailboxId);
  const { total } = await messageTables(trx)
    .selectFrom("mail_message")
    .select((e) => e.fn.countAll<number>().as("total"))
    .where("folder_id", "=", folderId)
    .executeTakeFirstOrThrow();
  const run = await ruleTables(trx)
    .insertInto("mail_rule_run")
    .values({
      id: newId(),
      mailbox_id: mailboxId,
      folder_id: folderId,
      rule_id: ruleId ?? null,
      started_by: actor.subject.id,
      started_at: actor.now,
      finished_at: null,
      total,
      after_id: null,
    })
    .returningAll()
    .executeTakeFirstOrThrow();
  await queue.enqueue(trx, { name: RUN_RULES }, { runId: run.id }, { singletonKey: run.id });
  return runToDoc(run);
}

export async function findRuleRun(db: Database, actor: Actor, id: string): Promise<RuleRun> {
  const run = await ruleTables(db).selectFrom("mail_rule_run").selectAll().where("id", "=", id).executeTakeFirst();
  if (!run) throw runNotFound();
  await requireRules(db, actor, run.mailbox_id).catch((error: unknown) => {
    throw isDomainError(error) ? runNotFound() : error;
  });
  return runToDoc(run);
}

const RUN_RULES = "mail.runRules";

export const ruleRunJob = (deps: { readonly db: Database; readonly clock: Clock; changed(): void }): Job =>
  defineJob({
    name: RUN_RULES,
    data: z.object({ runId: z.uuid() }),
    access: { kind: "server", because: "whoever started it was asked for the right to edit the mailbox and its rules" },
    concurrency: 1,
    retryLimit: 5,
    retryDelaySeconds: 10,
    expireInSeconds: 3_600,
    async run({ runId }, { signal }) {
      while (!signal.aborted) {
        const isMore = await deps.db.transaction().execute((trx) => runChunk(trx, runId, deps.clock));
        deps.changed();
        if (!isMore) return;
      }
    },
  });

/** In id order, and none twice: what came meanwhile was looked at when it came, and what the rules move away is behind. */
async function runChunk(trx: Transaction, runId: string, clock: Clock): Promise<boolean> {
  const run = await ruleTables(trx)
    .selectFrom("mail_rule_run")
    .selectAll()
    .where("id", "=", runId)
    .forUpdate()
    .executeTakeFirst();
  if (!run || run.finished_at !== null) return false;
  const messages = await messageTables(trx)
    .selectFrom("mail_message")
    .select("id")
    .where("folder_id", "=", run.folder_id)
    .$if(run.after_id !== null, (query) => query.where("id", ">", run.after_id ?? ""))
    .orderBy("id")
    .limit(CHUNK)
    .execute();
  const at = new Date(clock.now()).toISOString();
  // Nothing is sent on: nobody expects letters of last year.
  const changed = await applyRules(
    trx,
    {},
    { mailboxId: run.mailbox_id, messages, at, ...(run.rule_id !== null && { ruleId: run.rule_id }) },
  );
  const isMore = messages.length === CHUNK;
  await ruleTables(trx)
    .updateTable("mail_rule_run")
    .set({
      done: isMore ? Math.min(run.total, run.done + messages.length) : run.total,
      changed: run.changed + changed,
      after_id: messages.at(-1)?.id ?? run.after_id,
      finished_at: isMore ? null : at,
    })
    .where("id", "=", runId)
    .execute();
  return isMore;
}

async function requireIn(
  trx: Transaction,
  table: "mail_folder" | "mail_rule",
  id: string,
  mailboxId: string,
): Promise<void> {
  const found =
    table === "mail_folder"
      ? await messageTables(trx).selectFrom(table).select("mailbox_id").where("id", "=", id).executeTakeFirst()
      : await ruleTables(trx).selectFrom(table).select("mailbox_id").where("id", "=", id).executeTakeFirst();
  if (found?.mailbox_id === mailboxId) return;
  throw table === "mail_folder"
    ? new DomainError("notFound", "There is no such folder in this mailbox.", { reason: "folder.notFound" })
    : new DomainError("notFound", "There is no such rule in this mailbox.", { reason: "rule.notFound" });
}

const runToDoc = (run: RuleRunRow): RuleRun => ({
  id: run.id,
  mailboxId: run.mailbox_id,
  folderId: run.folder_id,
  ...(run.rule_id !== null && { ruleId: run.rule_id }),
  startedAt: run.started_at,
  ...(run.finished_at !== null && { finishedAt: run.finished_at }),
  total: run.total,
  done: run.done,
  changed: run.changed,
});

const runNotFound = () => new DomainError("notFound", "There is no such run of rules.", { reason: "rule.runNotFound" });
