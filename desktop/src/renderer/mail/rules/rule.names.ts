import type { WordKey } from "../../words/index.ts";
import type { ActionKind, ConditionField } from "./rule.form.ts";
import type { RuleCondition } from "@kontor/shared/mail";

export const fieldWords = {
  from: "rules.field.from",
  to: "rules.field.to",
  cc: "rules.field.cc",
  recipient: "rules.field.recipient",
  subject: "rules.field.subject",
  text: "rules.field.text",
  list: "rules.field.list",
  attachmentName: "rules.field.attachmentName",
  hasAttachment: "rules.field.hasAttachment",
  internal: "rules.field.internal",
  size: "rules.field.size",
} as const satisfies Record<ConditionField, WordKey>;

export const testWords = {
  contains: "rules.test.contains",
  notContains: "rules.test.notContains",
  is: "rules.test.is",
  startsWith: "rules.test.startsWith",
  endsWith: "rules.test.endsWith",
  above: "rules.test.above",
  below: "rules.test.below",
} as const satisfies Record<RuleCondition["test"], WordKey>;

export const actionWords = {
  move: "rules.do.move",
  label: "rules.do.label",
  markSeen: "rules.do.markSeen",
  flag: "rules.do.flag",
  archive: "rules.do.archive",
  trash: "rules.do.trash",
  forward: "rules.do.forward",
  assign: "rules.do.assign",
  link: "rules.do.link",
} as const satisfies Record<ActionKind, WordKey>;
