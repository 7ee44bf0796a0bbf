import { isObject, isMoney } from "../base/index.ts";
import type { AttributeKind, ResourceType } from "./access.model.ts";
import { type Check, type CheckOp, checkOps, checks } from "./condition.check.ts";
import { looksLikeShift, parseShift, type Shift } from "./time.shift.ts";
import { type Family, isStorable, readers } from "./value.read.ts";

/**
 * From a condition as written (JSON) to the checked syntax tree that decide, filter and explain all read. Binding finds
 * every unknown operator, unknown attribute and comparison of different kinds, and says where it stands.
 */

export interface Fault {
  /** Place in the policy set, for example `[3].when.and[0].eq[1]`. */
  readonly path: string;
  readonly words: string;
}

export interface Literal {
  readonly from: "literal";
  readonly many: boolean;
  readonly value: unknown;
}
export interface Attribute {
  readonly from: "sub" | "obj" | "ctx";
  readonly name: string;
  readonly kind: AttributeKind;
  readonly family: Family;
  readonly many: boolean;
}
/** Now, moved by a duration: a moment, or the day that it is in a zone. */
export interface Now {
  readonly from: "now";
  readonly family: "date" | "dateTime";
  readonly many: false;
  readonly shift: Shift;
}
type Written = Literal | Attribute;
export type Term = Written | Now;

const orderOps = ["lt", "lte", "gt", "gte"] as const;
const textOps = ["startsWith", "endsWith", "contains"] as const;
const scalarOps = ["eq", "ne", ...orderOps, ...textOps] as const;
const elementOps = ["in", "nin", "has"] as const;
const listOps = ["any", "all"] as const;
const binaryOps = [...scalarOps, ...elementOps, ...listOps] as const;
export type BinaryOp = (typeof binaryOps)[number];

export interface BinaryNode {
  readonly op: BinaryOp;
  readonly at: string;
  /** Of the values compared; of the elements where lists are compared. */
  readonly family: Family;
  readonly left: Term;
  readonly right: Term;
}
export interface CheckNode {
  readonly op: CheckOp;
  readonly at: string;
  readonly left: Attribute;
  readonly check: Check;
}
export type ConditionNode =
  | { readonly op: "and"; readonly at: string; readonly of: readonly ConditionNode[] }
  | { readonly op: "or"; readonly at: string; readonly of: readonly ConditionNode[] }
  | { readonly op: "not"; readonly at: string; readonly of: readonly [ConditionNode] }
  | { readonly op: "exists"; readonly at: string; readonly left: Attribute }
  | CheckNode
  | BinaryNode;

export interface Scope {
  readonly type: ResourceType;
  readonly subjectAttributes: Readonly<Record<string, AttributeKind>>;
}

// Bounds on what one policy costs to decide: generous for people, tight for a generated bomb.
const MAX_DEPTH = 16;
const MAX_NODES = 500;
const MAX_LIST = 1_000;

export const operators = [
  "and",
  "or",
  "not",
  "between",
  "before",
  "after",
  "exists",
  ...checkOps,
  ...binaryOps,
] as const;

export const SUBJECT_ATTRIBUTES: Readonly<Record<string, AttributeKind>> = {
  id: "id",
  login: "text",
  groups: "ids",
  department: "id",
  departments: "ids",
  subtree: "ids",
  positions: "ids",
  managers: "ids",
  isAdmin: "boolean",
};
export const CONTEXT_ATTRIBUTES: Readonly<Record<string, AttributeKind>> = {
  time: "dateTime",
  ip: "text",
  deviceId: "text",
  deviceTrusted: "boolean",
  factorLevel: "number",
  secondFactorAt: "dateTime",
  channel: "text",
  offline: "boolean",
};

const FAMILIES = {
  text: "text",
  id: "text",
  ids: "text",
  texts: "text",
  date: "date",
  dateTime: "dateTime",
  number: "number",
  boolean: "boolean",
  money: "money",
} satisfies Record<AttributeKind, Family>;

/** Reports what is wrong to `faults`; gives undefined when something was. */
export function bindCondition(
  condition: unknown,
  scope: Scope,
  at: string,
  faults: Fault[],
): ConditionNode | undefined {
  const before = faults.length;
  const binder = new Binder(scope, faults);
  const node = binder.bind(condition, at, 1);
  return faults.length === before ? node : undefined;
}

