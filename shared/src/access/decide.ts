import type { Context, Decision, Subject } from "./access.model.ts";
import type { Attributes } from "./condition.decide.ts";
import type { Mask } from "./mask.ts";
import type { ActionPlan, ActionPlans } from "./plan.ts";

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
    return deny?.decision ?? NO_ALLOW;
  }
  return plan.allows.length > 0 ? NO_ALLOW : NO_POLICY;
}

const NO_ALLOW: Decision = { allowed: false, reason: "no-allow" };
const NO_POLICY: Decision = { allowed: false, reason: "no-policy" };

/** Every action needs `read` where the type has it, except bringing a record into being. */
export const needsRead = (plans: ActionPlans, action: string): boolean =>
  action !== "read" && action !== "create" && plans.has("read");

export function mayDo(
  plans: ActionPlans,
  subject: Subject,
  action: string,
  object: Attributes,
  context: Context,
): Decision {
  const plan = plans.get(action);
  if (!plan) return { allowed: false, reason: "unknown-action" };
  const decision = decide(plan, subject, object, context);
  if (!decision.allowed || !needsRead(plans, action)) return decision;
  const read = plans.get("read");
  if (!read || decide(read, subject, object, context).allowed) return decision;
  return { allowed: false, reason: "not-readable" };
}
