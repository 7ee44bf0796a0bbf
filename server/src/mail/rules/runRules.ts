import type { FolderRole, MailAddress, RuleCondition, RuleDoc } from "@kontor/shared/mail";

/** What rules may ask of a message. */
export interface RuleFacts {
  readonly from: readonly MailAddress[];
  readonly to: readonly MailAddress[];
  readonly cc: readonly MailAddress[];
  /** The addresses by which it came into this mailbox; of a message that lies there already, those that it names. */
  readonly recipients: readonly string[];
  readonly subject: string;
  readonly text: string;
  /** List-Id (RFC 2919). */
  readonly list: string | undefined;
  /** Without the pictures that the text shows. */
  readonly attachmentNames: readonly string[];
  readonly size: number;
  readonly internal: boolean;
}

/** What is to be done with it. */
export interface RuleDecision {
  /** Absent: it stays where it is. */
  readonly folder?: { readonly id: string } | { readonly role: FolderRole };
  readonly seen: boolean;
  readonly flagged: boolean;
  readonly labels: readonly string[];
  readonly assigneeId?: string;
  readonly recordIds: readonly string[];
  readonly forwardTo: readonly string[];
  /** The rules that took it, in their order. */
  readonly ruleIds: readonly string[];
}

export const NOTHING_DECIDED: RuleDecision = {
  seen: false,
  flagged: false,
  labels: [],
  recordIds: [],
  forwardTo: [],
  ruleIds: [],
};

/**
 * Runs rules in their order, each on the message as it came: what one of them decides does not change what the next one sees. Of
 * several folders the last one stands, and marks add up. A rule without conditions takes every message.
 */
export function runRules(rules: readonly Omit<RuleDoc, "mailboxId">[], facts: RuleFacts): RuleDecision {
  let decision = NOTHING_DECIDED;
  for (const rule of rules.toSorted((a, b) => a.position - b.position || (a.id < b.id ? -1 : 1))) {
    if (!rule.enabled || !takes(rule, facts)) continue;
    for (const action of rule.actions) decision = decided(decision, action);
    decision = { ...decision, ruleIds: [...decision.ruleIds, rule.id] };
    if (rule.stop) break;
  }
  return decision;
}

function decided(before: RuleDecision, action: RuleDoc["actions"][number]): RuleDecision {
  switch (action.do) {
    case "move":
      return { ...before, folder: { id: action.folderId } };
    case "archive":
    case "trash":
      return { ...before, folder: { role: action.do } };
    case "markSeen":
      return { ...before, seen: true };
    case "flag":
      return { ...before, flagged: true };
    case "label":
      return { ...before, labels: added(before.labels, action.label) };
    case "assign":
      return { ...before, assigneeId: action.userId };
    case "link":
      return { ...before, recordIds: added(before.recordIds, action.recordId) };
    case "forward":
      return { ...before, forwardTo: added(before.forwardTo, action.to) };
  }
}

const added = (list: readonly string[], item: string): readonly string[] =>
  list.includes(item) ? list : [...list, item];

/* ---------- conditions ---------- */

function takes({ match, conditions }: Pick<RuleDoc, "match" | "conditions">, facts: RuleFacts): boolean {
  if (conditions.length === 0) return true;
  const holds = (condition: RuleCondition) => isTrue(condition, facts);
  return match === "all" ? conditions.every(holds) : conditions.some(holds);
}

function isTrue(condition: RuleCondition, facts: RuleFacts): boolean {
  switch (condition.field) {
    case "hasAttachment":
      return facts.attachmentNames.length > 0 === condition.value;
    case "internal":
      return facts.internal === condition.value;
    case "size":
      return condition.test === "above" ? facts.size > condition.value : facts.size < condition.value;
    default:
      return isTextTrue(condition.test, folded(condition.value), textsOf(condition.field, facts).map(folded));
  }
}

type TextField = Extract<RuleCondition, { readonly value: string }>["field"];

/** Each person is three texts: the address, the name, and both as they are written. */
function textsOf(field: TextField, facts: RuleFacts): readonly string[] {
  switch (field) {
    case "from":
    case "to":
    case "cc":
      return facts[field].flatMap(({ address, name }) =>
        name === undefined ? [address] : [address, name, `${name} <${address}>`],
      );
    case "recipient":
      return facts.recipients;
    case "attachmentName":
      return facts.attachmentNames;
    case "list":
      return facts.list === undefined ? [] : [facts.list];
    default:
      return [facts[field]];
  }
}

/** One of the texts is enough; "does not contain" is said of all of them. */
function isTextTrue(
  test: Extract<RuleCondition, { readonly value: string }>["test"],
  value: string,
  texts: readonly string[],
): boolean {
  switch (test) {
    case "contains":
      return texts.some((text) => text.includes(value));
    case "notContains":
      return !texts.some((text) => text.includes(value));
    case "is":
      return texts.includes(value);
    case "startsWith":
      return texts.some((text) => text.startsWith(value));
    case "endsWith":
      return texts.some((text) => text.endsWith(value));
  }
}

/** As people compare: without case, full-width letters, and the dots of ё. */
const folded = (text: string): string => text.normalize("NFKC").toLowerCase().replaceAll("ё", "е").trim();
