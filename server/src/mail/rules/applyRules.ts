import { sql } from "kysely";
import { newId } from "@kontor/shared/base";
import { addressKey, type FolderRole } from "@kontor/shared/mail";
import type { Transaction } from "#kernel";
import { findMailboxes, type MailboxRow } from "../mailboxes/mailboxes.repo.ts";
import { insertLinks } from "../messages/linkRecord.ts";
import { heldColumns, type HeldMessage } from "../messages/message.access.ts";
import { messageTables } from "../messages/messages.repo.ts";
import { changeMessage } from "../messages/updateMessage.ts";
import type { MessageExtras, MessagePeople } from "../mime/parsedMessage.ts";
import { findRulesOf, ruleToDoc, type RuleRow } from "./rules.repo.ts";
import { runRules, type RuleDecision, type RuleFacts } from "./runRules.ts";

/** Sends a message on in the name of whoever saved the rule, in the transaction in which the rule took it. */
export type ForwardMessage = (
  trx: Transaction,
  forward: {
    readonly mailboxId: string;
    /** The message in this mailbox. */
    readonly sourceId: string;
    readonly to: readonly string[];
    readonly by: string;
    readonly at: string;
  },
) => Promise<void>;

export interface ApplyDeps {
  /** Absent: messages lie there already, and nobody expects to get them now. */
  readonly forward?: ForwardMessage;
}

export interface RuleTarget {
  readonly id: string;
  /** The addresses by which it came. Absent: those that it names. */
  readonly recipients?: readonly string[];
}

/**
 * Runs a mailbox's rules on messages that lie in it, and does what they decide: as if somebody with the right to had done it, so
 * a provider hears of it as well. What a rule names and is no more (a folder, a member, a record) is left out. Returns how many
 * messages changed.
 */
export async function applyRules(
  trx: Transaction,
  deps: ApplyDeps,
  {
    mailboxId,
    messages,
    at,
    ruleId,
  }: {
    readonly mailboxId: string;
    readonly messages: readonly RuleTarget[];
    readonly at: string;
    /** Absent: all of them. */
    readonly ruleId?: string;
  },
): Promise<number> {
  const all = await findRulesOf(trx, [mailboxId]);
  // One that is run by hand runs also while it is off.
  const rules = ruleId === undefined ? all : all.filter(({ id }) => id === ruleId).map(switchedOn);
  if (!rules.some(({ rule }) => rule.enabled) || messages.length === 0) return 0;
  const [mailbox] = await findMailboxes(trx, [mailboxId]);
  if (!mailbox) return 0;
  const folders = await readFolders(trx, mailboxId);
  const found = await holdFacts(trx, mailboxId, messages);
  const docs = rules.map(ruleToDoc);
  let changed = 0;
  for (const { message, facts } of found) {
    const decision = runRules(docs, facts);
    if (decision.ruleIds.length === 0) continue;
    if (await carryOut(trx, deps, { message, mailbox, folders, rules, decision, at })) changed++;
  }
  return changed;
}

const switchedOn = (row: RuleRow): RuleRow => ({ ...row, rule: { ...row.rule, enabled: true } });

/* ---------- what is decided ---------- */

type Folders = readonly { readonly id: string; readonly role: FolderRole | null; readonly trashed_at: string | null }[];

interface Task {
  readonly message: HeldMessage;
  readonly mailbox: MailboxRow;
  readonly folders: Folders;
  readonly rules: readonly RuleRow[];
  readonly decision: RuleDecision;
  readonly at: string;
}

async function carryOut(trx: Transaction, deps: ApplyDeps, task: Task): Promise<boolean> {
  const { message, mailbox, folders, decision, at } = task;
  const folderId = targetOf(folders, decision.folder);
  const assigneeId = await stillMember(trx, mailbox, decision.assigneeId);
  const isChanged = await changeMessage(
    trx,
    { message, mailbox },
    {
      ...(decision.seen && { seen: true }),
      ...(decision.flagged && { flagged: true }),
      ...(decision.labels.length > 0 && { addLabels: [...decision.labels] }),
      ...(folderId !== undefined && { folderId }),
      ...(assigneeId !== undefined && { assigneeId }),
    },
    at,
  );
  const recordIds = await stillThere(trx, decision.recordIds);
  await insertLinks(
    trx,
    recordIds.map((recordId) => ({
      id: newId(),
      mailboxId: mailbox.id,
      threadId: message.thread_id,
      recordId,
      how: "rule",
      at,
    })),
  );
  await forwardOn(trx, deps, task);
  return isChanged || recordIds.length > 0;
}

/** Where a folder that a rule names is gone, or lies in the trash, the message stays where it is. */
function targetOf(folders: Folders, target: RuleDecision["folder"]): string | undefined {
  if (!target) return undefined;
  const found = folders.find((folder) => ("id" in target ? folder.id === target.id : folder.role === target.role));
  return found?.trashed_at === null ? found.id : undefined;
}