class Binder {
  readonly #scope: Scope;
  readonly #faults: Fault[];
  #nodes = 0;

  constructor(scope: Scope, faults: Fault[]) {
    this.#scope = scope;
    this.#faults = faults;
  }

  bind(condition: unknown, at: string, depth: number): ConditionNode | undefined {
    this.#nodes += 1;
    if (this.#nodes === MAX_NODES + 1) this.#fault(at, `has more than ${MAX_NODES} conditions; split the policy`);
    if (this.#nodes > MAX_NODES) return undefined;
    if (depth > MAX_DEPTH) return this.#fault(at, `is nested more than ${MAX_DEPTH} deep`);
    if (!isObject(condition)) return this.#fault(at, `must be an object such as { "eq": ["obj.owner", "sub.id"] }`);
    const entries = Object.entries(condition);
    const [entry] = entries;
    if (!entry || entries.length > 1) {
      return this.#fault(at, `must have exactly one operator, and has ${entries.length}; combine several with "and"`);
    }
    const [op, operands] = entry;
    const place = `${at}.${op}`;
    if (op === "and" || op === "or") return this.#junction(op, operands, place, depth);
    if (op === "not") {
      const of = this.bind(operands, place, depth + 1);
      return of && { op, at: place, of: [of] };
    }
    if (op === "between") return this.#between(operands, place);
    if (op === "exists") return this.#exists(operands, place);
    if (op === "before" || op === "after") return this.#beforeOrAfter(op, operands, place);
    if (isOneOf(checkOps, op)) return this.#check(op, operands, place);
    if (isBinaryOp(op)) return this.#binary(op, operands, place);
    return this.#fault(at, `has the unknown operator "${op}"; known: ${operators.join(", ")}`);
  }

  #junction(op: "and" | "or", operands: unknown, at: string, depth: number): ConditionNode | undefined {
    if (!Array.isArray(operands) || operands.length === 0) return this.#fault(at, "must be a list of conditions");
    const of: ConditionNode[] = [];
    for (const [index, operand] of operands.entries()) {
      const node = this.bind(operand, `${at}[${index}]`, depth + 1);
      if (node) of.push(node);
      if (this.#nodes > MAX_NODES) return undefined;
    }
    return { op, at, of };
  }

  #between(operands: unknown, at: string): ConditionNode | undefined {
    if (!Array.isArray(operands) || operands.length !== 3)
      return this.#fault(at, "takes a value, the lowest and the highest");
    const [value, lowest, highest] = operands as [unknown, unknown, unknown];
    const from = this.#pair("gte", value, lowest, at, [0, 1]);
    const to = this.#pair("lte", value, highest, at, [0, 2]);
    return from && to && { op: "and", at, of: [from, to] };
  }

  #exists(operand: unknown, at: string): ConditionNode | undefined {
    const term = this.#term(operand, at);
    if (!term) return undefined;
    if (term.from === "literal") return this.#fault(at, `takes an attribute such as "obj.owner"`);
    return { op: "exists", at, left: term };
  }

