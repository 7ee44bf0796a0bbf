import type { Context, SqlPredicate, Subject } from "./access.model.ts";
import { conditionToPredicate, type FilterScope, junction, type Predicate, toSql } from "./condition.filter.ts";
import { coversSection, grantOf, sectionsOf } from "./mask.ts";
import type { ActionPlan, ActionPlans, CompiledPolicy } from "./plan.ts";
import { sql, toPredicate } from "./sql.fragment.ts";

export interface FilterQuestion {
  readonly subject: Subject;
  readonly action: string;
  readonly context: Context;
  readonly field?: string | undefined;
}

/** POL-4: the rows that `may` allows; with a field, those where the field is plain both to this action and to `read`. */
export const filterPlans = (plans: ActionPlans, question: FilterQuestion): SqlPredicate =>
  toPredicate(toSql(predicateOf(plans, question)));

/** Whether the predicate is more than FALSE, found without knowing where anything is stored. */
export function isPossible(plans: ActionPlans, question: FilterQuestion): boolean {
  const predicate = predicateOf(plans, question, NOWHERE);
  return !("constant" in predicate && predicate.constant !== true);
}

const NOWHERE = () => ({ sql: "NULL", kind: "jsonb" }) as const;

function predicateOf(plans: ActionPlans, question: FilterQuestion, attributeSql?: typeof NOWHERE): Predicate {
  const plan = plans.get(question.action);
  if (!plan) return { constant: false };
  const type = attributeSql ? { ...plan.type, attributeSql } : plan.type;
  const scope: FilterScope = { subject: question.subject, context: question.context, type };
  const own = actionPredicate(plan, scope, question.field);
  return plan.read ? junction("and", [actionPredicate(plan.read, scope, question.field), own]) : own;
}

function actionPredicate(plan: ActionPlan, scope: FilterScope, field: string | undefined): Predicate {
  const granted = field === undefined ? someSectionLeft(plan, scope) : fieldLeft(plan, scope, field);
  return junction("and", [...plan.wholeDenies.map((deny) => doesNotApply(deny, scope)), granted]);
}

function someSectionLeft(plan: ActionPlan, scope: FilterScope): Predicate {
  if (plan.sectionDenies.length === 0) return someApplies(plan.allows, scope);
  const sectionsByPolicies = new Map<string, string>();
  for (const section of sectionsOf(plan.type)) {
    const concerning = [...plan.allows, ...plan.sectionDenies].filter(({ policy }) => coversSection(policy, section));
    sectionsByPolicies.set(JSON.stringify(concerning.map(({ policy }) => policy.id)), section);
  }
  // Sections of which the same policies speak are open or closed together.
  const sections = [...sectionsByPolicies.values()];
  return junction(
    "or",
    sections.map((section) => sectionLeft(plan, scope, section, plan.allows)),
  );
}

function fieldLeft(plan: ActionPlan, scope: FilterScope, field: string): Predicate {
  const section = Object.keys(plan.type.sections).find((name) => plan.type.sections[name]?.includes(field));
  if (section === undefined) return { constant: false };
  const plain = plan.allows.filter(({ policy }) => grantOf(policy, `${section}.${field}`) === "visible");
  return sectionLeft(plan, scope, section, plain);
}

function sectionLeft(
  plan: ActionPlan,
  scope: FilterScope,
  section: string,
  allows: readonly CompiledPolicy[],
): Predicate {
  const covers = ({ policy }: CompiledPolicy) => coversSection(policy, section);
  const denies = plan.sectionDenies.filter(covers).map((deny) => doesNotApply(deny, scope));
  return junction("and", [...denies, someApplies(allows.filter(covers), scope)]);
}

/** An allow applies when its condition is true (POL-3). */
function someApplies(allows: readonly CompiledPolicy[], scope: FilterScope): Predicate {
  const predicates = allows.map((allow) => conditionOf(allow, scope));
  return junction(
    "or",
    predicates.map((predicate) => ("constant" in predicate ? { constant: predicate.constant === true } : predicate)),
  );
}

/** A deny applies unless its condition is false (POL-3). */
function doesNotApply(deny: CompiledPolicy, scope: FilterScope): Predicate {
  const predicate = conditionOf(deny, scope);
  if ("constant" in predicate) return { constant: predicate.constant === false };
  return { sql: sql`(${predicate.sql} IS FALSE)` };
}

const conditionOf = ({ condition }: CompiledPolicy, scope: FilterScope): Predicate =>
  condition ? conditionToPredicate(condition, scope) : { constant: true };
