import type { AttributeKind, ResourceType } from "../access/index.ts";
import type { Json } from "../base/index.ts";
import type { FieldDefinition, TypeDefinition } from "./type.ts";

/** What every record has for policies besides its fields. */
export const recordAttributes = {
  id: "id",
  state: "text",
  owner: "id",
  department: "id",
  createdBy: "id",
  createdAt: "dateTime",
  deleted: "boolean",
} as const satisfies Record<string, AttributeKind>;

/** What can be asked about a record; each transition adds `transition:<key>`. */
export const recordActions = ["read", "create", "edit", "delete", "restore", "attach"] as const;

/**
 * A type as policies see it: its sections with their fields, its attributes and their kinds, its actions. Among the
 * attributes are those of the records that its relations to one point to, one relation away: `counterparty.country`.
 */
export function attributesOf(type: TypeDefinition, types: readonly TypeDefinition[]): ResourceType {
  const attributes = { ...ownAttributesOf(type) };
  const relations = relationsOf(type);
  for (const [key, to] of Object.entries(relations)) {
    const target = types.find(({ name }) => name === to);
    for (const [name, kind] of Object.entries(target ? ownAttributesOf(target) : {}))
      attributes[`${key}.${name}`] = kind;
  }
  return {
    name: type.name,
    sections: Object.fromEntries(type.sections.map((section) => [section.key, fieldsOfSection(type, section.key)])),
    attributes,
    relations,
    actions: [
      ...recordActions,
      ...(type.states?.transitions ?? []).map((transition) => `transition:${transition.key}`),
    ],
  };
}

function ownAttributesOf(type: TypeDefinition): Readonly<Record<string, AttributeKind>> {
  const attributes: Record<string, AttributeKind> = { ...recordAttributes };
  for (const [key, field] of Object.entries(type.fields)) {
    const kind = attributeKindOf(field);
    if (kind) attributes[key] = kind;
  }
  return attributes;
}

/** Field → the type of the one record that it can hold. */
const relationsOf = (type: TypeDefinition): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(type.fields).flatMap(([key, field]) =>
      field.kind === "relation" && !field.many ? [[key, field.to]] : [],
    ),
  );

export const sectionOf = (type: TypeDefinition, field: FieldDefinition): string =>
  field.section ?? type.sections[0]?.key ?? "";

export const fieldsOfSection = (type: TypeDefinition, section: string): readonly string[] =>
  Object.entries(type.fields)
    .filter(([, field]) => sectionOf(type, field) === section)
    .map(([key]) => key);

/** Undefined for files: they are rows of their own, with the visibility of the field they hang in. */
function attributeKindOf(field: FieldDefinition): AttributeKind | undefined {
  switch (field.kind) {
    case "number":
    case "money":
    case "date":
    case "dateTime":
    case "boolean":
      return field.kind;
    case "choices":
      return "texts";
    case "person":
    case "department":
      return "id";
    case "relation":
      return field.many ? "ids" : "id";
    case "files":
      return undefined;
    default:
      return "text";
  }
}

/** What `obj.owner` is: the owner field's person, or whoever created the record where the type has no such field. */
export const ownerOf = (
  type: TypeDefinition,
  fields: Readonly<Record<string, Json | undefined>>,
  createdBy: string,
): string | undefined => (type.ownerField === undefined ? createdBy : textOf(fields[type.ownerField]));

/** What `obj.department` is: the department field's, or the creator's where the type has no such field. */
export const departmentOf = (
  type: TypeDefinition,
  fields: Readonly<Record<string, Json | undefined>>,
  ofCreator: string | null | undefined,
): string | undefined =>
  type.departmentField === undefined ? (ofCreator ?? undefined) : textOf(fields[type.departmentField]);

const textOf = (value: Json | undefined) => (typeof value === "string" ? value : undefined);