  #check(op: CheckOp, operands: unknown, at: string): ConditionNode | undefined {
    if (!Array.isArray(operands) || operands.length !== 2) return this.#fault(at, "takes a list of two operands");
    const [subject, written] = operands as [unknown, unknown];
    const { takes, parse } = checks[op];
    const left = this.#term(subject, `${at}[0]`);
    if (!left) return undefined;
    const example = op === "within" ? "ctx.time" : op === "cidr" ? "ctx.ip" : "obj.title";
    if (left.from === "literal") return this.#fault(`${at}[0]`, `must be an attribute such as "${example}"`);
    if (left.many || left.family !== takes)
      return this.#fault(`${at}[0]`, `must be ${WANTED[takes]}, and ${left.from}.${left.name} is ${left.kind}`);
    const check = parse(written);
    if (typeof check === "string") return this.#fault(`${at}[1]`, check);
    // PostgreSQL has its own tables of time zones, and filter must not differ from decide (POL-4).
    if (left.from === "obj" && !check.toSql)
      return this.#fault(`${at}[0]`, `"${op}" asks about the time of the question; use "${example}"`);
    return { op, at, left, check };
  }

  /** `lt` and `gt` of dates and moments, where the other side may also be relative to now. */
  #beforeOrAfter(op: "before" | "after", operands: unknown, at: string): ConditionNode | undefined {
    if (!Array.isArray(operands) || operands.length !== 2) return this.#fault(at, "takes a list of two operands");
    const [writtenLeft, writtenRight] = operands as [unknown, unknown];
    const compare = op === "before" ? "lt" : "gt";
    if (!looksLikeShift(writtenRight)) {
      const node = this.#pair(compare, writtenLeft, writtenRight, at, [0, 1]);
      if (!node || !("family" in node) || node.family === "date" || node.family === "dateTime") return node;
      return this.#fault(at, `"${op}" compares dates or moments, and this is ${node.family}`);
    }
    const left = this.#term(writtenLeft, `${at}[0]`);
    if (!left) return undefined;
    if (left.from === "literal" || left.many || (left.family !== "date" && left.family !== "dateTime"))
      return this.#fault(`${at}[0]`, `must be an attribute that is a date or a moment, such as "obj.createdAt"`);
    if (left.from === "ctx" && left.name === "time")
      return this.#fault(at, "compares now with now; the other side must be an attribute");
    const shift = parseShift(writtenRight, left.family);
    if (typeof shift === "string") return this.#fault(`${at}[1]`, shift);
    const right: Now = { from: "now", family: left.family, many: false, shift };
    return { op: compare, at, family: left.family, left, right };
  }

  #binary(op: BinaryOp, operands: unknown, at: string): ConditionNode | undefined {
    if (!Array.isArray(operands) || operands.length !== 2) return this.#fault(at, "takes a list of two operands");
    const [left, right] = operands as [unknown, unknown];
    return this.#pair(op, left, right, at, [0, 1]);
  }

  #pair(
    op: BinaryOp,
    writtenLeft: unknown,
    writtenRight: unknown,
    at: string,
    [leftIndex, rightIndex]: readonly [number, number],
  ): ConditionNode | undefined {
    const leftAt = `${at}[${leftIndex}]`;
    const rightAt = `${at}[${rightIndex}]`;
    const left = this.#term(writtenLeft, leftAt);
    const right = this.#term(writtenRight, rightAt);
    if (!left || !right) return undefined;
    if (left.many !== wantsList(op, "left")) return this.#fault(leftAt, `must be ${shape(!left.many)} for "${op}"`);
    if (right.many !== wantsList(op, "right")) return this.#fault(rightAt, `must be ${shape(!right.many)} for "${op}"`);
    const family = this.#family(left, right, at);
    if (!family) return undefined;
    if (isOneOf(textOps, op) && family !== "text")
      return this.#fault(at, `"${op}" compares texts, and this is ${family}`);
    if (isOneOf(orderOps, op) && family === "boolean") return this.#fault(at, `"${op}" has no meaning for yes and no`);
    if ((left.many || right.many) && (family === "boolean" || family === "money")) {
      return this.#fault(at, `"${op}" has no meaning for ${family}; use "or" with "eq"`);
    }
    const boundLeft = this.#coerce(left, family, leftAt);
    const boundRight = this.#coerce(right, family, rightAt);
    return boundLeft && boundRight && { op, at, family, left: boundLeft, right: boundRight };
  }

  #family(left: Written, right: Written, at: string): Family | undefined {
    if (left.from === "literal") {
      return right.from === "literal"
        ? this.#fault(at, "compares two literals; one side must be an attribute")
        : right.family;
    }
    if (right.from === "literal" || right.family === left.family) return left.family;
    return this.#fault(
      at,
      `compares ${left.from}.${left.name} (${left.kind}) with ${right.from}.${right.name} (${right.kind})`,
    );
  }

  #term(written: unknown, at: string): Written | undefined {
    if (written === null)
      return this.#fault(at, `is null, with which every comparison is unknown; use { "exists": … }`);
    if (Array.isArray(written)) return this.#listLiteral(written, at);
    if (typeof written === "string") {
      const [, from, name] = /^(sub|obj|ctx)\.(.+)$/.exec(written) ?? [];
      return from && name
        ? this.#attribute(from as Attribute["from"], name, at)
        : { from: "literal", many: false, value: written };
    }
    if (isObject(written) && Object.keys(written).join() === "text" && typeof written["text"] === "string") {
      return { from: "literal", many: false, value: written["text"] };
    }
    if (typeof written === "number" || typeof written === "boolean" || isMoney(written)) {
      return { from: "literal", many: false, value: written };
    }
    return this.#fault(at, `must be an attribute, a text, a number, true or false, an amount with currency, or a list`);
  }

  #listLiteral(written: readonly unknown[], at: string): Literal | undefined {
    if (written.length > MAX_LIST) return this.#fault(at, `has more than ${MAX_LIST} elements`);
    return { from: "literal", many: true, value: written };
  }

  #attribute(from: Attribute["from"], name: string, at: string): Attribute | undefined {
    const known = this.#attributesOf(from);
    const kind = Object.hasOwn(known, name) ? known[name] : undefined;
    if (!kind) return this.#fault(at, unknownAttribute(from, name, known, this.#scope.type));
    return { from, name, kind, family: FAMILIES[kind], many: kind === "ids" || kind === "texts" };
  }

  #attributesOf(from: Attribute["from"]): Readonly<Record<string, AttributeKind>> {
    if (from === "obj") return this.#scope.type.attributes;
    return from === "ctx" ? CONTEXT_ATTRIBUTES : { ...this.#scope.subjectAttributes, ...SUBJECT_ATTRIBUTES };
  }

  #coerce(term: Written, family: Family, at: string): Written | undefined {
    if (term.from !== "literal") return term;
    if (!term.many) {
      const value = literalOf(term.value, family);
      return value === undefined ? this.#fault(at, `must be ${WANTED[family]}`) : { ...term, value };
    }
    const values = (term.value as readonly unknown[]).map((element) => literalOf(element, family));
    const wrong = values.indexOf(undefined);
    return wrong < 0 ? { ...term, value: values } : this.#fault(`${at}[${wrong}]`, `must be ${WANTED[family]}`);
  }

  #fault(path: string, words: string): undefined {
    this.#faults.push({ path, words });
  }
}

