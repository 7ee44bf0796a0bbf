import type { Label } from "@kontor/shared/base";
import type { FieldDefinition, TypeDefinition } from "@kontor/shared/objects";
import type { TypeRegistry } from "./typeRegistry.ts";

interface AttributeWords {
  readonly label: Label;
  readonly options?: { readonly value: string; readonly label: Label }[];
  readonly of?: "person" | "department";
}

/** What a type, its sections, fields, steps and attributes are called, for whoever writes policies about it. */
export function policyWordsOf(types: TypeRegistry, name: string) {
  const type = types.get(name);
  if (!type) return undefined;
  return {
    label: type.label,
    sections: Object.fromEntries(type.sections.map(({ key, label }) => [key, label])),
    fields: mapValues(type.fields, ({ label }) => label),
    actions: Object.fromEntries(
      (type.states?.transitions ?? []).map(({ key, label }) => [`transition:${key}`, label] as const),
    ),
    attributes: { ...attributesIn(type), ...relatedIn(type, types) },
  };
}

function attributesIn(type: TypeDefinition): Record<string, AttributeWords> {
  const states = type.states?.list.map(({ key, label }) => ({ value: key, label }));
  return {
    ...mapValues(type.fields, wordsOf),
    ...(states && { state: { label: STATE, options: states } }),
  };
}

const STATE: Label = { en: "State", ru: "Состояние" };

/** One relation away: `counterparty.country`. */
function relatedIn(type: TypeDefinition, types: TypeRegistry): Record<string, AttributeWords> {
  const related = Object.entries(type.fields).flatMap(([key, field]) => {
    const target = field.kind === "relation" && !field.many ? types.get(field.to) : undefined;
    return Object.entries(target ? attributesIn(target) : {}).map(
      ([name, words]) => [`${key}.${name}`, { ...words, label: joined(field.label, words.label) }] as const,
    );
  });
  return Object.fromEntries(related);
}

const joined = (relation: Label, attribute: Label): Label => ({
  en: `${relation.en}: ${attribute.en}`,
  ru: `${relation.ru}: ${attribute.ru}`,
});

function wordsOf(field: FieldDefinition): AttributeWords {
  const { label, kind } = field;
  if (kind === "choice" || kind === "choices")
    return { label, options: field.options.map((option) => ({ value: option.key, label: option.label })) };
  return kind === "person" || kind === "department" ? { label, of: kind } : { label };
}

const mapValues = <From, To>(values: Readonly<Record<string, From>>, map: (value: From) => To): Record<string, To> =>
  Object.fromEntries(Object.entries(values).map(([key, value]) => [key, map(value)]));
