import {
  withoutGrants,
  type Access,
  type AccessEngine,
  type Context,
  type GrantLevel,
  type ResourceInstance,
  type Subject,
} from "@kontor/shared/access";
import { fieldsOfSection, type TypeDefinition } from "@kontor/shared/objects";

/** Sections of a type that have fields: an empty one can neither be shown nor granted. */
export const sectionsOf = (type: TypeDefinition): readonly string[] =>
  type.sections.map(({ key }) => key).filter((key) => fieldsOfSection(type, key).length > 0);

export interface Obstacle {
  readonly section: string;
  /** The policy that stands against it, or that names whom to ask. */
  readonly policyId: string | undefined;
}

/** The first of these sections that is not open at this level. */
export function obstacleTo(
  access: Access,
  type: TypeDefinition,
  { level, sections }: { readonly level: GrantLevel; readonly sections: readonly string[] },
): Obstacle | undefined {
  for (const section of sections) {
    const keys = fieldsOfSection(type, section);
    const hidden = keys.find((key) => access.field(key) !== "visible");
    if (hidden !== undefined) return { section, policyId: access.why("read", hidden) };
    const closed = level === "edit" ? keys.filter(isWritten(type)).find((key) => !access.editable(key)) : undefined;
    if (closed !== undefined) return { section, policyId: access.why("edit", closed) };
  }
  return undefined;
}

const isWritten = (type: TypeDefinition) => (key: string) => {
  const field = type.fields[key];
  return field !== undefined && !field.readOnly && field.kind !== "autoNumber" && field.kind !== "files";
};

/** What somebody may pass on is what policies give them: nobody grants further what was granted to them for a time. */
export const accessByPolicy = (
  engine: AccessEngine,
  subject: Subject,
  resource: ResourceInstance,
  context: Context,
): Access => engine.accessTo({ ...subject, attributes: withoutGrants(subject.attributes) }, resource, context);
