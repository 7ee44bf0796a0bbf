import type { Condition, Context, FieldAccess, Policy, ResourceType, Subject } from "@kontor/shared/access";
import type { Json } from "@kontor/shared/base";
import { isNaiveShift, naiveCidr, naiveMatches, naiveNow, naiveWithin } from "./naive.checks.ts";

/**
 * An evaluator written apart from the engine, from the rules at the head of `access.model.ts` alone: it walks the JSON of
 * the policies as written, knows no plans, trees or masks, and takes its time. The engine must agree with it, always.
 *
 * Truth is a number here: 1 true, 0 false, 0.5 unknown; then `and` is the least, `or` the greatest and `not` 1 - x.
 */
type Truth = 0 | 0.5 | 1;
type Attributes = Readonly<Record<string, Json | undefined>>;

export interface Situation {
  readonly policies: readonly Policy[];
  readonly type: ResourceType;
  readonly subjectAttributes: Readonly<Record<string, string>>;
  readonly subject: Subject;
  readonly context: Context;
  readonly object: Attributes;
  /** All rows there are, for what stands one relation away. */
  readonly others?: readonly Attributes[];
}

export function naiveMay(situation: Situation, action: string): boolean {
  const needsRead = action !== "read" && action !== "create" && situation.type.actions.includes("read");
  return opened(situation, action).length > 0 && (!needsRead || opened(situation, "read").length > 0);
}

export function naiveField(situation: Situation, action: string, field: string): FieldAccess {
  const section = Object.keys(situation.type.sections).find((name) => situation.type.sections[name]?.includes(field));
  if (section === undefined || !opened(situation, action).includes(section)) return "absent";
  const rules = grants(situation, action, section).map((policy) => policy.mask?.[`${section}.${field}`] ?? "plain");
  if (rules.includes("plain")) return "visible";
  for (const redact of ["keep-last-4", "keep-last-2", "all"] as const) {
    if (rules.some((rule) => typeof rule === "object" && rule.redact === redact)) return { redact };
  }
  return "absent";
}

/** The sections in which the action is allowed; asked for by every field. */
function opened(situation: Situation, action: string): readonly string[] {
  const known = openedBy.get(situation) ?? new Map<string, readonly string[]>();
  openedBy.set(situation, known);
  const sections = known.get(action) ?? openedNow(situation, action);
  known.set(action, sections);
  return sections;
}

const openedBy = new WeakMap<Situation, Map<string, readonly string[]>>();

function openedNow(situation: Situation, action: string): readonly string[] {
  return Object.keys(situation.type.sections).filter(
    (section) =>
      grants(situation, action, section).length > 0 &&
      !speaking(situation, action, section).some(
        (policy) => policy.effect === "deny" && holds(policy, situation) !== 0,
      ),
  );
}

const grants = (situation: Situation, action: string, section: string) =>
  speaking(situation, action, section).filter((policy) => policy.effect === "allow" && holds(policy, situation) === 1);

const speaking = ({ policies, type }: Situation, action: string, section: string) =>
  policies.filter((policy) => {
    const ofAction = policy.actions.some((pattern) => {
      if (pattern === "*" || pattern === action) return true;
      return pattern.endsWith(":*") && action.split(":")[0] === pattern.split(":")[0] && action.includes(":");
    });
    const ofSection = policy.sections === undefined || policy.sections === "*" || policy.sections.includes(section);
    return [type.name, "*"].includes(policy.resource) && ofAction && ofSection;
  });

/** An allow when its condition is true, a deny unless it is false. */
export const naiveApplies = (policy: Policy, situation: Situation): boolean =>
  policy.effect === "deny" ? holds(policy, situation) !== 0 : holds(policy, situation) === 1;

function holds(policy: Policy, situation: Situation): Truth {
  const known = truths.get(situation) ?? new Map<Policy, Truth>();
  truths.set(situation, known);
  const truth = known.get(policy) ?? (policy.when ? truthOf(policy.when, situation) : 1);
  known.set(policy, truth);
  return truth;
}

/** Every action and field of a situation asks for the same truths. */
const truths = new WeakMap<Situation, Map<Policy, Truth>>();

