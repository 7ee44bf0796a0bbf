import type { Condition } from "@kontor/shared/access";
import type { AttributeKind } from "../access.api.ts";

/** The operators as the form offers them: what each takes, and which fit an attribute. */
type KeysOf<Union> = Union extends unknown ? keyof Union : never;
type Op = KeysOf<Condition>;
export type LeafOp = Exclude<Op, "and" | "or" | "not">;

/** `shift`: a date, a moment or a duration from now. */
type Takes = "value" | "list" | "shift" | "ranges" | "patterns" | "window";
interface Operator {
  readonly left: "value" | "list";
  /** After the first operand. */
  readonly right: readonly Takes[];
}

const comparison: Operator = { left: "value", right: ["value"] };
export const operators: Readonly<Record<LeafOp, Operator>> = {
  eq: comparison,
  ne: comparison,
  in: { left: "value", right: ["list"] },
  nin: { left: "value", right: ["list"] },
  has: { left: "list", right: ["value"] },
  any: { left: "list", right: ["list"] },
  all: { left: "list", right: ["list"] },
  lt: comparison,
  lte: comparison,
  gt: comparison,
  gte: comparison,
  between: { left: "value", right: ["value", "value"] },
  before: { left: "value", right: ["shift"] },
  after: { left: "value", right: ["shift"] },
  within: { left: "value", right: ["window"] },
  startsWith: comparison,
  endsWith: comparison,
  contains: comparison,
  matches: { left: "value", right: ["patterns"] },
  cidr: { left: "value", right: ["ranges"] },
  exists: { left: "value", right: [] },
};

export const leafOps = Object.keys(operators) as readonly LeafOp[];
export const isLeafOp = (name: string): name is LeafOp => Object.hasOwn(operators, name);

const texts: readonly LeafOp[] = ["eq", "ne", "in", "nin", "startsWith", "endsWith", "contains", "matches"];
const amounts: readonly LeafOp[] = ["eq", "ne", "lt", "lte", "gt", "gte", "between"];
const lists: readonly LeafOp[] = ["has", "any", "all"];
const byKind: Readonly<Record<AttributeKind, readonly LeafOp[]>> = {
  text: texts,
  id: ["eq", "ne", "in", "nin"],
  ids: lists,
  texts: lists,
  number: [...amounts, "in", "nin"],
  money: amounts,
  boolean: ["eq", "ne"],
  date: ["before", "after", "between", "eq", "ne"],
  dateTime: ["before", "after", "between"],
};

/** Those that make sense for an attribute, the likely ones first. */
export function operatorsFor(attribute: string, kind: AttributeKind): readonly LeafOp[] {
  if (attribute === "ctx.ip") return ["cidr", "eq", "ne", "exists"];
  if (attribute === "ctx.time") return ["within", "before", "after"];
  // The clock on the wall is asked of the context and of the subject; of a record the server refuses it.
  const window: readonly LeafOp[] = kind === "dateTime" && !attribute.startsWith("obj.") ? ["within"] : [];
  return [...byKind[kind], ...window, "exists"];
}

export type Leaf = { readonly op: LeafOp; readonly operands: readonly unknown[] };

export function leafOf(condition: Condition): Leaf | undefined {
  const [op, operands] = Object.entries(condition)[0] ?? [];
  if (op === undefined || !isLeafOp(op)) return undefined;
  return { op, operands: op === "exists" ? [operands] : (operands as readonly unknown[]) };
}

/** The shape of each operand was chosen by `operators`; the server checks what it holds. */
export const conditionOf = ({ op, operands }: Leaf): Condition =>
  ({ [op]: op === "exists" ? operands[0] : operands }) as unknown as Condition;

export function isMany(kind: AttributeKind): boolean {
  return kind === "ids" || kind === "texts";
}

/** With another operator, keeping of the operands what it can still say. */
export function withOperator({ op, operands }: Leaf, next: LeafOp, kind: AttributeKind): Leaf {
  const takes = operators[next].right;
  const before = operators[op].right;
  const kept = takes.map((wanted, index) => {
    const given = operands[index + 1] ?? operands[1];
    const had = before[index] ?? before[0];
    if (given === undefined || had === undefined) return emptyOperand(wanted, kind);
    return turnedInto(wanted, had, given, kind);
  });
  return { op: next, operands: [operands[0], ...kept] };
}

function turnedInto(wanted: Takes, had: Takes, given: unknown, kind: AttributeKind): unknown {
  if (wanted === had) return given;
  const isPlain = (takes: Takes) => takes === "value" || takes === "shift";
  if (isPlain(wanted) && isPlain(had) && (wanted === "shift" || typeof given !== "object")) return given;
  const isAttribute = typeof given === "string" && attributePattern.test(given);
  if (wanted === "list" && had === "value" && !isAttribute) return given === "" ? [] : [given];
  if (wanted === "value" && had === "list" && Array.isArray(given))
    return (given[0] as unknown) ?? emptyOperand(wanted, kind);
  return emptyOperand(wanted, kind);
}

export const attributePattern = /^(sub|obj|ctx)\.(.+)$/;
/** A literal that looks like an attribute says that it is none. */
export const literalText = (text: string): unknown => (attributePattern.test(text) ? { text } : text);

export function emptyOperand(takes: Takes, kind: AttributeKind): unknown {
  switch (takes) {
    case "list":
      return [];
    case "ranges":
    case "patterns":
      return "";
    case "window":
      return { from: "09:00", to: "18:00", days: ["mon", "tue", "wed", "thu", "fri"], zone: ownZone() };
    case "shift":
      return "-P30D";
    default:
      return emptyValue(kind);
  }
}

function emptyValue(kind: AttributeKind): unknown {
  if (kind === "number") return 0;
  if (kind === "boolean") return true;
  return kind === "money" ? { amount: "0.00", currency: "EUR" } : "";
}

const ownZone = () => Intl.DateTimeFormat().resolvedOptions().timeZone;

/** What somebody who chooses this attribute most likely means next. */
export function likelyLeaf(attribute: string, kind: AttributeKind, of?: "person" | "department" | string): Leaf {
  if (kind === "id" && of === "person") return { op: "eq", operands: [attribute, "sub.id"] };
  if (kind === "id" && of === "department") return { op: "in", operands: [attribute, "sub.departments"] };
  const op = operatorsFor(attribute, kind)[0] ?? "exists";
  return { op, operands: [attribute, ...operators[op].right.map((takes) => emptyOperand(takes, kind))] };
}
