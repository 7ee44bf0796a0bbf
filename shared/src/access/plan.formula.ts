import type { Formula, Formulas } from "./condition.formula.ts";
import { coversSection, sectionsOf } from "./mask.ts";
import type { ActionPlan, CompiledPolicy } from "./plan.ts";

/** When an action is allowed, with what it needs besides its own policies: what `mayDo` finds out policy by policy. */
export function allowedBy(plan: ActionPlan, formulas: Formulas): Formula {
  const own = formulas.and([noneApplies(plan.wholeDenies, formulas), someSectionLeft(plan, formulas)]);
  return plan.read ? formulas.and([allowedBy(plan.read, formulas), own]) : own;
}

function someSectionLeft(plan: ActionPlan, formulas: Formulas): Formula {
  if (plan.sectionDenies.length === 0) return someApplies(plan.allows, formulas);
  const sections = sectionsOf(plan.type).map((section) => {
    const covers = ({ policy }: CompiledPolicy) => coversSection(policy, section);
    return formulas.and([
      noneApplies(plan.sectionDenies.filter(covers), formulas),
      someApplies(plan.allows.filter(covers), formulas),
    ]);
  });
  return formulas.or(sections);
}

/** An allow applies when its condition is true (POL-3). */
const someApplies = (allows: readonly CompiledPolicy[], formulas: Formulas): Formula =>
  formulas.or(allows.map(({ condition }) => (condition ? formulas.ofCondition(condition, true) : true)));

/** A deny applies unless its condition is false (POL-3). */
const noneApplies = (denies: readonly CompiledPolicy[], formulas: Formulas): Formula =>
  formulas.and(denies.map(({ condition }) => (condition ? formulas.ofCondition(condition, false) : false)));
