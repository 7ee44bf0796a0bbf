import type { Context, Subject } from "./access.model.ts";
import { compileCondition, type Test } from "./condition.decide.ts";
import { Formulas } from "./condition.formula.ts";
import { type Known, residualOf } from "./condition.residual.ts";
import { type DecisionNode, diagramOf } from "./decision.diagram.ts";
import { type ActionPlan, always, type CompiledPolicy } from "./plan.ts";
import { allowedBy } from "./plan.formula.ts";

/**
 * What is decided once for a subject in one context: whatever does not depend on the record. Making it costs more than a
 * decision, so it is made for whoever goes on asking; until then, plans are those of everybody.
 */
export interface Specialiser {
  viewOf(subject: Subject, context: Context): View;
}

/** Of a subject, before it gets plans: a page of a list is less, a batch of the feed is more. */
const QUESTIONS_BEFORE_PLANS = 64;
/** About one action, before there is a diagram: making one takes as long as some hundred decisions without it. */
const QUESTIONS_BEFORE_DIAGRAM = 256;

export function createSpecialiser(): Specialiser {
  const views = new WeakMap<Subject, View>();
  return {
    viewOf(subject, context) {
      const known = views.get(subject);
      if (known && (known.context === context || isSameButTime(known.context, context))) return known;
      const view = new View(subject, context);
      views.set(subject, view);
      return view;
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

/** All of it holds for this subject in this context at any time: the clock is asked anew by every decision. */
export class View {
  /** Of the first question; in later ones only the time may differ. */
  readonly context: Context;
  readonly #subject: Subject;
  readonly #plans: (ActionPlan | undefined)[] = [];
  /** A policy stands in the plans of several actions. */
  readonly #policies: Specialised = new Map();
  /** By a plan's index; for whoever does not want to ask `diagramFor` each time. */
  readonly diagrams: (DecisionNode | undefined)[] = [];
  readonly #askedOf: number[] = [];
  #asked = 0;

  constructor(subject: Subject, context: Context) {
    this.#subject = subject;
    this.context = context;
  }

  /**
   * The plan itself, or one with the subject's values in it, without the policies that can never apply. It answers as the
   * plan it is made of, policy by policy and in the same order.
   */
  planFor(plan: ActionPlan): ActionPlan {
    const known = this.#plans[plan.index];
    if (known !== undefined) return known;
    if (this.#asked < QUESTIONS_BEFORE_PLANS) {
      this.#asked += 1;
      return plan;
    }
    const made = specialised(plan, this.#policies, { subject: this.#subject, context: this.context });
    this.#plans[plan.index] = made;
    return made;
  }

  /** Whether the action is allowed, with all that it needs, and without the policy that decides; undefined: ask the plans. */
  diagramFor(plan: ActionPlan): DecisionNode | undefined {
    return this.diagrams[plan.index] ?? this.#diagramInTime(plan);
  }

  #diagramInTime(plan: ActionPlan): DecisionNode | undefined {
    const asked = (this.#askedOf[plan.index] ?? 0) + 1;
    this.#askedOf[plan.index] = asked;
    // Made once: where it would be too large, the next question does not try it again.
    if (asked !== QUESTIONS_BEFORE_DIAGRAM) return undefined;
    const formulas = new Formulas({ subject: this.#subject, context: this.context });
    const made = diagramOf(allowedBy(plan, formulas), formulas);
    this.diagrams[plan.index] = made;
    return made;
  }
}

type Specialised = Map<CompiledPolicy, readonly CompiledPolicy[]>;

function specialised(plan: ActionPlan, made: Specialised, known: Known): ActionPlan {
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
