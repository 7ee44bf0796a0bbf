import type { Context, Subject } from "./access.model.ts";
import type { ConditionNode, Literal, Term } from "./condition.bind.ts";
import { type Attributes, compileCondition, compileTerm, type Truth } from "./condition.decide.ts";
import { type Leaf, termsOf } from "./condition.walk.ts";

/**
 * What is left of a condition once subject and context are known: the same tree with their values in it, to be compiled
 * by the same compiler. The clock is not known, so that what is left holds for as long as subject and context do.
 */
export interface Known {
  readonly subject: Subject;
  readonly context: Context;
}
export type Residual = { readonly constant: Truth } | { readonly node: ConditionNode };

const NO_RECORD: Attributes = {};

export function residualOf(node: ConditionNode, known: Known): Residual {
  if (node.op === "and" || node.op === "or") return junction(node, known);
  if (node.op !== "not") return leafResidual(node, known);
  const part = residualOf(node.of[0], known);
  if ("node" in part) return { node: { ...node, of: [part.node] } };
  return { constant: part.constant === undefined ? undefined : !part.constant };
}

function junction(node: ConditionNode & { readonly op: "and" | "or" }, known: Known): Residual {
  const settles = node.op === "or";
  const parts = node.of.map((part) => ({ part, residual: residualOf(part, known) }));
  const isConstant = (residual: Residual, truth: Truth) => "constant" in residual && residual.constant === truth;
  if (parts.some(({ residual }) => isConstant(residual, settles))) return { constant: settles };
  const open = parts.filter(({ residual }) => !isConstant(residual, !settles));
  if (open.length === 0) return { constant: !settles };
  if (open.every(({ residual }) => isConstant(residual, undefined))) return { constant: undefined };
  // An unknown part settles nothing and must not be lost (POL-3): it stays as it was written.
  const of = open.map(({ part, residual }) => ("node" in residual ? residual.node : part));
  const [first] = of;
  return { node: of.length === 1 && first ? first : { ...node, of } };
}

export function leafResidual(leaf: Leaf, known: Known): Residual {
  const terms = termsOf(leaf);
  if (!terms.some(isOpen)) return { constant: compileCondition(leaf)(known.subject, NO_RECORD, known.context) };
  if (!("right" in leaf)) return { node: leaf };
  const [left, right] = [withValue(leaf.left, known), withValue(leaf.right, known)];
  return left && right ? { node: { ...leaf, left, right } } : { constant: undefined };
}

const isOpen = (term: Term): boolean =>
  term.from === "obj" || term.from === "now" || (term.from === "ctx" && term.name === "time");

/** Undefined: there is no value, and every comparison with it is unknown. */
function withValue(term: Term, { subject, context }: Known): Term | undefined {
  if (isOpen(term) || term.from === "literal") return term;
  const value = compileTerm(term)(subject, NO_RECORD, context);
  return value === undefined ? undefined : ({ from: "literal", many: term.many, value } satisfies Literal);
}
