import {
  ruleFields,
  ruleSchema,
  ruleTests,
  type RuleAction,
  type RuleCondition,
  type RuleDoc,
} from "@kontor/shared/mail";

/** A rule without where it stands. */
export type Rule = Omit<RuleDoc, "id" | "mailboxId">;

export type ConditionField = RuleCondition["field"];
export const conditionFields: readonly ConditionField[] = [...ruleFields, "hasAttachment", "internal", "size"];
export type ActionKind = RuleAction["do"];
export const actionKinds: readonly ActionKind[] = [
  "move",
  "label",
  "markSeen",
  "flag",
  "archive",
  "trash",
  "forward",
  "assign",
  "link",
];

const MB = 1_000_000;

export const newCondition = (field: ConditionField): RuleCondition => {
  if (field === "size") return { field, test: "above", value: 5 * MB };
  if (field === "hasAttachment" || field === "internal") return { field, test: "is", value: true };
  return { field, test: "contains", value: "" };
};

/** What was typed stays when only the field is another one. */
export function withField(condition: RuleCondition, field: ConditionField): RuleCondition {
  const next = newCondition(field);
  if (typeof next.value !== typeof condition.value) return next;
  return { ...next, test: condition.test, value: condition.value } as RuleCondition;
}

export const testsOf = ({ field }: RuleCondition): readonly RuleCondition["test"][] => {
  if (field === "size") return ["above", "below"];
  return field === "hasAttachment" || field === "internal" ? ["is"] : ruleTests;
};

export const newAction = (kind: ActionKind): RuleAction => {
  switch (kind) {
    case "move":
      return { do: kind, folderId: "" };
    case "label":
      return { do: kind, label: "" };
    case "forward":
      return { do: kind, to: "" };
    case "assign":
      return { do: kind, userId: "" };
    case "link":
      return { do: kind, recordId: "" };
    default:
      return { do: kind };
  }
};

export const newRule = (position: number): Rule => ({
  name: "",
  enabled: true,
  position,
  match: "all",
  conditions: [newCondition("from")],
  actions: [newAction("move")],
  stop: false,
});

export const ruleOf = ({ actions, conditions, enabled, match, name, position, stop }: RuleDoc): Rule => ({
  name,
  enabled,
  position,
  match,
  conditions,
  actions,
  stop,
});

export type RuleProblem = "name" | "condition" | "noAction" | "action" | "tooMuch";

/** What is missing, the first thing from the top. */
export function problemOf(rule: Rule): RuleProblem | undefined {
  if (rule.name.trim() === "") return "name";
  if (rule.conditions.some(({ value }) => value === "")) return "condition";
  if (rule.actions.length === 0) return "noAction";
  if (rule.actions.some(isUnfinished)) return "action";
  return ruleSchema.safeParse(rule).success ? undefined : "tooMuch";
}

const isUnfinished = (action: RuleAction): boolean => Object.values(action).some((value) => value === "");

/** The order after one moved by a step: only those that change their place are written. */
export function moved(
  rules: readonly RuleDoc[],
  id: string,
  step: 1 | -1,
): readonly { readonly id: string; readonly rule: Rule }[] {
  const from = rules.findIndex((rule) => rule.id === id);
  const to = from + step;
  const one = rules[from];
  const other = rules[to];
  if (!one || !other) return [];
  const order = [...rules];
  order[from] = other;
  order[to] = one;
  // By their index, since positions may be equal when two people added rules at the same time.
  return order.flatMap((rule, position) =>
    rule.position === position ? [] : [{ id: rule.id, rule: { ...ruleOf(rule), position } }],
  );
}
