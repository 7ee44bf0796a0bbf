import { z } from "zod";
import { type AttributeKind, type Example, type Policy, redactions, type ResourceType } from "./access.model.ts";
import { bindCondition, CONTEXT_ATTRIBUTES, type Fault, SUBJECT_ATTRIBUTES } from "./condition.bind.ts";

export type ParsedPolicies =
  | { readonly ok: true; readonly policies: readonly Policy[] }
  | { readonly ok: false; readonly faults: readonly Fault[] };

export interface ParseOptions {
  /** Attributes of subjects beyond the built-in ones, and their kinds. */
  readonly subjectAttributes?: Readonly<Record<string, AttributeKind>>;
}

// A set is read by every decision of its type and shown to people; beyond these sizes it is a mistake or an attack.
const MAX_POLICIES = 2_000;
const MAX_NAMES = 200;
const MAX_FAULTS = 50;
const MAX_DEPTH = 40; // of the JSON as a whole: a condition at its deepest takes 35

const id = z.string().regex(/^[a-z0-9][a-z0-9-]{0,79}$/, "must be lowercase letters, digits and dashes");
const words = z.string().min(1).max(300);
const names = z.array(z.string().min(1).max(100)).min(1).max(MAX_NAMES);

const exampleSchema = z.strictObject({
  name: words.optional(),
  subject: z.record(z.string(), z.json()),
  action: z.string().min(1),
  type: z.string().optional(),
  resource: z.record(z.string(), z.json()).optional(),
  context: z.record(z.string(), z.json()).optional(),
  field: z.string().optional(),
  expect: z.enum(["allow", "deny"]),
});

const policySchema = z.strictObject({
  id,
  title: z.union([words, z.strictObject({ en: words, ru: words })]),
  effect: z.enum(["allow", "deny"]),
  resource: z.string().min(1).max(100),
  actions: names,
  sections: z.union([z.literal("*"), names]).optional(),
  mask: z.record(z.string(), z.union([z.literal("omit"), z.strictObject({ redact: z.enum(redactions) })])).optional(),
  when: z.unknown().optional(),
  contact: words.optional(),
  examples: z.array(exampleSchema).max(MAX_NAMES).optional(),
});

/** POL-8: every policy is checked against the types; each fault has its place in the set and words. */
export function parsePolicies(
  input: unknown,
  resources: readonly ResourceType[],
  options: ParseOptions = {},
): ParsedPolicies {
  if (!Array.isArray(input)) return refused([{ path: "", words: "must be a list of policies" }]);
  if (input.length > MAX_POLICIES) return refused([{ path: "", words: `has more than ${MAX_POLICIES} policies` }]);
  const faults: Fault[] = [];
  const policies: Policy[] = [];
  const seen = new Set<string>();
  for (const [index, written] of input.entries()) {
    const at = `[${index}]`;
    if (isDeeperThan(MAX_DEPTH, written)) {
      faults.push({ path: at, words: `is nested more than ${MAX_DEPTH} deep` });
      continue;
    }
    const parsed = policySchema.safeParse(written);
    if (!parsed.success) {
      faults.push(...parsed.error.issues.map((issue) => ({ path: at + pathOf(issue.path), words: issue.message })));
      continue;
    }
    const policy = parsed.data as Policy;
    if (seen.has(policy.id))
      faults.push({ path: `${at}.id`, words: `"${policy.id}" is already the id of another policy` });
    seen.add(policy.id);
    checkPolicy(policy, resources, options, at, faults);
    policies.push(policy);
    if (faults.length >= MAX_FAULTS) break;
  }
  return faults.length > 0 ? refused(faults.slice(0, MAX_FAULTS)) : { ok: true, policies };
}

/** Level by level and without recursion, which is what a very deep one would break. */
function isDeeperThan(depth: number, written: unknown): boolean {
  let level: readonly object[] = isNested(written) ? [written] : [];
  for (let at = 0; at < depth && level.length > 0; at++)
    level = level.flatMap((value) => (Object.values(value) as readonly unknown[]).filter(isNested));
  return level.length > 0;
}

const isNested = (value: unknown): value is object => typeof value === "object" && value !== null;

/** One line per fault, for a log or a terminal. */
export const faultsToText = (faults: readonly Fault[]): string =>
  faults.map((fault) => `policies${fault.path} ${fault.words}`).join("\n");

const refused = (faults: readonly Fault[]): ParsedPolicies => ({ ok: false, faults });

const pathOf = (path: readonly PropertyKey[]): string =>
  path.map((step) => (typeof step === "number" ? `[${step}]` : `.${String(step)}`)).join("");

