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

const always: Test = () => true;

/** By type, then by action; throws when a policy does not fit the types, which `parsePolicies` would have said. */
export function compilePlans(
  policies: readonly Policy[],
  resources: readonly ResourceType[],
  subjectAttributes: Readonly<Record<string, AttributeKind>>,
): ReadonlyMap<string, ActionPlans> {
  const plansByType = new Map<string, ActionPlans>();
  for (const type of resources) {
    if (plansByType.has(type.name)) throw new Error(`two resource types are named "${type.name}"`);
    checkFieldsAreUnique(type);
    const concerning = policies.filter((policy) => concerns(policy, type));
    const compiled = concerning.map((policy) => compilePolicy(policy, type, subjectAttributes));
    plansByType.set(type.name, new Map(type.actions.map((action) => [action, planOf(type, action, compiled)])));
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

const decisionOf = ({ id, effect }: Policy): Decision =>
  effect === "allow"
    ? { allowed: true, policyId: id, reason: "allowed" }
    : { allowed: false, policyId: id, reason: "denied" };

function planOf(type: ResourceType, action: string, compiled: readonly CompiledPolicy[]): ActionPlan {
  const covering = compiled.filter(({ policy }) => policy.actions.some((pattern) => coversAction(pattern, action)));
  const denies = covering.filter(({ policy }) => policy.effect === "deny");
  return {
    type,
    action,
    wholeDenies: denies.filter(({ policy }) => isWhole(policy)),
    sectionDenies: denies.filter(({ policy }) => !isWhole(policy)),
    allows: covering.filter(({ policy }) => policy.effect === "allow"),
    masks: new MaskTree(type),
  };
}

function checkFieldsAreUnique(type: ResourceType): void {
  const fields = Object.values(type.sections).flat();
  const twice = fields.find((field, index) => fields.indexOf(field) !== index);
  if (twice) throw new Error(`field "${twice}" stands in two sections of "${type.name}"`);
}
