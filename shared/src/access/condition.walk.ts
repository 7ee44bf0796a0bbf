import type { Attribute, ConditionNode, Term } from "./condition.bind.ts";

/** A condition without the parts that only join others. */
export type Leaf = Exclude<ConditionNode, { readonly op: "and" | "or" | "not" }>;

export const leavesOf = (node: ConditionNode): readonly Leaf[] => ("of" in node ? node.of.flatMap(leavesOf) : [node]);

export const termsOf = (leaf: Leaf): readonly Term[] => ("right" in leaf ? [leaf.left, leaf.right] : [leaf.left]);

export const attributesIn = (node: ConditionNode): readonly Attribute[] =>
  leavesOf(node)
    .flatMap(termsOf)
    .filter((term) => term.from !== "literal" && term.from !== "now");
