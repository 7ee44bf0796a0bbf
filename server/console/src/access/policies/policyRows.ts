import type { Policy, PolicyFault } from "../access.api.ts";
import type { Catalog } from "../policy/catalog.ts";
import { faultsIn } from "../policy/fault.words.ts";
import { policyInWords, titleOf } from "../policy/policy.words.ts";

export interface PolicyRow {
  readonly policy: Policy;
  readonly title: string;
  readonly words: string;
  readonly isBuiltIn: boolean;
  /** It does not fit the types any more, and this is why. */
  readonly stale: readonly PolicyFault[];
}
export interface PolicyFilter {
  readonly search: string;
  readonly type: string;
  readonly effect: string;
  readonly action: string;
}
export type ListEntry = { readonly group: string; readonly count: number } | { readonly row: PolicyRow };

export const rowsOf = (
  policies: readonly Policy[],
  builtIn: readonly string[],
  stale: readonly PolicyFault[],
  catalog: Catalog,
): readonly PolicyRow[] =>
  policies.map((policy) => ({
    policy,
    title: titleOf(policy.title, catalog.locale),
    words: policyInWords(policy, catalog),
    isBuiltIn: builtIn.includes(policy.id),
    stale: faultsIn(
      stale.filter(({ policyId }) => policyId === policy.id),
      catalog.locale,
    ),
  }));

export function filtered(rows: readonly PolicyRow[], filter: PolicyFilter): readonly PolicyRow[] {
  const wanted = filter.search.trim().toLocaleLowerCase();
  return rows.filter(
    ({ policy, title, words }) =>
      (filter.type === "" || policy.resource === filter.type) &&
      (filter.effect === "" || policy.effect === filter.effect) &&
      (filter.action === "" || policy.actions.includes(filter.action) || policy.actions.includes("*")) &&
      (wanted === "" || `${policy.id} ${title} ${words}`.toLocaleLowerCase().includes(wanted)),
  );
}

/** By type, with a head for each: what no longer fits first, so that nobody misses it. */
export function grouped(rows: readonly PolicyRow[], catalog: Catalog): readonly ListEntry[] {
  const { compare } = new Intl.Collator(catalog.locale, { numeric: true });
  const stale = rows.filter((row) => row.stale.length > 0);
  const groups = [...Map.groupBy(rows, ({ policy }) => catalog.typeWords(policy.resource))].toSorted(([a], [b]) =>
    compare(a, b),
  );
  return [...(stale.length > 0 ? [[catalog.say("access.policies.stale"), stale] as const] : []), ...groups].flatMap(
    ([group, members]) => [
      { group, count: members.length },
      // what cannot be changed after what can
      ...members.toSorted((a, b) => Number(a.isBuiltIn) - Number(b.isBuiltIn)).map((row) => ({ row })),
    ],
  );
}
