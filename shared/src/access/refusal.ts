import type { Context, FieldAccess, Policy, Subject } from "./access.model.ts";
import type { Attributes } from "./condition.decide.ts";
import { coversSection, grantOf } from "./mask.ts";
import type { ActionPlan, CompiledPolicy } from "./plan.ts";

/**
 * Which policy keeps an action, or a field, from somebody: what `explain` names as `decidedBy`, cheap enough to be asked
 * for every row that is sent; of several that stand against it, one. Where none of the allows applied it is the first of those that name whom to ask; without
 * one, nothing is named (POL-5).
 */
export function refusedBy(
  plan: ActionPlan,
  subject: Subject,
  object: Attributes,
  context: Context,
  field?: string,
): string | undefined {
  const { wholeDenies, sectionDenies, allows: all } = byId(plan);
  const whole = wholeDenies.find(({ test }) => test(subject, object, context) !== false);
  if (whole) return whole.policy.id;
  const section = field === undefined ? undefined : sectionOf(plan, field);
  const covers = (policy: Policy) => section === undefined || coversSection(policy, section);
  const deny = sectionDenies.find(({ policy, test }) => covers(policy) && test(subject, object, context) !== false);
  const allows = all.filter(({ policy }) => covers(policy));
  if (deny && (section !== undefined || allows.some(({ test }) => test(subject, object, context) === true)))
    return deny.policy.id;
  const masking =
    field !== undefined &&
    allows.find(({ policy, test }) => masks(policy, section, field) && test(subject, object, context) === true);
  if (masking) return masking.policy.id;
  return allows.find(({ policy }) => policy.contact !== undefined)?.policy.id;
}

/** Of several that would do, always the same one: a record's projection must not depend on the order of policies (POL-2). */
const sorted = new WeakMap<ActionPlan, Named>();
type Named = Pick<ActionPlan, "wholeDenies" | "sectionDenies" | "allows">;
function byId(plan: ActionPlan): Named {
  const known = sorted.get(plan);
  if (known) return known;
  const sort = (policies: readonly CompiledPolicy[]) =>
    policies.toSorted((a, b) => (a.policy.id < b.policy.id ? -1 : 1));
  const made = {
    wholeDenies: sort(plan.wholeDenies),
    sectionDenies: sort(plan.sectionDenies),
    allows: sort(plan.allows),
  };
  sorted.set(plan, made);
  return made;
}

const sectionOf = (plan: ActionPlan, field: string): string | undefined =>
  Object.keys(plan.type.sections).find((section) => plan.type.sections[section]?.includes(field));

const masks = (policy: Policy, section: string | undefined, field: string): boolean => {
  const access: FieldAccess = policy.mask === undefined ? "visible" : grantOf(policy, `${section}.${field}`);
  return access !== "visible";
};
