import { z } from "zod";
import type { Json, Label } from "../base/index.ts";

/**
 * Attributes of people and services beyond what every installation has, declared by packs: policies ask for them as
 * `sub.<name>`, administrators set them, and a directory may fill them.
 */
export const subjectAttributeKinds = ["text", "number", "boolean", "date", "texts"] as const;
export type SubjectAttributeKind = (typeof subjectAttributeKinds)[number];

export interface SubjectAttribute {
  readonly kind: SubjectAttributeKind;
  readonly label: Label;
  /** What it can be, for `text`, `number` and `texts`; absent: anything of its kind. */
  readonly options?: readonly { readonly value: string | number; readonly label: Label }[];
}
export type SubjectAttributes = Readonly<Record<string, SubjectAttribute>>;

const MAX_LENGTH = 200; // of a text: names and keys, not prose
const MAX_TEXTS = 50;
/** What policies may already ask of every subject; an attribute of this name would be two things at once. */
const BUILT_IN: ReadonlySet<string> = new Set(
  "id login groups department departments subtree positions managers isAdmin attributes validUntil".split(" "),
);

const text = z.string().trim().min(1).max(MAX_LENGTH);
const values = {
  text,
  number: z.number(),
  boolean: z.boolean(),
  date: z.iso.date(),
  texts: z.array(text).max(MAX_TEXTS),
} satisfies Record<SubjectAttributeKind, z.ZodType<Json>>;

export type AttributeFault = "attribute.unknown" | "attribute.kind" | "attribute.option";

/** What is wrong with the value, or the value as it is kept. Null takes an attribute away. */
export function parseSubjectAttribute(
  declared: SubjectAttributes,
  name: string,
  value: unknown,
): { readonly ok: true; readonly value: Json } | { readonly ok: false; readonly fault: AttributeFault } {
  const attribute = Object.hasOwn(declared, name) ? declared[name] : undefined;
  if (!attribute) return { ok: false, fault: "attribute.unknown" };
  if (value === null) return { ok: true, value };
  const parsed = values[attribute.kind].safeParse(value);
  if (!parsed.success) return { ok: false, fault: "attribute.kind" };
  const kept: Json = Array.isArray(parsed.data) ? [...new Set(parsed.data)] : parsed.data;
  const allowed = attribute.options?.map((option) => option.value as Json);
  const isAllowed = (one: Json) => allowed === undefined || allowed.includes(one);
  return (Array.isArray(kept) ? kept : [kept]).every(isAllowed)
    ? { ok: true, value: kept }
    : { ok: false, fault: "attribute.option" };
}

/** For whoever declares them: the faults of a declaration, in words. */
export function faultsOfSubjectAttributes(declared: SubjectAttributes): readonly string[] {
  return Object.entries(declared).flatMap(([name, { kind, options }]) => {
    if (!/^[a-z][a-zA-Z0-9]{0,59}$/.test(name)) return [`"${name}" is not a name such as clearance`];
    if (BUILT_IN.has(name)) return [`every subject has "${name}" already`];
    const wanted = kind === "number" ? "number" : kind === "text" || kind === "texts" ? "string" : undefined;
    if (options !== undefined && !options.every(({ value }) => typeof value === wanted))
      return [`the options of "${name}" are not of its kind`];
    return [];
  });
}
