import type { Condition, Policy } from "@kontor/shared/access";
import { isObject } from "@kontor/shared/base";
import type { WordKey } from "../../words/words.ts";
import { isLeafOp, operators } from "./operators.ts";

/**
 * A policy as text and back. The form and the JSON editor show the same policy: what is typed becomes the form's as soon
 * as it has a policy's shape, and until then the form keeps what it had. What a policy may *say* is the server's to check.
 */
const WIDTH = 72;

/** Short lists and objects on one line, as people write them. */
export function printPolicy(value: unknown, indent = ""): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const flat = oneLine(value);
  if (indent !== "" && flat.length + indent.length <= WIDTH) return flat;
  const inner = `${indent}  `;
  const entries = Array.isArray(value)
    ? value.map((item: unknown) => inner + printPolicy(item, inner))
    : Object.entries(value).flatMap(([key, item]) =>
        item === undefined ? [] : [`${inner}${JSON.stringify(key)}: ${printPolicy(item, inner)}`],
      );
  const [open, close] = Array.isArray(value) ? "[]" : "{}";
  return entries.length === 0 ? `${open}${close}` : `${open}\n${entries.join(",\n")}\n${indent}${close}`;
}

function oneLine(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(oneLine).join(", ")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  if (entries.length === 0) return "{}";
  return `{ ${entries.map(([key, item]) => `${JSON.stringify(key)}: ${oneLine(item)}`).join(", ")} }`;
}

export interface ShapeFault {
  /** Within the policy: `.when.and[0]`; empty for the policy as such. */
  readonly place: string;
  readonly key: Extract<WordKey, `access.shape.${string}`>;
  readonly params?: Readonly<Record<string, string | number>>;
  /** Of the text, where it is no JSON. */
  readonly offset?: number;
}
export type ReadPolicy =
  | { readonly ok: true; readonly policy: Policy }
  | { readonly ok: false; readonly fault: ShapeFault };

export function readPolicy(text: string): ReadPolicy {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return { ok: false, fault: { place: "", key: "access.shape.json", offset: offsetOf(error, text) } };
  }
  return shapeOf(value);
}

function offsetOf(error: unknown, text: string): number {
  const position = /position (\d+)/.exec(String(error))?.[1];
  return position === undefined ? text.length : Math.min(Number(position), text.length);
}

/** Whether the form can show it. */
export function shapeOf(value: unknown): ReadPolicy {
  const fault = policyFault(value);
  return fault ? { ok: false, fault } : { ok: true, policy: value as Policy };
}

function policyFault(value: unknown): ShapeFault | undefined {
  if (!isObject(value)) return { place: "", key: "access.shape.object" };
  const { id, title, effect, resource, actions, sections, mask, when, contact, examples } = value;
  if (typeof id !== "string") return { place: ".id", key: "access.shape.text" };
  if (!isWords(title)) return { place: ".title", key: "access.shape.title" };
  if (effect !== "allow" && effect !== "deny") return { place: ".effect", key: "access.shape.effect" };
  if (typeof resource !== "string") return { place: ".resource", key: "access.shape.text" };
  if (!isTexts(actions)) return { place: ".actions", key: "access.shape.texts" };
  if (sections !== undefined && sections !== "*" && !isTexts(sections))
    return { place: ".sections", key: "access.shape.sections" };
  if (contact !== undefined && typeof contact !== "string") return { place: ".contact", key: "access.shape.text" };
  return maskFault(mask) ?? (when === undefined ? undefined : conditionFault(when, ".when")) ?? examplesFault(examples);
}

function maskFault(mask: unknown): ShapeFault | undefined {
  if (mask === undefined) return undefined;
  if (!isObject(mask)) return { place: ".mask", key: "access.shape.object" };
  const wrong = Object.entries(mask).find(
    ([, rule]) => rule !== "omit" && !(isObject(rule) && typeof rule["redact"] === "string"),
  );
  return wrong && { place: `.mask[${JSON.stringify(wrong[0])}]`, key: "access.shape.mask" };
}

function examplesFault(examples: unknown): ShapeFault | undefined {
  if (examples === undefined) return undefined;
  if (!Array.isArray(examples)) return { place: ".examples", key: "access.shape.list" };
  const wrong = examples.findIndex((example: unknown) => !isExample(example));
  return wrong < 0 ? undefined : { place: `.examples[${wrong}]`, key: "access.shape.example" };
}

const isExample = (example: unknown): boolean =>
  isObject(example) &&
  isObject(example["subject"]) &&
  typeof example["action"] === "string" &&
  (example["expect"] === "allow" || example["expect"] === "deny") &&
  ["resource", "context"].every((part) => example[part] === undefined || isObject(example[part]));

function conditionFault(condition: unknown, place: string): ShapeFault | undefined {
  const [entry, ...more] = isObject(condition) ? Object.entries(condition) : [];
  if (!entry || more.length > 0) return { place, key: "access.shape.condition" };
  const [op, operands] = entry;
  const at = `${place}.${op}`;
  if (op === "not") return conditionFault(operands, at);
  if (op === "and" || op === "or") {
    if (!Array.isArray(operands) || operands.length === 0) return { place: at, key: "access.shape.parts" };
    for (const [index, part] of operands.entries()) {
      const fault = conditionFault(part as Condition, `${at}[${index}]`);
      if (fault) return fault;
    }
    return undefined;
  }
  if (!isLeafOp(op)) return { place: at, key: "access.shape.operator", params: { op } };
  if (op === "exists") return typeof operands === "string" ? undefined : { place: at, key: "access.shape.text" };
  const count = operators[op].right.length + 1;
  const fits =
    Array.isArray(operands) && operands.length === count && !operands.includes(null) && !operands.includes(undefined);
  return fits ? undefined : { place: at, key: "access.shape.operands", params: { count } };
}

const isTexts = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((one) => typeof one === "string");
const isWords = (value: unknown): boolean =>
  typeof value === "string" || (isObject(value) && typeof value["en"] === "string" && typeof value["ru"] === "string");

/** `.when.and[0].eq[1]` and `.mask["main.phone"]`, step by step. */
export const stepsOf = (place: string): readonly (string | number)[] =>
  [...place.matchAll(/\.([^.[\]"]+)|\[(\d+)\]|\[("(?:[^"\\]|\\.)*")\]/g)].map(([, name, index, quoted]) =>
    index !== undefined ? Number(index) : quoted !== undefined ? String(JSON.parse(quoted)) : (name ?? ""),
  );
