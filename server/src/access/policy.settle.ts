import {
  type AccessEngine,
  createAccessEngine,
  parsePolicies,
  type Policy,
  type PolicySetReply,
  type ResourceType,
} from "@kontor/shared/access";
import { idOf, type PolicyScope } from "./policy.check.ts";

/**
 * A stored set that no longer fits the types, because a pack changed after it was published (docs/decisions/0012).
 * The server starts with it, and access only shrinks: an allow with a fault does not apply; a deny with a fault denies
 * what it speaks of as a whole, whatever its condition and sections were. Examples with faults are left out: they decide
 * nothing.
 */
export interface SettledSet {
  readonly engine: AccessEngine;
  readonly stale: readonly StaleFault[];
}
export type StaleFault = PolicySetReply["stale"][number];

export function settlePolicies(stored: readonly unknown[], scope: PolicyScope, rev: string): SettledSet {
  const stale: StaleFault[] = [];
  const own = stored.flatMap((policy, index) => settlePolicy(policy, index, scope, stale));
  const { resources, subjectAttributes, builtIn } = scope;
  const engine = createAccessEngine({ policies: [...builtIn, ...own], resources, rev, subjectAttributes });
  return { engine, stale };
}

/** POL-9: without what stands in for faulty denies of the server itself, where nobody could administer it otherwise. */
export const withoutSystemDenies = (stored: readonly unknown[], stale: readonly StaleFault[]): readonly unknown[] => {
  const faulty = new Set(stale.filter(({ effect }) => effect === "denies-whole").map(({ policyId }) => policyId));
  return stored.filter((policy) => !(resourceOf(policy) === "system" && faulty.has(String(idOf(policy)))));
};

function settlePolicy(policy: unknown, index: number, scope: PolicyScope, stale: StaleFault[]): readonly Policy[] {
  const found = faultsOf(policy, scope);
  if (found.length === 0) return [policy as Policy];
  const id = idOf(policy);
  const note = (effect: StaleFault["effect"]) =>
    stale.push(
      ...found.map(({ place, words }) => ({
        ...(typeof id === "string" && { policyId: id }),
        index,
        place,
        words,
        effect,
      })),
    );

  const { examples: _examples, ...bare } = (policy ?? {}) as Partial<Policy>;
  if (faultsOf(bare, scope).length === 0) {
    note("examples-dropped");
    return [bare as Policy];
  }
  note(bare.effect === "deny" ? "denies-whole" : "not-applied");
  // What is said of every type is settled type by type: it may fit all but one.
  const types = concernedTypes(bare, scope.resources);
  return types.flatMap((type) => {
    const narrowed = { ...bare, resource: type.name };
    if (bare.resource === "*" && faultsOf(narrowed, scope).length === 0) return [narrowed as Policy];
    return bare.effect === "deny" ? [wholeDeny(bare, type)] : [];
  });
}

function faultsOf(policy: unknown, { resources, subjectAttributes }: PolicyScope) {
  const parsed = parsePolicies([policy], resources, { subjectAttributes });
  return parsed.ok ? [] : parsed.faults.map(({ path, words }) => ({ place: path.replace(/^\[0\]/, ""), words }));
}

const resourceOf = (policy: unknown): unknown => (policy as Partial<Policy> | null)?.resource;

const concernedTypes = (policy: Partial<Policy>, resources: readonly ResourceType[]): readonly ResourceType[] =>
  resources.filter(({ name, onlyByName }) => policy.resource === name || (policy.resource === "*" && !onlyByName));

function wholeDeny(policy: Partial<Policy>, type: ResourceType): Policy {
  const { id, title, contact } = policy;
  return {
    id: String(id),
    title: title ?? String(id),
    effect: "deny",
    resource: type.name,
    actions: [
      ...new Set(
        (Array.isArray(policy.actions) ? (policy.actions as readonly string[]) : ["*"]).map((action) =>
          knownAction(action, type),
        ),
      ),
    ],
    ...(contact !== undefined && { contact }),
  };
}

/** An action that is gone may have been renamed: all of its family then, or all. */
function knownAction(action: string, type: ResourceType): string {
  const family = /^[^:]+:/.exec(action)?.[0];
  const isKnown = (pattern: string) =>
    pattern === "*" ||
    type.actions.includes(pattern) ||
    (pattern.endsWith(":*") && type.actions.some((known) => known.startsWith(pattern.slice(0, -1))));
  if (isKnown(action)) return action;
  return family !== undefined && isKnown(`${family}*`) ? `${family}*` : "*";
}
