import { z } from "zod";
import { DomainError, type FieldProblem, type Json } from "@kontor/shared/base";
import {
  parseSubjectAttribute,
  type AttributeFault,
  type SubjectAttribute,
  type SubjectAttributes,
} from "@kontor/shared/people";

export type AttributeValues = Readonly<Record<string, Json>>;

const MAX_ATTRIBUTES = 100; // of one person or service: packs declare a handful

export const attributeValues = z
  .record(z.string().max(60), z.json())
  .refine((value) => Object.keys(value).length <= MAX_ATTRIBUTES, `at most ${MAX_ATTRIBUTES} attributes`);

export const attributesReply = z.record(z.string(), z.custom<Json>());

/**
 * What is kept after a change: attributes that are named are set, or taken away with null; the others stay, so that two
 * sources (a directory and an administrator) do not undo each other.
 */
export function changeAttributes(declared: SubjectAttributes, kept: AttributeValues, change: AttributeValues) {
  const problems: FieldProblem[] = [];
  const next: Record<string, Json> = { ...kept };
  for (const [name, given] of Object.entries(change)) {
    const parsed = parseSubjectAttribute(declared, name, given);
    if (!parsed.ok) problems.push(problemOf(declared, name, parsed.fault));
    else if (parsed.value === null) delete next[name];
    else next[name] = parsed.value;
  }
  const [first] = problems;
  if (first) throw new DomainError("invalid", first.message, { reason: first.reason, problems });
  return next;
}

function problemOf(declared: SubjectAttributes, name: string, fault: AttributeFault): FieldProblem {
  const attribute = declared[name] as SubjectAttribute; // read only for the faults that need it
  const message = {
    "attribute.unknown": () =>
      `There is no attribute "${name}". Declared are: ${Object.keys(declared).join(", ") || "none"}.`,
    "attribute.kind": () => `"${name}" takes ${KIND_WORDS[attribute.kind]}.`,
    "attribute.option": () => `"${name}" is one of: ${attribute.options?.map(({ value }) => value).join(", ") ?? ""}.`,
  }[fault]();
  return { field: `attributes.${name}`, reason: fault, message };
}

const KIND_WORDS: Readonly<Record<SubjectAttribute["kind"], string>> = {
  text: "a text of 1 to 200 characters",
  number: "a number",
  boolean: "true or false",
  date: "a day, such as 2026-03-02",
  texts: "a list of at most 50 texts",
};
