import { canonicalJson, hash64, type Json } from "../base/index.ts";
import type { Context, Policy } from "./access.model.ts";
import type { Attribute, ConditionNode, Term } from "./condition.bind.ts";
import { type Attributes, compileCondition, compileTerm } from "./condition.decide.ts";
import { type Leaf, leavesOf, termsOf } from "./condition.walk.ts";
import { nobody } from "./examples.ts";

/**
 * What the policies of a set can tell of a context, time and channel left out: whoever keeps what was decided in a context
 * may use it in every other with the same signature, at the same time and over the same channel.
 *
 * A comparison of the context with a literal is told by its outcome, so that all addresses of the office are one; one with
 * an attribute of the subject or the object, or with the clock, has no outcome yet and is told by the value itself. The
 * hash is of the conditions only and never of what a client sends: nobody can contrive two contexts of one signature.
 */
type Contribution = (context: Context) => Json;

export function contextSignatureOf(
  conditionsByType: ReadonlyMap<string, ReadonlyMap<Policy, ConditionNode | undefined>>,
): (context: Context) => string {
  const contributions = new Map<string, Contribution>();
  for (const conditions of conditionsByType.values()) {
    for (const condition of conditions.values()) {
      for (const leaf of condition ? leavesOf(condition) : []) addContribution(contributions, leaf);
    }
  }
  if (contributions.size === 0) return () => "";
  const keys = [...contributions.keys()].sort(); // the order of policies means nothing (POL-2)
  const asked = keys.flatMap((key) => contributions.get(key) ?? []);
  const conditions = hash64(keys.join("\n"));
  return (context) => `${conditions}:${partsToText(asked.map((contribute) => contribute(context)))}`;
}

/** One letter for an outcome; the raw values follow as JSON. */
function partsToText(parts: readonly Json[]): string {
  const outcomes = parts.filter((part) => typeof part === "string").join("");
  const values = parts.filter((part) => typeof part !== "string");
  return values.length > 0 ? outcomes + JSON.stringify(values.flat()) : outcomes;
}

function addContribution(contributions: Map<string, Contribution>, leaf: Leaf): void {
  const told = termsOf(leaf).filter(isTold);
  if (told.length === 0) return;
  if (termsOf(leaf).every((term) => isTold(term) || term.from === "literal")) {
    const written = "check" in leaf ? leaf.check.written : null;
    contributions.set(keyOf([leaf.op, ...termsOf(leaf), written]), outcomeOf(leaf));
    return;
  }
  for (const term of told) contributions.set(keyOf(["value", term]), valueOf(term));
}

const isTold = (term: Term): term is Attribute =>
  term.from === "ctx" && term.name !== "time" && term.name !== "channel";

const NO_RECORD: Attributes = {};

function outcomeOf(leaf: Leaf): Contribution {
  const test = compileCondition(leaf);
  return (context) => {
    const truth = test(nobody, NO_RECORD, context);
    return truth === undefined ? "u" : truth ? "t" : "f";
  };
}

/** In a list of its own: a text would be taken for an outcome. */
function valueOf(term: Attribute): Contribution {
  const read = compileTerm(term);
  return (context) => [(read(nobody, NO_RECORD, context) as Json | undefined) ?? null];
}

const keyOf = (parts: readonly unknown[]): string => canonicalJson(JSON.parse(JSON.stringify(parts)) as Json);
