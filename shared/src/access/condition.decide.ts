import type { Money } from "../base/index.ts";
import type { Context, ResourceInstance, Subject } from "./access.model.ts";
import {
  type Attribute,
  type BinaryNode,
  type BinaryOp,
  type CheckNode,
  type ConditionNode,
  type Now,
  SUBJECT_ATTRIBUTES,
  type Term,
} from "./condition.bind.ts";
import { dayIn, shiftedDate, shiftedMoment } from "./time.shift.ts";
import { compareMoney, compareText, type Family, isStorable, readers, readTexts } from "./value.read.ts";

/** The first reading: conditions as closures. This is what enforces; explain runs it, and filter folds constants with it. */

/** True, false or unknown (POL-3). */
export type Truth = boolean | undefined;
export type Attributes = ResourceInstance["attributes"];
export type Test = (subject: Subject, object: Attributes, context: Context) => Truth;
export type Read = (subject: Subject, object: Attributes, context: Context) => unknown;

export function compileCondition(node: ConditionNode): Test {
  switch (node.op) {
    case "and":
      return conjunction(node.of.map(compileCondition));
    case "or":
      return disjunction(node.of.map(compileCondition));
    case "not":
      return negation(compileCondition(node.of[0]));
    case "exists": {
      const read = compileTerm(node.left);
      return (subject, object, context) => read(subject, object, context) !== undefined;
    }
    case "cidr":
    case "matches":
    case "within":
      return compileCheck(node);
    default:
      return compileBinary(node);
  }
}

function compileCheck({ left, check }: CheckNode): Test {
  const read = compileTerm(left);
  return (subject, object, context) => {
    const value = read(subject, object, context);
    return value === undefined ? undefined : check.test(value as string);
  };
}

function conjunction(tests: readonly Test[]): Test {
  const [first, second, ...more] = tests;
  if (first && !second) return first;
  if (first && second && more.length === 0) {
    return (subject, object, context) => {
      const truth = first(subject, object, context);
      if (truth === false) return false;
      const other = second(subject, object, context);
      return other === false ? false : truth && other;
    };
  }
  return (subject, object, context) => {
    let outcome: Truth = true;
    for (const test of tests) {
      const truth = test(subject, object, context);
      if (truth === false) return false;
      if (truth === undefined) outcome = undefined;
    }
    return outcome;
  };
}

function disjunction(tests: readonly Test[]): Test {
  return (subject, object, context) => {
    let outcome: Truth = false;
    for (const test of tests) {
      const truth = test(subject, object, context);
      if (truth === true) return true;
      if (truth === undefined) outcome = undefined;
    }
    return outcome;
  };
}

const negation =
  (test: Test): Test =>
  (subject, object, context) => {
    const truth = test(subject, object, context);
    return truth === undefined ? undefined : !truth;
  };

function compileBinary(node: BinaryNode): Test {
  const choice = textChoiceOf(node);
  if (choice) return compileTextChoice(choice);
  const compare = comparisonOf(node.op, node.family);
  const left = compileTerm(node.left);
  if (node.right.from === "literal") {
    const constant = node.right.value;
    return (subject, object, context) => {
      const value = left(subject, object, context);
      return value === undefined ? undefined : compare(value, constant);
    };
  }
  const right = compileTerm(node.right);
  if (node.right.from === "sub") {
    // A list that this subject does not have settles it: most subjects have none of the grants for a time.
    return (subject, object, context) => {
      const b = right(subject, object, context);
      if (b === undefined) return undefined;
      const a = left(subject, object, context);
      return a === undefined ? undefined : compare(a, b);
    };
  }
  return (subject, object, context) => {
    const a = left(subject, object, context);
    if (a === undefined) return undefined;
    const b = right(subject, object, context);
    return b === undefined ? undefined : compare(a, b);
  };
}

/** The general case with its two calls taken out. */
function compileTextChoice({ attribute, texts, isAmong }: TextChoice): Test {
  const among = new Set(texts);
  if (among.size === 1) {
    const [only] = among;
    return (_, object) =>
      typeof object[attribute] === "string" ? (object[attribute] === only) === isAmong : undefined;
  }
  return (_, object) => (typeof object[attribute] === "string" ? among.has(object[attribute]) === isAmong : undefined);
}

/**
 * A text of the record is, or is not, one of these: most of what is asked once the subject's values stand in the
 * condition. Unknown where it is no text.
 */
export interface TextChoice {
  readonly attribute: string;
  readonly texts: readonly string[];
  readonly isAmong: boolean;
}

