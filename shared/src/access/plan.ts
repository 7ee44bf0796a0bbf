import type { AttributeKind, Decision, Policy, ResourceType } from "./access.model.ts";
import { bindCondition, type ConditionNode, type Fault } from "./condition.bind.ts";
import { compileCondition, type Test } from "./condition.decide.ts";
import { isWhole } from "./mask.ts";
import { MaskTree } from "./mask.tree.ts";
import { concerns, coversAction, faultsToText } from "./policy.parse.ts";

/** The policies of one type and one action, compiled. Which of them apply decides everything else, so masks are looked up by it. */
export interface ActionPlan {
  readonly type: ResourceType;
  readonly action: string;
  readonly wholeDenies: readonly CompiledPolicy[];
  readonly sectionDenies: readonly CompiledPolicy[];
  readonly allows: readonly CompiledPolicy[];
  readonly masks: MaskTree;
  /** The answer where no policy applies. */
  readonly none: Decision;
  /** The plan of `read` where this action needs it as well. */
  readonly read: ActionPlan | undefined;
  /** Different for all plans of an engine. */
  readonly index: number;
}

export interface CompiledPolicy {
  readonly policy: Policy;
  /** Absent: always. */
  readonly condition: ConditionNode | undefined;
  readonly test: Test;
  /** What is answered where this policy decides: made once, since it is answered millions of times. */
  readonly decision: Decision;
}

export type ActionPlans = ReadonlyMap<string, ActionPlan>;

export const always: Test = () => true;

/** By type, then by action; throws when a policy does not fit the types, which `parsePolicies` would have said. */
export function compilePlans(
  policies: readonly Policy[],
  resources: readonly ResourceType[],
  subjectAttributes: Readonly<Record<string, AttributeKind>>,
): ReadonlyMap<string, ActionPlans> {
  const plansByType = new Map<string, ActionPlans>();
  let index = 0;
  for (const type of resources) {
    if (plansByType.has(type.name)) throw new Error(`two resource types are named "${type.name}"`);
    checkFieldsAreUnique(type);
    const concerning = policies.filter((policy) => concerns(policy, type));
    const compiled = concerning.map((policy) => compilePolicy(policy, type, subjectAttributes));
    const plans = new Map<string, ActionPlan>();
    const readFirst = type.actions.toSorted((a, b) => Number(b === "read") - Number(a === "read"));
    for (const action of readFirst) {
      const read = needsRead(action) ? plans.get("read") : undefined;
      plans.set(action, planOf({ type, action, compiled, read, index: (index += 1) }));
    }
    plansByType.set(type.name, plans);
  }
  return plansByType;
}

function compilePolicy(
  policy: Policy,
  type: ResourceType,
  subjectAttributes: Readonly<Record<string, AttributeKind>>,
): CompiledPolicy {
  const decision = decisionOf(policy);
  if (policy.when === undefined) return { policy, condition: undefined, test: always, decision };
  const faults: Fault[] = [];
  const condition = bindCondition(policy.when, { type, subjectAttributes }, ".when", faults);
  if (!condition) throw new Error(`policy "${policy.id}" cannot be used: ${faultsToText(faults)}`);
  return { policy, condition, test: compileCondition(condition), decision };
}

/** Each policy once, however many actions it speaks of. */
export const conditionsOfPlans = (plans: ActionPlans): ReadonlyMap<Policy, ConditionNode | undefined> =>
  new Map([...plans.values()].flatMap(policiesOf).map(({ policy, condition }) => [policy, condition]));

export const policiesOf = (plan: ActionPlan): readonly CompiledPolicy[] => [
  ...plan.wholeDenies,
  ...plan.sectionDenies,
  ...plan.allows,
];

const NO_ALLOW: Decision = { allowed: false, reason: "no-allow" };
const NO_POLICY: Decision = { allowed: false, reason: "no-policy" };

const decisionOf = ({ id, effect }: Policy): Decision =>
  effect === "allow"
    ? { allowed: true, policyId: id, reason: "allowed" }
    : { allowed: false, policyId: id, reason: "denied" };

/** Every action needs `read` where the type has it, except bringing a record into being. */
const needsRead = (action: string): boolean => action !== "read" && action !== "create";

interface PlanParts extends Pick<ActionPlan, "type" | "action" | "read" | "index"> {
  readonly compiled: readonly CompiledPolicy[];
}

function planOf({ type, action, compiled, read, index }: PlanParts): ActionPlan {
  const covering = compiled.filter(({ policy }) => policy.actions.some((pattern) => coversAction(pattern, action)));
  const denies = covering.filter(({ policy }) => policy.effect === "deny");
  const allows = covering.filter(({ policy }) => policy.effect === "allow");
  return {
    type,
    action,
    wholeDenies: denies.filter(({ policy }) => isWhole(policy)),
    sectionDenies: denies.filter(({ policy }) => !isWhole(policy)),
    allows,
    masks: new MaskTree(type),
    none: allows.length > 0 ? NO_ALLOW : NO_POLICY,
    read,
    index,
  };
}

function checkFieldsAreUnique(type: ResourceType): void {
  const fields = Object.values(type.sections).flat();
  const twice = fields.find((field, index) => fields.indexOf(field) !== index);
  if (twice) throw new Error(`field "${twice}" stands in two sections of "${type.name}"`);
}
