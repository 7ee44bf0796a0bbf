import type { Context, FieldAccess, Policy, Subject } from "./access.model.ts";
import type { Attributes } from "./condition.decide.ts";
import { coversSection, grantOf } from "./mask.ts";
import type { ActionPlan } from "./plan.ts";

/**
 * Which policy keeps an action, or a field, from somebody: what `explain` names as `decidedBy`, cheap enough to be asked
 * for every row that is sent. Where none of the allows applied it is the first of those that name whom to ask; without
 * one, nothing is named (POL-5).
 */
export function refusedBy(
  plan: ActionPlan,
  subject: Subject,
  object: Attributes,
  context: Context,
  field?: string,
): string | undefined {
  const whole = plan.wholeDenies.find(({ test }) => test(subject, object, context) !== false);
  if (whole) return whole.policy.id;
  const section = field === undefined ? undefined : sectionOf(plan, field);
  const covers = (policy: Policy) => section === undefined || coversSection(policy, section);
  const deny = plan.sectionDenies.find(
    ({ policy, test }) => covers(policy) && test(subject, object, context) !== false,
  );
  const allows = plan.allows.filter(({ policy }) => covers(policy));
  if (deny && (section !== undefined || allows.some(({ test }) => test(subject, object, context) === true)))
    return deny.policy.id;
  const masking =
    field !== undefined &&
    allows.find(({ policy, test }) => masks(policy, section, field) && test(subject, object, context) === true);
  if (masking) return masking.policy.id;
  return allows.find(({ policy }) => policy.contact !== undefined)?.policy.id;
}

const sectionOf = (plan: ActionPlan, field: string): string | undefined =>
  Object.keys(plan.type.sections).find((section) => plan.type.sections[section]?.includes(field));

const masks = (policy: Policy, section: string | undefined, field: string): boolean => {
  const access: FieldAccess = policy.mask === undefined ? "visible" : grantOf(policy, `${section}.${field}`);
  return access !== "visible";
};