function truthOf(condition: Condition, situation: Situation): Truth {
  const [[op, operands] = ["", undefined as never]] = Object.entries(condition) as [string, never][];
  if (op === "and") return Math.min(...(operands as Condition[]).map((part) => truthOf(part, situation))) as Truth;
  if (op === "or") return Math.max(...(operands as Condition[]).map((part) => truthOf(part, situation))) as Truth;
  if (op === "not") return (1 - truthOf(operands, situation)) as Truth;
  if (op === "exists") return valueOf(operands, situation) === undefined ? 0 : 1;
  if (op === "cidr" || op === "matches" || op === "within") return checked(op, operands, situation);
  if (op === "before" || op === "after") return beforeOrAfter(op, operands, situation);
  const values = (operands as unknown[]).map((operand) => valueOf(operand, situation));
  if (op === "between") {
    const [value, lowest, highest] = values;
    return Math.min(
      ordered(value, lowest, (order) => order >= 0),
      ordered(value, highest, (order) => order <= 0),
    ) as Truth;
  }
  const [left, right] = values;
  if (left === undefined || right === undefined) return 0.5;
  return binary(op, left, right);
}

function checked(op: string, [operand, written]: readonly [unknown, never], situation: Situation): Truth {
  const value = valueOf(operand, situation) as string | undefined;
  if (value === undefined) return 0.5;
  if (op === "within") return truth(naiveWithin(value, written));
  const list: readonly string[] = Array.isArray(written) ? written : [written];
  const answer = op === "cidr" ? naiveCidr(value, list) : naiveMatches(value, list);
  return answer === undefined ? 0.5 : truth(answer);
}

function beforeOrAfter(op: string, [left, right]: readonly [unknown, unknown], situation: Situation): Truth {
  const value = valueOf(left, situation);
  const other = isNaiveShift(right)
    ? naiveNow(situation.context.time, right, String(value).length === 10 ? "date" : "dateTime")
    : valueOf(right, situation);
  return ordered(value, other, (order) => (op === "before" ? order < 0 : order > 0));
}

function binary(op: string, left: Value, right: Value): Truth {
  switch (op) {
    case "eq":
      return truth(same(left, right));
    case "ne":
      return truth(!same(left, right));
    case "lt":
      return ordered(left, right, (order) => order < 0);
    case "lte":
      return ordered(left, right, (order) => order <= 0);
    case "gt":
      return ordered(left, right, (order) => order > 0);
    case "gte":
      return ordered(left, right, (order) => order >= 0);
    case "in":
      return truth(list(right).some((element) => same(element, left)));
    case "nin":
      return truth(!list(right).some((element) => same(element, left)));
    case "has":
      return truth(list(left).some((element) => same(element, right)));
    case "any":
      return truth(list(left).some((a) => list(right).some((b) => same(a, b))));
    case "all":
      return truth(list(right).every((b) => list(left).some((a) => same(a, b))));
    case "startsWith":
      return truth(points(left).slice(0, points(right).length).join() === points(right).join());
    case "endsWith":
      return truth(
        points(right).length <= points(left).length &&
          points(left)
            .slice(points(left).length - points(right).length)
            .join() === points(right).join(),
      );
    case "contains":
      return truth(
        points(left).some(
          (_, at) =>
            points(left)
              .slice(at, at + points(right).length)
              .join() === points(right).join(),
        ) || points(right).length === 0,
      );
    default:
      throw new Error(`the naive evaluator does not know "${op}"`);
  }
}

const truth = (value: boolean): Truth => (value ? 1 : 0);
const list = (value: Value): readonly Value[] => value as readonly Value[];
const points = (value: Value): readonly number[] =>
  Array.from(value as string, (character) => character.codePointAt(0) ?? 0);

type Money = { readonly amount: string; readonly currency: string };
type Value = string | number | boolean | Money | readonly (string | number)[];

const isMoney = (value: Value | undefined): value is Money => typeof value === "object" && !Array.isArray(value);

const same = (a: Value, b: Value): boolean =>
  isMoney(a) && isMoney(b) ? a.currency === b.currency && tenThousandths(a) === tenThousandths(b) : a === b;

