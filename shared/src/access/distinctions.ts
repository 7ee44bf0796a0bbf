import type { Context, ResourceInstance, Subject } from "./access.model.ts";
import type { Attribute, BinaryNode } from "./condition.bind.ts";
import {
  type Attributes,
  compileCondition,
  compileTerm,
  type Read,
  type Test,
  type Truth,
} from "./condition.decide.ts";
import { attributesIn, type Leaf, leavesOf, termsOf } from "./condition.walk.ts";
import type { AccessEngine } from "./engine.ts";
import { nobody } from "./examples.ts";

/**
 * What the policies of some sets can tell of resources of one type when they are read: whoever decides about a million
 * records for a thousand people need not decide each record, because records that no policy tells apart are decided alike.
 *
 * A decision depends on the outcomes of comparisons and on nothing else. Those that do not ask for the subject have one
 * outcome for a record, whoever asks (`fixed`). Those with the subject are kept by the attribute of the record that they
 * compare (`compared`): where all of them ask whether a value is among the subject's, every value that is not is one to
 * that subject.
 */
export interface Distinctions {
  /** Names of everything that reading asks of the resource. */
  readonly attributes: readonly string[];
  fixed(object: ResourceInstance["attributes"]): string;
  readonly compared: readonly Comparison[];
}

export interface Comparison {
  readonly attribute: string;
  /** As the comparisons read it; undefined is missing, or not of its kind. */
  read(object: ResourceInstance["attributes"]): unknown;
  /** What this subject's outcomes can tell from any other value; absent: each value may be told from each. */
  readonly valuesOf?: (subject: Subject) => readonly string[];
  outcomes(subject: Subject, object: ResourceInstance["attributes"]): string;
}

export function distinctionsOf(engines: readonly AccessEngine[], type: string, context: Context): Distinctions {
  const leaves = readLeaves(engines, type);
  const attributes = new Set([...leaves.values()].flatMap((leaf) => ofObject(leaf).map(({ name }) => name)));
  const concerning = [...leaves.values()].filter((leaf) => ofObject(leaf).length > 0);
  const [withSubject, fixed] = partition(concerning, (leaf) => attributesIn(leaf).some(({ from }) => from === "sub"));
  const tests = fixed.map((leaf) => compileCondition(leaf));
  return {
    attributes: [...attributes].sort(),
    fixed: (object) => outcomesOf(tests, nobody, object, context),
    compared: [...Map.groupBy(withSubject, (leaf) => ofObject(leaf)[0]?.name ?? "")].map(([attribute, of]) =>
      comparisonOf(attribute, of, context),
    ),
  };
}

/** Each comparison once, however many policies make it. */
function readLeaves(engines: readonly AccessEngine[], type: string): ReadonlyMap<string, Leaf> {
  const leaves = new Map<string, Leaf>();
  for (const engine of engines) {
    for (const [policy, condition] of engine.conditionsOf(type)) {
      if (!condition || !policy.actions.some((action) => action === "read" || action === "*")) continue;
      for (const leaf of leavesOf(condition)) leaves.set(keyOf(leaf), leaf);
    }
  }
  return leaves;
}

const keyOf = (leaf: Leaf): string =>
  JSON.stringify([leaf.op, ...termsOf(leaf), "check" in leaf ? leaf.check.written : null]);

const ofObject = (leaf: Leaf): readonly Attribute[] => attributesIn(leaf).filter(({ from }) => from === "obj");

function comparisonOf(attribute: string, leaves: readonly Leaf[], context: Context): Comparison {
  const tests = leaves.map((leaf) => compileCondition(leaf));
  const [first] = leaves.flatMap(ofObject);
  if (!first) throw new Error("a comparison with the object names none of its attributes");
  const reads = leaves.map(membersOfSubject);
  return {
    attribute,
    read: readerOf(first, context),
    outcomes: (subject, object) => outcomesOf(tests, subject, object, context),
    ...(reads.every((read) => read !== undefined) && {
      valuesOf: (subject: Subject) => reads.flatMap((read) => textsOf(read(subject, NOTHING, context))),
    }),
  };
}

function readerOf(attribute: Attribute, context: Context): Comparison["read"] {
  const read = compileTerm(attribute);
  return (object) => read(nobody, object, context);
}

/** Of a comparison that asks whether the object's one value is the subject's, or among the subject's. */
function membersOfSubject(leaf: Leaf): Read | undefined {
  if (!("right" in leaf) || leaf.family !== "text") return undefined;
  const { op, left, right } = leaf as BinaryNode;
  if (op !== "eq" && op !== "ne" && op !== "in" && op !== "nin" && op !== "has") return undefined;
  const [object, subject] = left.from === "obj" ? [left, right] : [right, left];
  return object.many ? undefined : compileTerm(subject);
}

const NOTHING: Attributes = {};

const textsOf = (value: unknown): readonly string[] =>
  value === undefined ? [] : Array.isArray(value) ? (value as readonly string[]) : [String(value)];

const LETTERS = new Map<Truth, string>([
  [true, "t"],
  [false, "f"],
  [undefined, "u"],
]);

function outcomesOf(tests: readonly Test[], subject: Subject, object: Attributes, context: Context): string {
  let outcomes = "";
  for (const test of tests) outcomes += LETTERS.get(test(subject, object, context));
  return outcomes;
}

function partition<T>(items: readonly T[], isFirst: (item: T) => boolean): readonly [readonly T[], readonly T[]] {
  return [items.filter(isFirst), items.filter((item) => !isFirst(item))];
}
