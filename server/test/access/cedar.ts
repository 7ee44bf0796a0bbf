import type { AttributeKind, Condition, Operand, Policy, ResourceType } from "@kontor/shared/access";

/**
 * Our conditions in the language of Cedar, an evaluator made by others. Cedar has no third truth value: what is missing is
 * an error, and a policy with an error is passed over, deny or allow. So a condition becomes two expressions, "is true"
 * and "is false", each of which asks with `has` before it reads: then nothing is an error, and unknown is neither.
 */
export interface Expressions {
  readonly isTrue: string;
  readonly isFalse: string;
}

const all = (parts: readonly string[]) => `(${parts.join(" && ")})`;
const some = (parts: readonly string[]) => `(${parts.join(" || ")})`;

export function toCedar(policies: readonly Policy[], type: ResourceType): string {
  return policies
    .map(({ effect, actions, when }) => {
      const { isTrue, isFalse } = when ? expressionsOf(when, type) : { isTrue: "true", isFalse: "false" };
      const among = actions.map((action) => `Action::"${action}"`).join(", ");
      const scope = actions.includes("*") ? "action" : `action in [${among}]`;
      const condition = effect === "allow" ? isTrue : `!${isFalse}`; // a deny applies unless its condition is false
      return `${effect === "allow" ? "permit" : "forbid"}(principal, ${scope}, resource) when { ${condition} };`;
    })
    .join("\n");
}

function expressionsOf(condition: Condition, type: ResourceType): Expressions {
  const [[op, operands] = ["", undefined as never]] = Object.entries(condition) as [string, never][];
  const parts = (of: readonly Condition[]) => of.map((part) => expressionsOf(part, type));
  if (op === "and" || op === "or") {
    const of = parts(operands);
    const [trues, falses] = [of.map(({ isTrue }) => isTrue), of.map(({ isFalse }) => isFalse)];
    return op === "and" ? { isTrue: all(trues), isFalse: some(falses) } : { isTrue: some(trues), isFalse: all(falses) };
  }
  if (op === "not") {
    const { isTrue, isFalse } = expressionsOf(operands, type);
    return { isTrue: isFalse, isFalse: isTrue };
  }
  if (op === "between") {
    const [value, lowest, highest] = operands as unknown as readonly [Operand, Operand, Operand]; // false as soon as one end says so
    return expressionsOf({ and: [{ gte: [value, lowest] }, { lte: [value, highest] }] }, type);
  }
  if (op === "exists") {
    const guard = all(guardsOf(operands, type));
    return { isTrue: guard, isFalse: `!${guard}` };
  }
  const written = operands as readonly unknown[];
  const guards = written.flatMap((operand) => guardsOf(operand, type));
  const test = comparison(op, written, type);
  return { isTrue: all([...guards, test]), isFalse: all([...guards, `!${test}`]) };
}

function comparison(op: string, written: readonly unknown[], type: ResourceType): string {
  const kinds = written.map((operand) => kindOf(operand, type));
  const isMoment = kinds.includes("dateTime");
  const [left = "", right = ""] = written.map((operand) => valueOf(operand, isMoment));
  const symbol = { eq: "==", ne: "!=", lt: "<", lte: "<=", gt: ">", gte: ">=", before: "<", after: ">" }[op];
  if (symbol) return `(${left} ${symbol} ${right})`;
  const pattern = (wrap: (text: string) => string) => `(${left} like "${wrap(likeText(written[1]))}")`;
  switch (op) {
    case "in":
      return `${right}.contains(${left})`;
    case "nin":
      return `(!${right}.contains(${left}))`;
    case "has":
      return `${left}.contains(${right})`;
    case "any":
      return `${left}.containsAny(${right})`;
    case "all":
      return `${left}.containsAll(${right})`;
    case "startsWith":
      return pattern((text) => `${text}*`);
    case "endsWith":
      return pattern((text) => `*${text}`);
    case "contains":
      return pattern((text) => `*${text}*`);
    case "matches":
      return `(${left} like "${String(written[1])}")`; // patterns of "*" and plain letters are the same in both
    default:
      throw new Error(`Cedar has no "${op}"`);
  }
}

const likeText = (written: unknown): string => textOf(written).slice(1, -1).replaceAll("*", "\\*");

/* ---------- operands ---------- */

const HOLDERS = { sub: "principal", obj: "resource", ctx: "context" } as const;
const isAttribute = (operand: unknown): operand is string =>
  typeof operand === "string" && /^(sub|obj|ctx)\./.test(operand);

const pathOf = (attribute: string): readonly string[] => {
  const [holder = "", ...path] = attribute.split(".");
  return [HOLDERS[holder as keyof typeof HOLDERS], ...path];
};

/** That each step of the way is there; a related record must be of the declared type. */
function guardsOf(operand: unknown, type: ResourceType): readonly string[] {
  if (!isAttribute(operand)) return [];
  const [holder = "", first = "", second] = pathOf(operand);
  if (second === undefined) return [`${holder} has ${first}`];
  const related = `${holder}.${first}Record`;
  return [`${holder} has ${first}Record`, `${related} is ${type.relations?.[first]}`, `${related} has ${second}`];
}

function valueOf(operand: unknown, isMoment: boolean): string {
  if (isAttribute(operand)) {
    const [holder = "", first = "", second] = pathOf(operand);
    return second === undefined ? `${holder}.${first}` : `${holder}.${first}Record.${second}`;
  }
  if (Array.isArray(operand)) return `[${operand.map((element) => valueOf(element, isMoment)).join(", ")}]`;
  if (isMoment) return String(Date.parse(String(operand)));
  return typeof operand === "string" ? textOf(operand) : String(operand);
}

/** Cedar's escapes are those of Rust. */
const textOf = (text: unknown): string =>
  `"${Array.from(String(text), (character) => (/[a-zA-Z0-9 *%_-]/.test(character) ? character : `\\u{${character.codePointAt(0)?.toString(16)}}`)).join("")}"`;

const SUBJECT: Readonly<Record<string, AttributeKind>> = { since: "dateTime" };
const CONTEXT: Readonly<Record<string, AttributeKind>> = { time: "dateTime", secondFactorAt: "dateTime" };

function kindOf(operand: unknown, type: ResourceType): AttributeKind | undefined {
  if (!isAttribute(operand)) return undefined;
  const name = operand.slice(4);
  return { sub: SUBJECT, ctx: CONTEXT, obj: type.attributes }[operand.slice(0, 3) as "sub" | "ctx" | "obj"][name];
}