function ordered(a: Value | undefined, b: Value | undefined, test: (order: number) => boolean): Truth {
  if (a === undefined || b === undefined) return 0.5;
  if (isMoney(a) && isMoney(b)) {
    if (a.currency !== b.currency) return 0.5;
    return truth(test(tenThousandths(a) < tenThousandths(b) ? -1 : tenThousandths(a) > tenThousandths(b) ? 1 : 0));
  }
  if (typeof a === "number") return truth(test(a < (b as number) ? -1 : a > (b as number) ? 1 : 0));
  return truth(test(Buffer.compare(Buffer.from(a as string), Buffer.from(b as string)))); // UTF-8 bytes sort as code points do
}

const tenThousandths = ({ amount }: Money): bigint => {
  const [, sign = "", whole = "", fraction = ""] = /^(-?)(\d+)\.?(\d*)$/.exec(amount) ?? [];
  return BigInt(`${sign}${whole}${`${fraction}0000`.slice(0, 4)}`);
};

/* ---------- operands ---------- */

const BUILT_IN: Readonly<Record<string, string>> = {
  "sub.id": "id",
  "sub.login": "text",
  "sub.groups": "ids",
  "sub.department": "id",
  "sub.departments": "ids",
  "sub.subtree": "ids",
  "sub.positions": "ids",
  "sub.managers": "ids",
  "sub.isAdmin": "boolean",
  "ctx.time": "dateTime",
  "ctx.ip": "text",
  "ctx.deviceId": "text",
  "ctx.deviceTrusted": "boolean",
  "ctx.factorLevel": "number",
  "ctx.secondFactorAt": "dateTime",
  "ctx.channel": "text",
  "ctx.offline": "boolean",
};

function valueOf(operand: unknown, situation: Situation): Value | undefined {
  if (typeof operand === "object" && operand !== null && "text" in operand) return operand.text as string;
  if (typeof operand !== "string" || !/^(sub|obj|ctx)\./.test(operand)) return operand as Value;
  const name = operand.slice(4);
  if (operand.startsWith("obj.")) return ofKind(stored(name, situation), situation.type.attributes[name] ?? "");
  const kind = BUILT_IN[operand];
  if (operand.startsWith("ctx.")) return storable(ofKind(situation.context[name as keyof Context], kind ?? ""));
  if (kind) return ofKind(situation.subject[name as keyof Subject], kind);
  return storable(ofKind(situation.subject.attributes[name], situation.subjectAttributes[name] ?? ""));
}

function stored(name: string, { object, others = [], type }: Situation): Json | undefined {
  if (!name.includes(".")) return object[name];
  const [relation = "", attribute = ""] = name.split(".");
  const pointsTo = object[relation];
  const target = others.find((other) => other["#id"] === pointsTo);
  if (target?.["#deleted"] !== false || target["#type"] !== type.relations?.[relation]) return undefined;
  return target[attribute];
}

function ofKind(value: unknown, kind: string): Value | undefined {
  const isText = typeof value === "string";
  if (kind === "text" || kind === "id") return isText ? value : undefined;
  if (kind === "number") return typeof value === "number" ? value : undefined;
  if (kind === "boolean") return typeof value === "boolean" ? value : undefined;
  if (kind === "date") return isText && /^\d{4}-\d{2}-\d{2}$/.test(value) ? value : undefined;
  if (kind === "dateTime")
    return isText && /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/.test(value) ? value : undefined;
  if (kind === "ids" || kind === "texts")
    return Array.isArray(value) ? value.filter((item) => typeof item === "string") : undefined;
  if (typeof value !== "object" || value === null || Object.keys(value).sort().join() !== "amount,currency")
    return undefined;
  const { amount, currency } = value as Record<string, unknown>;
  const fits =
    typeof amount === "string" &&
    /^-?\d{1,18}(\.\d{1,4})?$/.test(amount) &&
    typeof currency === "string" &&
    /^[A-Z]{3}$/.test(currency);
  return fits ? { amount, currency } : undefined;
}

function storable(value: Value | undefined): Value | undefined {
  const isOk = (text: unknown) =>
    typeof text !== "string" || (!text.includes("\0") && Buffer.from(text).toString() === text);
  if (Array.isArray(value)) return value.filter(isOk);
  return isOk(value) ? value : undefined;
}
