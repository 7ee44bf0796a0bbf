import type { Context, Decision, Subject } from "./access.model.ts";
import type { Attributes } from "./condition.decide.ts";
import type { Mask } from "./mask.ts";
import type { ActionPlan } from "./plan.ts";
import type { View } from "./specialise.ts";

/** What this action leaves of the resource: the hot path. */
export function maskFor(plan: ActionPlan, subject: Subject, object: Attributes, context: Context): Mask {
  for (const deny of plan.wholeDenies) {
    if (deny.test(subject, object, context) !== false) return plan.masks.denied;
  }
  let node = plan.masks.root();
  for (const deny of plan.sectionDenies) {
    if (deny.test(subject, object, context) !== false) node = node.with(deny.policy);
  }
  for (const allow of plan.allows) {
    if (allow.test(subject, object, context) === true) node = node.with(allow.policy);
  }
  return node.mask;
}

/** The answer alone, with the policy that gave it; stops at the first that settles it. */
export function decide(plan: ActionPlan, subject: Subject, object: Attributes, context: Context): Decision {
  for (const deny of plan.wholeDenies) {
    if (deny.test(subject, object, context) !== false) return deny.decision;
  }
  for (const allow of plan.allows) {
    if (allow.test(subject, object, context) !== true) continue;
    if (plan.sectionDenies.length === 0) return allow.decision;
    if (maskFor(plan, subject, object, context).granted) return allow.decision;
    const deny = plan.sectionDenies.find(({ test }) => test(subject, object, context) !== false);
    return deny?.decision ?? plan.none;
  }
  return plan.none;
}

export const UNKNOWN_ACTION: Decision = { allowed: false, reason: "unknown-action" };
export const UNKNOWN_TYPE: Decision = { allowed: false, reason: "unknown-type" };
const NOT_READABLE: Decision = { allowed: false, reason: "not-readable" };

/** With what the action needs besides its own policies. */
export function mayDo(plan: ActionPlan, view: View, subject: Subject, object: Attributes, context: Context): Decision {
  const decision = decide(view.planFor(plan), subject, object, context);
  if (!decision.allowed || plan.read === undefined) return decision;
  const read = decide(view.planFor(plan.read), subject, object, context);
  return read.allowed ? decision : NOT_READABLE;
}
