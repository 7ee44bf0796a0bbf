import type { Json, Label } from "../base/index.ts";
import type { Context, Decision, Effect, FieldAccess, ResourceInstance, Subject } from "./access.model.ts";
import type { ConditionNode, Term } from "./condition.bind.ts";
import { compileCondition, compileTerm, nameOf } from "./condition.decide.ts";
import { decide, maskFor, mayDo, UNKNOWN_ACTION } from "./decide.ts";
import { type ActionPlan, type ActionPlans, type CompiledPolicy, policiesOf } from "./plan.ts";
import type { View } from "./specialise.ts";

/**
 * The third reading: the closures that enforce, run once more for every policy and every part of its condition, and
 * written down (POL-5). It is slower than deciding by design, and can never differ from it.
 */
export interface Explanation extends Decision {
  readonly action: string;
  readonly resource: string;
  readonly field?: { readonly name: string; readonly access: FieldAccess };
  /** Where the decision is that the resource cannot be read: why it cannot. */
  readonly read?: Decision;
  /** Title and contact of the policy that decided, or of the one that could have allowed it. */
  readonly decidedBy?: PolicyWords;
  readonly policies: readonly PolicyTrace[];
}

export interface PolicyWords {
  readonly id: string;
  readonly title: string | Label;
  readonly contact?: string;
}

export interface PolicyTrace extends PolicyWords {
  readonly effect: Effect;
  readonly sections: readonly string[] | "*";
  readonly applies: boolean;
  readonly outcome: Outcome;
  readonly condition?: ConditionTrace;
}

export type Outcome = "true" | "false" | "unknown";

export interface ConditionTrace {
  readonly op: string;
  /** Place in the policy: `.when.and[0].eq`. */
  readonly at: string;
  readonly outcome: Outcome;
  readonly operands?: readonly OperandTrace[];
  readonly of?: readonly ConditionTrace[];
}

export interface OperandTrace {
  /** `obj.owner`; absent for a literal. */
  readonly attribute?: string;
  /** Absent: unknown. */
  readonly value?: Json;
}

/** What the subject itself may be told: no attribute, no value, no other policy (POL-5). */
export type Hint = Pick<Explanation, "allowed" | "reason" | "action" | "resource" | "decidedBy" | "field">;

export const hintOf = ({ allowed, reason, action, resource, decidedBy, field }: Explanation): Hint => ({
  allowed,
  reason,
  action,
  resource,
  ...(decidedBy && { decidedBy }),
  ...(field && { field }),
});

export interface ExplainQuestion {
  readonly subject: Subject;
  readonly action: string;
  readonly resource: ResourceInstance;
  readonly context: Context;
  readonly field?: string | undefined;
}

export function explainAction(plans: ActionPlans, view: View, question: ExplainQuestion): Explanation {
  const { subject, action, resource, context, field } = question;
  const own = plans.get(action);
  if (!own) return { ...UNKNOWN_ACTION, action, resource: resource.type, policies: [] };
  const decision = mayDo(own, view, subject, resource.attributes, context);
  const readPlan = decision.reason === "not-readable" ? own.read : undefined;
  const plan = readPlan ?? own;
  const read = readPlan && decide(readPlan, subject, resource.attributes, context);
  const policies = policiesOf(plan).map((compiled) => tracePolicy(compiled, question));
  const decidedBy = wordsOf(plan, read ?? decision);
  return {
    ...decision,
    action,
    resource: resource.type,
    ...(read && { read }),
    ...(decidedBy && { decidedBy }),
    ...(field !== undefined && { field: { name: field, access: fieldAccess(plans, question, field) } }),
    policies,
  };
}

/** The field as this action has it; what cannot be read plain can be used by no other action (POL-7). */
function fieldAccess(
  plans: ActionPlans,
  { subject, action, resource, context }: ExplainQuestion,
  field: string,
): FieldAccess {
  const accessFor = (name: string): FieldAccess => {
    const plan = plans.get(name);
    return (plan && maskFor(plan, subject, resource.attributes, context).fields.get(field)) ?? "absent";
  };
  const own = accessFor(action);
  if (action === "read" || action === "create" || !plans.has("read")) return own;
  return own === "visible" && accessFor("read") === "visible" ? "visible" : "absent";
}

/** The policy that decided; where none of the allows applied, the first of those that name somebody to ask. */
function wordsOf(plan: ActionPlan, { policyId, reason }: Decision): PolicyWords | undefined {
  const decided = policiesOf(plan).find(({ policy }) => policy.id === policyId);
  const asked = reason === "no-allow" ? plan.allows.find(({ policy }) => policy.contact !== undefined) : undefined;
  const named = decided ?? asked;
  return named && policyWords(named);
}

const policyWords = ({ policy: { id, title, contact } }: CompiledPolicy): PolicyWords => ({
  id,
  title,
  ...(contact !== undefined && { contact }),
});

function tracePolicy(compiled: CompiledPolicy, question: ExplainQuestion): PolicyTrace {
  const { policy, condition, test } = compiled;
  const truth = test(question.subject, question.resource.attributes, question.context);
  return {
    ...policyWords(compiled),
    effect: policy.effect,
    sections: policy.sections ?? "*",
    applies: policy.effect === "deny" ? truth !== false : truth === true,
    outcome: outcomeOf(truth),
    ...(condition && { condition: traceCondition(condition, question) }),
  };
}

function traceCondition(node: ConditionNode, question: ExplainQuestion): ConditionTrace {
  const { subject, resource, context } = question;
  const outcome = outcomeOf(compileCondition(node)(subject, resource.attributes, context));
  const trace = { op: node.op, at: node.at, outcome };
  if (node.op === "and" || node.op === "or" || node.op === "not") {
    return { ...trace, of: node.of.map((part) => traceCondition(part, question)) };
  }
  const terms: readonly Term[] = "right" in node ? [node.left, node.right] : [node.left];
  const operands: readonly OperandTrace[] = terms.map((term) => traceOperand(term, question));
  return { ...trace, operands: "check" in node ? [...operands, { value: node.check.written }] : operands };
}

function traceOperand(term: Term, { subject, resource, context }: ExplainQuestion): OperandTrace {
  const value = compileTerm(term)(subject, resource.attributes, context) as Json | undefined;
  return {
    ...(term.from !== "literal" && term.from !== "now" && { attribute: nameOf(term) }),
    ...(value !== undefined && { value }),
  };
}

const outcomeOf = (truth: boolean | undefined): Outcome => (truth === undefined ? "unknown" : truth ? "true" : "false");