async function stillMember(
  trx: Transaction,
  mailbox: MailboxRow,
  userId: string | undefined,
): Promise<string | undefined> {
  if (userId === undefined) return undefined;
  if (mailbox.owner_id !== userId && !mailbox.members.some((member) => member.userId === userId)) return undefined;
  const { rows } = await sql`select from app_user where id = ${userId} and state = 'active'`.execute(trx);
  return rows.length > 0 ? userId : undefined;
}

async function stillThere(trx: Transaction, recordIds: readonly string[]): Promise<readonly string[]> {
  if (recordIds.length === 0) return [];
  const { rows } = await sql<{ id: string }>`
    select id from record where id = any(${recordIds}::uuid[]) and deleted_at is null for key share`.execute(trx);
  return rows.map(({ id }) => id);
}

/**
 * Two mailboxes that forward to each other would send one message round for ever. Sent on, it keeps its Message-ID: one that was in
 * this mailbox before is not sent on again.
 */
async function forwardOn(trx: Transaction, { forward }: ApplyDeps, task: Task): Promise<void> {
  const { message, mailbox, rules, decision, at } = task;
  if (!forward || decision.forwardTo.length === 0) return;
  const own = new Set([mailbox.address, ...mailbox.addresses].map(addressKey));
  const to = decision.forwardTo.filter((address) => !own.has(addressKey(address)));
  if (to.length === 0 || (await wasHereBefore(trx, message))) return;
  for (const address of to) {
    const rule = rules.find(
      ({ id, rule }) =>
        decision.ruleIds.includes(id) && rule.actions.some((each) => each.do === "forward" && each.to === address),
    );
    if (rule) await forward(trx, { mailboxId: mailbox.id, sourceId: message.id, to: [address], by: rule.saved_by, at });
  }
}

async function wasHereBefore(trx: Transaction, { id, mailbox_id, content_id }: HeldMessage): Promise<boolean> {
  const { rows } = await sql`
    select from mail_content this
    join mail_content same on same.message_id = this.message_id
    join mail_message before on before.content_id = same.id
    where this.id = ${content_id} and before.mailbox_id = ${mailbox_id} and before.id <> ${id} and before.send_state is null
    limit 1`.execute(trx);
  return rows.length > 0;
}

/* ---------- what is asked ---------- */

const readFolders = (trx: Transaction, mailboxId: string): Promise<Folders> =>
  messageTables(trx)
    .selectFrom("mail_folder")
    .select(["id", "role", "trashed_at"])
    .where("mailbox_id", "=", mailboxId)
    .execute();

/** Messages that leave, or that left, are not what rules are for. */
async function holdFacts(
  trx: Transaction,
  mailboxId: string,
  targets: readonly RuleTarget[],
): Promise<readonly { readonly message: HeldMessage; readonly facts: RuleFacts }[]> {
  const messages = await messageTables(trx)
    .selectFrom("mail_message")
    .select(heldColumns)
    .where("mailbox_id", "=", mailboxId)
    .where(
      "id",
      "in",
      targets.map(({ id }) => id),
    )
    .where("send_state", "is", null)
    .orderBy("id")
    .forUpdate()
    .execute();
  const contents = await readContents(
    trx,
    messages.map(({ content_id }) => content_id),
  );
  const recipients = new Map(targets.map((target) => [target.id, target.recipients]));
  return messages.flatMap((message) => {
    const content = contents.get(message.content_id);
    return content ? [{ message, facts: factsOf(content, recipients.get(message.id)) }] : [];
  });
}

interface ContentFacts {
  readonly id: string;
  readonly people: MessagePeople;
  readonly subject: string;
  readonly body_text: string;
  readonly extras: MessageExtras;
  readonly raw_size: number;
  readonly internal: boolean;
  readonly names: readonly string[];
}

async function readContents(trx: Transaction, ids: readonly string[]): Promise<ReadonlyMap<string, ContentFacts>> {
  if (ids.length === 0) return new Map();
  const rows = await messageTables(trx)
    .selectFrom("mail_content")
    .select(["id", "people", "subject", "body_text", "extras", "raw_size"])
    .select([
      sql<boolean>`coalesce((authenticity->>'internal')::boolean, false)`.as("internal"),
      sql<readonly string[]>`array(
        select name from file where mail_content_id = mail_content.id and not inline and deleted_at is null
        order by part_position)`.as("names"),
    ])
    .where("id", "in", ids)
    .execute();
  return new Map(rows.map((row) => [row.id, row]));
}

const factsOf = (content: ContentFacts, recipients: readonly string[] | undefined): RuleFacts => ({
  from: content.people.from,
  to: content.people.to,
  cc: content.people.cc,
  recipients: recipients ?? [...content.people.to, ...content.people.cc].map(({ address }) => address),
  subject: content.subject,
  text: content.body_text,
  list: content.extras.list?.id,
  attachmentNames: content.names,
  size: content.raw_size,
  internal: content.internal,
});