function checkPolicy(
  policy: Policy,
  resources: readonly ResourceType[],
  options: ParseOptions,
  at: string,
  faults: Fault[],
): void {
  const types = resources.filter((type) => concerns(policy, type));
  if (types.length === 0) {
    const known = resources.map((type) => type.name).join(", ");
    faults.push({ path: `${at}.resource`, words: `is the unknown type "${policy.resource}"; known: ${known}, *` });
  }
  if (policy.mask && policy.effect === "deny") {
    faults.push({ path: `${at}.mask`, words: "has no meaning in a deny; name the sections that it takes away" });
  }
  checkActions(policy, types, at, faults);
  for (const [index, example] of (policy.examples ?? []).entries()) {
    checkExample(policy, example, resources, `${at}.examples[${index}]`, faults);
  }
  for (const type of types) {
    const before = faults.length;
    checkSections(policy, type, at, faults);
    if (policy.when !== undefined) {
      const subjectAttributes = options.subjectAttributes ?? {};
      bindCondition(policy.when, { type, subjectAttributes }, `${at}.when`, faults);
    }
    if (faults.length > before) return; // a policy for "*" would repeat the same for every type
  }
}

/** An example about nothing that exists would expect "deny" and always be right. */
function checkExample(
  policy: Policy,
  example: Example,
  resources: readonly ResourceType[],
  at: string,
  faults: Fault[],
): void {
  const name = example.type ?? policy.resource;
  const type = resources.find((known) => known.name === name);
  if (!type) {
    faults.push({ path: `${at}.type`, words: `must name a type, and "${name}" is none` });
    return;
  }
  const fields = Object.fromEntries(Object.values(type.sections).flatMap((all) => all.map((field) => [field, true])));
  const actions = Object.fromEntries(type.actions.map((action) => [action, true]));
  checkNames([example.action], actions, `${at}.action`, faults);
  checkNames(example.field === undefined ? [] : [example.field], fields, `${at}.field`, faults);
  checkNames(Object.keys(example.subject), { ...SUBJECT_ATTRIBUTES, attributes: "" }, `${at}.subject`, faults);
  checkNames(Object.keys(example.context ?? {}), CONTEXT_ATTRIBUTES, `${at}.context`, faults);
  checkNames(Object.keys(example.resource ?? {}), type.attributes, `${at}.resource`, faults);
}

function checkActions(policy: Policy, types: readonly ResourceType[], at: string, faults: Fault[]): void {
  for (const [index, action] of policy.actions.entries()) {
    if (types.length === 0 || types.some((type) => type.actions.some((known) => coversAction(action, known)))) continue;
    const known = [...new Set(types.flatMap((type) => type.actions))].join(", ");
    faults.push({ path: `${at}.actions[${index}]`, words: `is the unknown action "${action}"; known: ${known}, *` });
  }
}

function checkSections(policy: Policy, type: ResourceType, at: string, faults: Fault[]): void {
  const known = Object.keys(type.sections).join(", ") || "none";
  const sections = Array.isArray(policy.sections) ? (policy.sections as readonly string[]) : [];
  for (const [index, section] of sections.entries()) {
    if (Object.hasOwn(type.sections, section)) continue;
    const path = `${at}.sections[${index}]`;
    faults.push({ path, words: `is the unknown section "${section}"; ${type.name} has: ${known}` });
  }
  for (const place of Object.keys(policy.mask ?? {})) {
    const [section = "", ...rest] = place.split(".");
    const fields = Object.hasOwn(type.sections, section) ? type.sections[section] : undefined;
    if (fields?.includes(rest.join("."))) continue;
    const path = `${at}.mask[${JSON.stringify(place)}]`;
    const has = fields ? `section ${section} has: ${fields.join(", ")}` : `${type.name} has the sections: ${known}`;
    faults.push({ path, words: `must be "section.field"; ${has}` });
  }
}

function checkNames(
  given: readonly string[],
  known: Readonly<Record<string, unknown>>,
  at: string,
  faults: Fault[],
): void {
  for (const name of given) {
    if (Object.hasOwn(known, name)) continue;
    faults.push({ path: at, words: `has the unknown "${name}"; known: ${Object.keys(known).join(", ")}` });
  }
}

export const concerns = (policy: Policy, type: ResourceType): boolean =>
  policy.resource === type.name || (policy.resource === "*" && type.onlyByName !== true);

/** `*`, the name itself, or `family:*`. */
export const coversAction = (pattern: string, action: string): boolean =>
  pattern === "*" || pattern === action || (pattern.endsWith(":*") && action.startsWith(pattern.slice(0, -1)));
