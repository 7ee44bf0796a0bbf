import { canonicalJson, type Json } from "@kontor/shared/base";
import { idOf } from "./policy.check.ts";

export interface MergedPolicies {
  readonly policies: readonly unknown[];
  /** Ids of policies that both sides changed, each in its own way; `mine` stands in the result. */
  readonly conflicts: readonly string[];
}

/**
 * Three-way, by the id of the policy: what one side changed and the other did not is taken from the one that changed it.
 * In the order of `mine`, which may be faulty: policies without an id, and all but the first of those with the same one,
 * are nobody else's, and stay.
 */
export function mergePolicies(
  base: readonly unknown[],
  mine: readonly unknown[],
  theirs: readonly unknown[],
): MergedPolicies {
  const [old, others] = [byId(base), byId(theirs)];
  const seen = new Set<string>();
  const conflicts: string[] = [];
  const policies: unknown[] = [];
  for (const policy of mine) {
    const id = idOf(policy);
    if (typeof id !== "string" || seen.has(id)) {
      policies.push(policy);
      continue;
    }
    seen.add(id);
    const [before, other] = [old.get(id), others.get(id)];
    const isTheirs = same(policy, before) && !same(policy, other);
    if (!isTheirs && !same(before, other) && !same(policy, other)) conflicts.push(id);
    if (!isTheirs) policies.push(policy);
    else if (other !== undefined) policies.push(other);
  }
  for (const [id, other] of others) {
    if (seen.has(id)) continue;
    const before = old.get(id);
    if (before === undefined) policies.push(other);
    else if (!same(before, other)) conflicts.push(id); // taken out here, changed there
  }
  return { policies, conflicts };
}

/** The first with an id counts. */
function byId(policies: readonly unknown[]): ReadonlyMap<string, unknown> {
  const found = new Map<string, unknown>();
  for (const policy of policies) {
    const id = idOf(policy);
    if (typeof id === "string" && !found.has(id)) found.set(id, policy);
  }
  return found;
}

const same = (a: unknown, b: unknown): boolean =>
  (a === undefined) === (b === undefined) && canonicalJson(a as Json) === canonicalJson(b as Json);
