import {
  type AccessEngine,
  type AttributeKind,
  type CheckReply,
  createAccessEngine,
  exampleResults,
  type Fault,
  parsePolicies,
  type Policy,
  type ResourceType,
} from "@kontor/shared/access";
import { canonicalJson, DomainError, type Json } from "@kontor/shared/base";

/** What policies may speak of, and which are part of every set: those are neither written nor stored with it. */
export interface PolicyScope {
  readonly resources: readonly ResourceType[];
  readonly subjectAttributes: Readonly<Record<string, AttributeKind>>;
  readonly builtIn: readonly Policy[];
}

export type PolicyFault = CheckReply["faults"][number];

export const idOf = (policy: unknown): unknown => (policy as Partial<Policy> | null | undefined)?.id;

const isBuiltIn = (policy: unknown, { builtIn }: PolicyScope): boolean => builtIn.some(({ id }) => id === idOf(policy));

/** Of a list that somebody copied as a whole, for example of an engine; a built-in one that is changed stays, as a fault. */
export const withoutBuiltIn = (policies: readonly unknown[], scope: PolicyScope): readonly unknown[] =>
  policies.filter((policy) => {
    const original = scope.builtIn.find(({ id }) => id === idOf(policy));
    return !original || canonicalJson(original as unknown as Json) !== canonicalJson(policy as Json);
  });

export type ReadPolicies =
  | { readonly ok: true; readonly engine: AccessEngine }
  | { readonly ok: false; readonly faults: readonly PolicyFault[] };

/** POL-8: against the types; places are those of the list as given. */
export function readPolicies(own: readonly unknown[], scope: PolicyScope, rev: string): ReadPolicies {
  const { resources, subjectAttributes, builtIn } = scope;
  const parsed = parsePolicies(own, resources, { subjectAttributes });
  const taken = own.flatMap((policy, index) => (isBuiltIn(policy, scope) ? [takenId(policy, index)] : []));
  const faults = [...taken, ...(parsed.ok ? [] : parsed.faults.map((fault) => faultIn(own, fault)))];
  if (!parsed.ok || faults.length > 0) return { ok: false, faults };
  const policies = [...builtIn, ...parsed.policies];
  return { ok: true, engine: createAccessEngine({ policies, resources, rev, subjectAttributes }) };
}

const takenId = (policy: unknown, index: number): PolicyFault => ({
  policyId: String(idOf(policy)),
  index,
  place: ".id",
  words: "is already the id of a policy that is part of every set and cannot be changed",
});

/** `[3].when.and[0]` is the fourth policy, and a place within it. */
function faultIn(own: readonly unknown[], { path, words }: Fault): PolicyFault {
  const match = /^\[(\d+)\]/.exec(path);
  if (!match) return { place: path, words };
  const index = Number(match[1]);
  const id = idOf(own[index]);
  return { ...(typeof id === "string" && { policyId: id }), index, place: path.slice(match[0].length), words };
}

export const lockOutFault: PolicyFault = {
  place: "",
  words: "With these policies no active administrator could administer the server.",
};

export const checkOf = (engine: AccessEngine, isLockOut: boolean): CheckReply => {
  const examples = exampleResults(engine);
  const faults = isLockOut ? [lockOutFault] : [];
  return { publishable: !isLockOut && examples.every(({ passed }) => passed), faults, examples: [...examples] };
};

/* ---------- refusals ---------- */

const placeOf = ({ index, place }: PolicyFault): string =>
  index === undefined ? `policies${place}` : `policies[${index}]${place}`;

/** Refuses to publish what its check found wrong, with every place and in words. */
export function refuseFaults({ faults, examples }: CheckReply): void {
  if (faults.includes(lockOutFault)) throw new DomainError("invalid", lockOutFault.words, { reason: "access.lockOut" });
  if (faults.length > 0) throw invalidPolicies(faults);
  const failed = examples.filter(({ passed }) => !passed);
  if (failed.length > 0) throw failedExamples(failed);
}

export function invalidPolicies(faults: readonly PolicyFault[]): DomainError {
  const problems = faults.map((fault) => ({
    field: placeOf(fault),
    reason: "policy.invalid",
    message: fault.words,
  }));
  const text = faults.map((fault) => `${placeOf(fault)} ${fault.words}${nameOf(fault)}`).join("\n");
  return new DomainError("invalid", `The policies do not fit:\n${text}`, { reason: "access.policies", problems });
}

const nameOf = ({ policyId, place }: PolicyFault): string =>
  policyId === undefined || place === ".id" ? "" : ` (policy "${policyId}")`;

function failedExamples(failures: CheckReply["examples"]): DomainError {
  const problems = failures.map(({ policyId, index, name, expected }) => ({
    field: `${policyId}.examples[${index}]`,
    reason: "policy.example",
    message: `expects ${expected}${name === undefined ? "" : ` (${name})`}, and the policies say the opposite`,
  }));
  const text = problems.map(({ field, message }) => `${field} ${message}`).join("\n");
  return new DomainError("invalid", `Examples of the policies fail:\n${text}`, { reason: "access.examples", problems });
}
