import {
  redactions,
  type Access,
  type AccessEngine,
  type Context,
  type FieldAccess,
  type ResourceInstance,
  type Subject,
} from "@kontor/shared/access";
import type { Pace } from "./pace.ts";
import { MAX_SAMPLES, type ComparedDimension, type Dimension, type ResourceClasses } from "./resourceClasses.ts";

export const effects = ["gained", "lost", "changed"] as const;
export type EffectOnReader = (typeof effects)[number];

/** What one person gains and loses of one type. */
export interface Difference {
  readonly gained: number;
  readonly lost: number;
  readonly changed: number;
  /** Fields of records that stay readable, of which more or less is shown. */
  readonly fieldsGained: readonly string[];
  readonly fieldsLost: readonly string[];
  readonly samples: readonly { readonly id: string; readonly effect: EffectOnReader }[];
}

export interface Comparing {
  readonly type: string;
  readonly before: AccessEngine;
  readonly after: AccessEngine;
  readonly context: Context;
  readonly classes: ResourceClasses;
  readonly pace: Pace;
}

/**
 * Puts the classes together that this subject cannot tell apart either, a handful of them, and asks both engines about one
 * resource of each. Undefined: nothing changes for this subject.
 */
export async function compareSubject(comparing: Comparing, subject: Subject): Promise<Difference | undefined> {
  const { classes, pace } = comparing;
  const groups = await groupClasses(classes, subject, pace);
  const counts = { gained: 0, lost: 0, changed: 0 };
  const fields = { gained: new Set<string>(), lost: new Set<string>() };
  const effectByGroup = new Map<number, EffectOnReader>();
  for (const [group, { example, count }] of groups.found) {
    const outcome = effectOn(comparing, subject, classes.exampleOf(example));
    if (!outcome) continue;
    counts[outcome.effect] += count;
    effectByGroup.set(group, outcome.effect);
    for (const name of outcome.fieldsGained) fields.gained.add(name);
    for (const name of outcome.fieldsLost) fields.lost.add(name);
    await pace.breathe();
  }
  if (effectByGroup.size === 0) return undefined;
  return {
    ...counts,
    fieldsGained: [...fields.gained].sort(),
    fieldsLost: [...fields.lost].sort(),
    samples: await samplesOf(comparing, groups.ofClass, effectByGroup),
  };
}

/* ---------- classes that are one to this subject ---------- */

interface Groups {
  readonly found: ReadonlyMap<number, { readonly example: number; readonly count: number }>;
  readonly ofClass: (index: number) => number;
}

/** Looked up at a time between two looks at the clock: less than a millisecond. */
const BLOCK = 16_384;

async function groupClasses(classes: ResourceClasses, subject: Subject, pace: Pace): Promise<Groups> {
  const parts: { readonly dimension: Dimension; readonly codes: Uint32Array; readonly stride: number }[] = [];
  let stride = classes.fixed.size;
  for (const dimension of classes.dimensions) {
    const { codes, distinct } = codesOf(dimension, subject);
    if (distinct > 1) parts.push({ dimension, codes, stride });
    stride *= distinct;
    await pace.breathe();
  }
  // Beyond 2^53 two groups could become one; no set of policies comes near.
  if (stride > Number.MAX_SAFE_INTEGER) throw new Error("policies tell too many groups of records apart");

  const ofClass = (index: number): number => {
    let group = classes.fixed.values[index] ?? 0;
    for (const { dimension, codes, stride } of parts) group += (codes[dimension.values[index] ?? 0] ?? 0) * stride;
    return group;
  };
  const found =
    stride <= MAX_TABLE ? await tally(classes, ofClass, stride, pace) : await tallyMany(classes, ofClass, pace);
  return { found, ofClass };
}

const MAX_TABLE = 65_536; // cleared and read again for each subject

async function tally(
  classes: ResourceClasses,
  groupOf: (index: number) => number,
  groups: number,
  pace: Pace,
): Promise<Groups["found"]> {
  const counts = new Float64Array(groups);
  const examples = new Uint32Array(groups);
  for (let from = 0; from < classes.size; from += BLOCK) {
    const to = Math.min(from + BLOCK, classes.size);
    for (let index = from; index < to; index++) {
      const group = groupOf(index);
      counts[group]! += classes.counts[index]!;
      examples[group] = index;
    }
    await pace.breathe();
  }
  const found = new Map<number, { example: number; count: number }>();
  for (let group = 0; group < groups; group++) {
    const count = counts[group] ?? 0;
    if (count > 0) found.set(group, { example: examples[group] ?? 0, count });
  }
  return found;
}

