import type { Policy } from "@kontor/shared/access";
import type { DraftItem } from "./draft.store.ts";

export type ItemChange = "added" | "changed" | "same";
export interface DraftChanges {
  readonly ofItem: ReadonlyMap<string, ItemChange>;
  readonly removed: readonly Policy[];
  readonly count: number;
}

/** What a draft changes of the set it was begun from. */
export function changesOf(items: readonly DraftItem[], base: readonly Policy[]): DraftChanges {
  const before = new Map(base.map((policy) => [policy.id, policy]));
  const ofItem = new Map<string, ItemChange>();
  for (const { key, policy } of items) {
    const was = before.get(policy.id);
    ofItem.set(key, !was ? "added" : canonical(was) === canonical(policy) ? "same" : "changed");
    before.delete(policy.id);
  }
  const removed = [...before.values()];
  const count = [...ofItem.values()].filter((change) => change !== "same").length + removed.length;
  return { ofItem, removed, count };
}

/** A policy is replaced and never changed in place: of thousands, only the one that is edited is printed anew. */
const printed = new WeakMap<Policy, string>();

/** The order of keys means nothing; that of lists may. */
function canonical(policy: Policy): string {
  const known = printed.get(policy);
  if (known !== undefined) return known;
  const text = JSON.stringify(policy, (_key, part: unknown) =>
    typeof part === "object" && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
  printed.set(policy, text);
  return text;
}