export function textChoiceOf({ op, family, left, right }: BinaryNode): TextChoice | undefined {
  if (family !== "text" || !(op in CHOICES)) return undefined;
  const [stored, literal] = left.from === "obj" ? [left, right] : [right, left];
  if (stored.from !== "obj" || stored.many || literal.from !== "literal") return undefined;
  const texts = (literal.many ? literal.value : [literal.value]) as readonly string[];
  return { attribute: stored.name, texts, isAmong: CHOICES[op as keyof typeof CHOICES] };
}

const CHOICES = { eq: true, ne: false, in: true, nin: false, has: true } satisfies Partial<Record<BinaryOp, boolean>>;

/* ---------- reading operands ---------- */

export function compileTerm(term: Term): Read {
  if (term.from === "literal") return () => term.value;
  if (term.from === "now") return readNow(term);
  const { name } = term;
  const read = term.many ? readTexts : readers[term.family];
  if (term.from === "obj") return (_, object) => read(object[name]);
  if (term.from === "ctx") return (_, __, context) => storable(read(context[name as keyof Context]));
  if (Object.hasOwn(SUBJECT_ATTRIBUTES, name)) return builtInOfSubject(name as keyof Subject, read);
  return (subject) => {
    const value = subject.attributes[name];
    return value === undefined ? undefined : storable(read(value));
  };
}

function readNow({ family, shift }: Now): Read {
  return (_, __, { time: text }) => {
    const time = Date.parse(text);
    if (Number.isNaN(time)) return undefined;
    return family === "date" ? shiftedDate(dayIn(shift.zone, time), shift) : shiftedMoment(time, shift);
  };
}

const builtInOfSubject =
  (name: keyof Subject, read: (value: unknown) => unknown): Read =>
  (subject) =>
    read(subject[name]);

/** Client addresses, device names and mapped attributes come from outside and may hold what the database cannot. */
function storable(value: unknown): unknown {
  if (typeof value === "string") return isStorable(value) ? value : undefined;
  return Array.isArray(value) ? value.filter(isStorable) : value;
}

export const isConstant = (term: Term): boolean => term.from !== "obj";
export const nameOf = (attribute: Attribute): string => `${attribute.from}.${attribute.name}`;

/* ---------- comparing them ---------- */

type Compare = (a: never, b: never) => Truth;

function comparisonOf(op: BinaryOp, family: Family): (a: unknown, b: unknown) => Truth {
  return (op in SETS ? SETS[op as keyof typeof SETS] : scalarComparison(op, family)) as (
    a: unknown,
    b: unknown,
  ) => Truth;
}

const SETS = {
  in: (element: unknown, list: readonly unknown[]) => list.includes(element),
  nin: (element: unknown, list: readonly unknown[]) => !list.includes(element),
  has: (list: readonly unknown[], element: unknown) => list.includes(element),
  any: (a: readonly unknown[], b: readonly unknown[]) => a.some((element) => b.includes(element)),
  all: (a: readonly unknown[], b: readonly unknown[]) => b.every((element) => a.includes(element)),
  startsWith: (text: string, part: string) => text.startsWith(part),
  endsWith: (text: string, part: string) => text.endsWith(part),
  contains: (text: string, part: string) => text.includes(part),
} satisfies Partial<Record<BinaryOp, Compare>>;

function scalarComparison(op: BinaryOp, family: Family): Compare {
  if (family === "money") return MONEY[op as keyof typeof MONEY];
  if (op === "eq") return (a: unknown, b: unknown) => a === b;
  if (op === "ne") return (a: unknown, b: unknown) => a !== b;
  const order = family === "number" ? (a: number, b: number) => a - b : compareText;
  return ORDERED[op as keyof typeof ORDERED](order as (a: unknown, b: unknown) => number);
}

type Order = (a: unknown, b: unknown) => number;
const ORDERED = {
  lt: (order: Order) => (a: unknown, b: unknown) => order(a, b) < 0,
  lte: (order: Order) => (a: unknown, b: unknown) => order(a, b) <= 0,
  gt: (order: Order) => (a: unknown, b: unknown) => order(a, b) > 0,
  gte: (order: Order) => (a: unknown, b: unknown) => order(a, b) >= 0,
};

/** Amounts of different currencies differ, and which is more is unknown. */
const MONEY = {
  eq: (a: Money, b: Money) => compareMoney(a, b) === 0,
  ne: (a: Money, b: Money) => compareMoney(a, b) !== 0,
  lt: (a: Money, b: Money) => orderOf(a, b, (order) => order < 0),
  lte: (a: Money, b: Money) => orderOf(a, b, (order) => order <= 0),
  gt: (a: Money, b: Money) => orderOf(a, b, (order) => order > 0),
  gte: (a: Money, b: Money) => orderOf(a, b, (order) => order >= 0),
};

function orderOf(a: Money, b: Money, holds: (order: number) => boolean): Truth {
  const order = compareMoney(a, b);
  return order === undefined ? undefined : holds(order);
}