async function tallyMany(
  classes: ResourceClasses,
  groupOf: (index: number) => number,
  pace: Pace,
): Promise<Groups["found"]> {
  const found = new Map<number, { example: number; count: number }>();
  for (let index = 0; index < classes.size; index++) {
    const group = groupOf(index);
    const known = found.get(group);
    if (known) known.count += classes.counts[index] ?? 0;
    else found.set(group, { example: index, count: classes.counts[index] ?? 0 });
    if (index % 2_048 === 0) await pace.breathe();
  }
  return found;
}

/** By value: which outcomes this subject's comparisons have with it, as a number. */
function codesOf(dimension: ComparedDimension, subject: Subject): { codes: Uint32Array; distinct: number } {
  const codes = new Uint32Array(dimension.size);
  const known = new Map<string, number>();
  const codeOf = (value: number): number => {
    const outcomes = dimension.comparison.outcomes(subject, dimension.exampleOf(value));
    const code = known.get(outcomes) ?? known.size;
    known.set(outcomes, code);
    return code;
  };
  const own = dimension.comparison.valuesOf?.(subject);
  if (!own) {
    for (let value = 0; value < dimension.size; value++) codes[value] = codeOf(value);
    return { codes, distinct: Math.max(1, known.size) };
  }
  const values = new Set(own.flatMap((text) => dimension.find(text) ?? []));
  // All that is not the subject's own is missing, or one like another: it is enough to ask for each of these once.
  if (dimension.missing !== undefined) values.add(dimension.missing);
  const another = anotherThan(values, dimension.size);
  if (another !== undefined) codes.fill(codeOf(another));
  for (const value of values) codes[value] = codeOf(value);
  return { codes, distinct: Math.max(1, known.size) };
}

function anotherThan(values: ReadonlySet<number>, size: number): number | undefined {
  for (let value = 0; value < size; value++) if (!values.has(value)) return value;
  return undefined;
}

/* ---------- what both engines say ---------- */

interface Outcome {
  readonly effect: EffectOnReader;
  readonly fieldsGained: readonly string[];
  readonly fieldsLost: readonly string[];
}

export function effectOn(
  { type, before, after, context }: Pick<Comparing, "type" | "before" | "after" | "context">,
  subject: Subject,
  attributes: ResourceInstance["attributes"],
): Outcome | undefined {
  const resource = { type, attributes };
  const [old, now] = [before.accessTo(subject, resource, context), after.accessTo(subject, resource, context)];
  if (old.readable !== now.readable)
    return { effect: now.readable ? "gained" : "lost", fieldsGained: [], fieldsLost: [] };
  if (!old.readable || old.maskKey === now.maskKey) return undefined;
  const { fieldsGained, fieldsLost } = fieldsBetween(old, now);
  if (fieldsGained.length + fieldsLost.length === 0) return undefined;
  return { effect: "changed", fieldsGained, fieldsLost };
}

function fieldsBetween(old: Access, now: Access) {
  const fieldsGained: string[] = [];
  const fieldsLost: string[] = [];
  for (const name of new Set([...old.visibleFields(), ...now.visibleFields()])) {
    const difference = shownOf(now.field(name)) - shownOf(old.field(name));
    if (difference > 0) fieldsGained.push(name);
    if (difference < 0) fieldsLost.push(name);
  }
  return { fieldsGained, fieldsLost };
}

/** How much is shown: nothing, redacted from the least to the most revealing, everything. */
const shownOf = (access: FieldAccess): number => {
  if (access === "absent") return 0;
  return access === "visible" ? redactions.length + 1 : redactions.indexOf(access.redact) + 1;
};

/* ---------- samples ---------- */

async function samplesOf(
  { classes, pace }: Comparing,
  groupOf: (index: number) => number,
  effectByGroup: ReadonlyMap<number, EffectOnReader>,
): Promise<Difference["samples"]> {
  const idsByEffect = new Map(effects.map((effect) => [effect, [] as string[]]));
  let open = new Set(effectByGroup.values()).size;
  for (let index = 0; index < classes.size && open > 0; index++) {
    const effect = effectByGroup.get(groupOf(index));
    const ids = effect && idsByEffect.get(effect);
    if (ids && ids.length < MAX_SAMPLES) {
      ids.push(...classes.samplesOf(index).slice(0, MAX_SAMPLES - ids.length));
      if (ids.length === MAX_SAMPLES) open -= 1;
    }
    if (index % 4_096 === 0) await pace.breathe();
  }
  return effects.flatMap((effect) => (idsByEffect.get(effect) ?? []).map((id) => ({ id, effect })));
}