/** Attributes of related records are told apart: a list of everything one relation away would be no help. */
function unknownAttribute(
  from: Attribute["from"],
  name: string,
  known: Readonly<Record<string, AttributeKind>>,
  type: ResourceType,
): string {
  const written = `${from}.${name}`;
  const own = Object.keys(known).filter((key) => !key.includes("."));
  const whose = { sub: "the subject", ctx: "the context", obj: `the type "${type.name}"` }[from];
  const [head = "", ...rest] = name.split(".");
  if (from !== "obj" || rest.length === 0 || !own.includes(head))
    return `names ${written}, and ${whose} has only: ${own.join(", ")}`;
  const related = Object.keys(known).filter((key) => key.startsWith(`${head}.`));
  if (related.length === 0) {
    const isList = known[head] === "ids";
    return `names ${written}, and obj.${head} is ${isList ? "a list: only a relation to one record can be followed" : "no relation to a record"}`;
  }
  if (rest.length > 1) return `names ${written}, and what a condition asks for is one relation away at most`;
  return `names ${written}, and the record in obj.${head} has only: ${related.map((key) => key.slice(head.length + 1)).join(", ")}`;
}

const WANTED: Record<Family, string> = {
  text: "a text",
  date: "a date such as 2026-11-21",
  dateTime: "a moment with time zone such as 2026-11-21T09:00:00Z",
  number: "a number",
  boolean: "true or false",
  money: `an amount such as { "amount": "1000.00", "currency": "EUR" }`,
};

function literalOf(value: unknown, family: Family): unknown {
  if (family === "text") return typeof value === "string" && isStorable(value) ? value : undefined;
  if (family === "dateTime") return typeof value === "string" ? momentOf(value) : undefined;
  if (family === "date")
    return typeof value === "string" && Number.isFinite(Date.parse(value)) ? readers.date(value) : undefined;
  return readers[family](value);
}

function momentOf(text: string): string | undefined {
  const moment = /T.*(Z|[+-]\d\d:\d\d)$/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isFinite(moment) ? readers.dateTime(new Date(moment).toISOString()) : undefined;
}

const wantsList = (op: BinaryOp, side: "left" | "right"): boolean => {
  if (isOneOf(listOps, op)) return true;
  if (op === "in" || op === "nin") return side === "right";
  return op === "has" && side === "left";
};
const shape = (many: boolean) => (many ? "a list" : "one value and not a list");
const isOneOf = <Name extends string>(names: readonly Name[], name: string): name is Name =>
  (names as readonly string[]).includes(name);
const isBinaryOp = (name: string): name is BinaryOp => isOneOf(binaryOps, name);
