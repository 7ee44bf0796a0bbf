import type { Context, ResourceInstance, Subject } from "./access.model.ts";
import { type Asked, turnsOf, unionOf } from "./condition.turn.ts";
import { type ActionPlans, type CompiledPolicy, policiesOf } from "./plan.ts";

/** POL-6 for all records of a type. */
export interface TypeTurn {
  /** Before this moment time alone changes nothing, but for records by what they hold. Absent: never. */
  readonly at?: string;
  /** The attributes compared with now: a record that has one turns at a moment of its own, which `nextChange` tells. */
  readonly byRecord: readonly string[];
}

// Of moments at which a part of a condition turns and the whole does not; then it is better to ask again than to search on.
const MAX_STEPS = 64;

/** The next moment at which another set of policies applies. May be too early, and is never too late. */
export function nextChangeOf(
  plans: ActionPlans,
  subject: Subject,
  { attributes }: ResourceInstance,
  context: Context,
): string | undefined {
  const policies = conditionalPolicies(plans);
  const outcomesAt = (at: Context) =>
    policies.map((policy) => applies(policy, { subject, object: attributes, context: at }));
  const before = outcomesAt(context);
  let at = context;
  for (let step = 0; step < MAX_STEPS; step++) {
    const { moments } = turnsOfAll(policies, { subject, object: attributes, context: at });
    const time = isoOf(moments);
    if (time === undefined) return undefined;
    at = { ...at, time };
    if (outcomesAt(at).some((outcome, index) => outcome !== before[index])) return time;
  }
  return at.time;
}

export function nextChangeOfType(plans: ActionPlans, subject: Subject, context: Context): TypeTurn {
  const { moments, byRecord } = turnsOfAll(conditionalPolicies(plans), { subject, object: undefined, context });
  const at = isoOf(moments);
  return { byRecord, ...(at !== undefined && { at }) };
}

const turnsOfAll = (policies: readonly CompiledPolicy[], asked: Asked) =>
  unionOf(policies.map(({ condition }) => (condition ? turnsOf(condition, asked) : { moments: [], byRecord: [] })));

/** Each once, however many actions it speaks of. */
const conditionalPolicies = (plans: ActionPlans): readonly CompiledPolicy[] => {
  return [...new Set([...plans.values()].flatMap(policiesOf))].filter(({ condition }) => condition !== undefined);
};

function applies({ policy, test }: CompiledPolicy, { subject, object, context }: Asked): boolean {
  const truth = test(subject, object ?? {}, context);
  return policy.effect === "deny" ? truth !== false : truth === true;
}

function isoOf(moments: readonly number[]): string | undefined {
  const [first] = moments.toSorted((a, b) => a - b);
  return first === undefined ? undefined : new Date(first).toISOString();
}
