import { sql } from "kysely";
import { DomainError, isDomainError } from "@kontor/shared/base";
import { isMailAddress, mailLimits, type MailIntentArgs, type RuleAction } from "@kontor/shared/mail";
import { recordChanges, type Actor, type Database, type IntentOutcome, type Transaction } from "#kernel";
import type { RecordAccess } from "#objects";
import {
  mailboxForbidden,
  mayInMailbox,
  requireMailbox,
  type AccessibleMailbox,
  type MailReader,
} from "../mailboxes/mailbox.resource.ts";
import { jsonb, messageTables } from "../messages/messages.repo.ts";
import { requireAssignable } from "../messages/updateMessage.ts";
import { ruleTables } from "./rules.repo.ts";

export interface RuleDeps {
  readonly records: Pick<RecordAccess, "accessTo">;
}

/**
 * Makes a rule or writes it anew. A rule acts for as long as it stands, when nobody looks: whoever saves it may do now what it will do
 * then, and forwarding is sending.
 */
export async function saveRule(
  trx: Transaction,
  { id, args }: { readonly id: string; readonly args: MailIntentArgs<"rule.save"> },
  actor: Actor,
  deps: RuleDeps,
): Promise<IntentOutcome> {
  const known = await ruleTables(trx)
    .selectFrom("mail_rule")
    .select("mailbox_id")
    .where("id", "=", id)
    .forUpdate()
    .executeTakeFirst();
  // A rule stays in its mailbox.
  const mailboxId = known?.mailbox_id ?? args.mailboxId;
  const held = known ? await requireRuleMailbox(trx, actor, mailboxId) : await requireRules(trx, actor, mailboxId);
  for (const action of args.rule.actions) await requireAction(trx, actor, held, action, deps);
  if (!known) await requireRoom(trx, mailboxId);

  const { position, ...rule } = args.rule;
  const written = await ruleTables(trx)
    .insertInto("mail_rule")
    .values({ id, mailbox_id: mailboxId, position, rule: jsonb(rule), saved_by: actor.subject.id })
    .onConflict((conflict) =>
      conflict
        .column("id")
        .doUpdateSet({ position, rule: jsonb(rule), saved_by: actor.subject.id, rev: sql<number>`mail_rule.rev + 1` })
        .where("mail_rule.mailbox_id", "=", mailboxId),
    )
    .returning("id")
    .executeTakeFirst();
  if (!written) throw ruleNotFound(); // it was made in another mailbox meanwhile
  await recordChanges(trx, [{ collection: "mailRules", id }]);
  return { status: "applied" };
}

export async function deleteRule(
  trx: Transaction,
  { id }: { readonly id: string },
  actor: Actor,
): Promise<IntentOutcome> {
  const rule = await ruleTables(trx)
    .selectFrom("mail_rule")
    .select("mailbox_id")
    .where("id", "=", id)
    .forUpdate()
    .executeTakeFirst();
  if (!rule) return { status: "applied" };
  await requireRuleMailbox(trx, actor, rule.mailbox_id);
  await ruleTables(trx).deleteFrom("mail_rule").where("id", "=", id).execute();
  await recordChanges(trx, [{ collection: "mailRules", id }]);
  return { status: "applied" };
}

/** Rules are changed by whoever sorts the mailbox and sees them. */
export async function requireRules(
  db: Database | Transaction,
  actor: MailReader,
  mailboxId: string,
): Promise<AccessibleMailbox> {
  const held = await requireMailbox(db, actor, mailboxId, "edit");
  if (held.access.field("rules") !== "visible") throw mailboxForbidden("edit");
  return held;
}

/** The same of a rule that is there already: who does not see it does not learn that it is. */
async function requireRuleMailbox(trx: Transaction, actor: Actor, mailboxId: string): Promise<AccessibleMailbox> {
  return requireRules(trx, actor, mailboxId).catch((error: unknown) => {
    throw isDomainError(error) ? ruleNotFound() : error;
  });
}

async function requireAction(
  trx: Transaction,
  actor: Actor,
  { mailbox, access }: AccessibleMailbox,
  action: RuleAction,
  { records }: RuleDeps,
): Promise<void> {
  switch (action.do) {
    case "move":
      return requireTarget(trx, mailbox.id, action.folderId);
    case "forward":
      if (!isMailAddress(action.to)) throw invalid("rule.address", "This is not a mail address.");
      if (!mayInMailbox(access, "send")) throw mailboxForbidden("send");
      return;
    case "assign":
      return requireAssignable(trx, mailbox, action.userId);
    case "link":
      if (!(await records.accessTo(trx, actor, action.recordId)))
        throw new DomainError("notFound", "There is no such record.", { reason: "record.notFound" });
      return;
    default:
      return;
  }
}

async function requireTarget(trx: Transaction, mailboxId: string, folderId: string): Promise<void> {
  const folder = await messageTables(trx)
    .selectFrom("mail_folder")
    .select("role")
    .where("id", "=", folderId)
    .where("mailbox_id", "=", mailboxId)
    .executeTakeFirst();
  if (!folder)
    throw new DomainError("notFound", "There is no such folder in this mailbox.", { reason: "folder.notFound" });
  if (folder.role === "drafts" || folder.role === "outbox")
    throw invalid("rule.folder", "Messages that come in cannot lie there.");
}

async function requireRoom(trx: Transaction, mailboxId: string): Promise<void> {
  const { count } = await ruleTables(trx)
    .selectFrom("mail_rule")
    .select((e) => e.fn.countAll<number>().as("count"))
    .where("mailbox_id", "=", mailboxId)
    .executeTakeFirstOrThrow();
  if (count >= mailLimits.maxRules)
    throw invalid("rule.tooMany", `A mailbox has at most ${mailLimits.maxRules} rules.`);
}

const invalid = (reason: string, words: string) =>
  new DomainError("invalid", words, {
    reason,
    problems: [{ field: "rule", reason, message: words }],
  });

export const ruleNotFound = () => new DomainError("notFound", "There is no such rule.", { reason: "rule.notFound" });
