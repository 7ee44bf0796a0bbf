import type { Context, Subject } from "./access.model.ts";
import { compileCondition, type Test } from "./condition.decide.ts";
import { type Known, residualOf } from "./condition.residual.ts";
import { type ActionPlan, always, type CompiledPolicy } from "./plan.ts";

/**
 * Plans for one subject in one context: what does not depend on the record is decided once, policies that can never apply
 * are left out, and the values stand in the conditions. They answer as the plans they are made of, policy by policy and
 * in the same order. Making one costs some dozen decisions, so it is made for whoever goes on asking.
 */
export interface Specialiser {
  /** The plan itself, or one that answers the same for this subject in this context at any time. */
  planFor(plan: ActionPlan, subject: Subject, context: Context): ActionPlan;
}

/** A page of a list is less, a batch of the feed is more. */
const QUESTIONS_BEFORE = 64;

interface View {
  context: Context;
  asked: number;
  plans: (ActionPlan | undefined)[];
  /** A policy stands in the plans of several actions. */
  policies: Map<CompiledPolicy, readonly CompiledPolicy[]>;
}

export function createSpecialiser(): Specialiser {
  const views = new WeakMap<Subject, View>();
  return {
    planFor(plan, subject, context) {
      const view = views.get(subject);
      if (view === undefined) {
        views.set(subject, { context, asked: 1, plans: [], policies: new Map() });
        return plan;
      }
      if (view.context !== context && !isSameButTime(view.context, context)) {
        view.context = context;
        view.asked = 1;
        view.plans = [];
        view.policies = new Map();
        return plan;
      }
      const known = view.plans[plan.index];
      if (known !== undefined) return known;
      if (view.asked < QUESTIONS_BEFORE) {
        view.asked += 1;
        return plan;
      }
      const made = specialised(plan, view.policies, { subject, context });
      view.plans[plan.index] = made;
      return made;
    },
  };
}

function isSameButTime(a: Context, b: Context): boolean {
  return (
    a.channel === b.channel &&
    a.ip === b.ip &&
    a.deviceId === b.deviceId &&
    a.deviceTrusted === b.deviceTrusted &&
    a.factorLevel === b.factorLevel &&
    a.secondFactorAt === b.secondFactorAt &&
    a.offline === b.offline
  );
}

function specialised(plan: ActionPlan, made: View["policies"], known: Known): ActionPlan {
  const ofAll = (policies: readonly CompiledPolicy[]) =>
    policies.flatMap((policy) => {
      const own = made.get(policy) ?? specialisedPolicy(policy, known);
      made.set(policy, own);
      return own;
    });
  return {
    ...plan,
    wholeDenies: ofAll(plan.wholeDenies),
    sectionDenies: ofAll(plan.sectionDenies),
    allows: ofAll(plan.allows),
  };
}

/** Empty for a policy that cannot apply to any record: an allow that is not true, a deny that is false (POL-3). */
function specialisedPolicy(compiled: CompiledPolicy, known: Known): readonly CompiledPolicy[] {
  const { condition, policy } = compiled;
  if (!condition) return [compiled];
  const residual = residualOf(condition, known);
  if ("node" in residual) return [{ ...compiled, test: compileCondition(residual.node) }];
  const applies = policy.effect === "allow" ? residual.constant === true : residual.constant !== false;
  return applies ? [{ ...compiled, test: residual.constant ? always : unknown }] : [];
}

const unknown: Test = () => undefined;
