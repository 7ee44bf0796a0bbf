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
  for (const { policy, test } of plan.wholeDenies) {
    if (test(subject, object, context) !== false) return { allowed: false, policyId: policy.id, reason: "denied" };
  }
  const allow = plan.allows.find(({ test }) => test(subject, object, context) === true);
  if (!allow) return { allowed: false, reason: plan.allows.length > 0 ? "no-allow" : "no-policy" };
  const granted: Decision = { allowed: true, policyId: allow.policy.id, reason: "allowed" };
  if (plan.sectionDenies.length === 0) return granted;
  if (maskFor(plan, subject, object, context).granted) return granted;
  const deny = plan.sectionDenies.find(({ test }) => test(subject, object, context) !== false);
  return { allowed: false, reason: "denied", ...(deny && { policyId: deny.policy.id }) };
}

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
