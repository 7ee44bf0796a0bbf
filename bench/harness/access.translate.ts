/** The benchmark's conditions in the languages of the peers: the same tree, whatever each of them can say best. */
import type { Condition, Subject } from "@kontor/shared/access";

type Operands = readonly [unknown, unknown];
const entryOf = (condition: Condition): readonly [string, unknown] => Object.entries(condition)[0] as [string, unknown];
const isAttribute = (operand: unknown): operand is string =>
  typeof operand === "string" && /^(sub|obj)\./.test(operand);

/* ---------- expressions: casbin and Cedar ---------- */

export interface Dialect {
  readonly names: { readonly sub: string; readonly obj: string };
  has(list: string, element: string): string;
  any(list: string, other: string): string;
}

export function toExpression(condition: Condition, dialect: Dialect): string {
  const [op, operands] = entryOf(condition);
  const parts = () => (operands as readonly Condition[]).map((part) => toExpression(part, dialect));
  if (op === "and") return `(${parts().join(" && ")})`;
  if (op === "or") return `(${parts().join(" || ")})`;
  if (op === "not") return `!(${toExpression(operands as Condition, dialect)})`;
  const [left, right] = (operands as Operands).map((operand) => {
    if (!isAttribute(operand)) return JSON.stringify(operand);
    return `${dialect.names[operand.slice(0, 3) as "sub" | "obj"]}.${operand.slice(4)}`;
  }) as [string, string];
  const symbol = { eq: "==", ne: "!=", gt: ">" }[op];
  if (symbol) return `${left} ${symbol} ${right}`;
  if (op === "in") return dialect.has(right, left);
  if (op === "has") return dialect.has(left, right);
  if (op === "any") return dialect.any(left, right);
  throw new Error(`no translation for "${op}"`);
}

/* ---------- queries: CASL, with the subject's values put in, as its cached abilities have them ---------- */

/** A query, or what the condition is for this subject whatever the record. */
export function toQuery(condition: Condition, subject: Subject): boolean | Readonly<Record<string, unknown>> {
  const [op, operands] = entryOf(condition);
  if (op === "and" || op === "or") {
    const settles = op === "or";
    const parts = (operands as readonly Condition[]).map((part) => toQuery(part, subject));
    if (parts.includes(settles)) return settles;
    const open = parts.filter((part) => typeof part !== "boolean");
    return open.length === 0 ? !settles : { [`$${op}`]: open };
  }
  if (op === "not") {
    const part = toQuery(operands as Condition, subject);
    return typeof part === "boolean" ? !part : { $nor: [part] };
  }
  const values = (operands as Operands).map((operand) =>
    isAttribute(operand) && operand.startsWith("sub.") ? subject[operand.slice(4) as keyof Subject] : operand,
  );
  const [left, right] = values as [unknown, unknown];
  if (isAttribute(left)) return { [left.slice(4)]: { [`$${op}`]: right } };
  const list = left as readonly unknown[];
  return op === "has" ? list.includes(right) : (right as readonly unknown[]).some((element) => list.includes(element));
}
