import type { AttributeSql, ResourceInstance, ResourceType, StoredKind } from "@kontor/shared/access";
import type { Json } from "@kontor/shared/base";
import { attributesOf, recordAttributes, type TypeDefinition } from "@kontor/shared/objects";
import type { RecordRow } from "./objects.repo.ts";

/** A record as policies see it: all fields under their keys, and what every record has. */
export function resourceOf(row: RecordRow): ResourceInstance {
  return {
    type: row.type,
    attributes: {
      ...row.fields,
      id: row.id,
      state: row.state ?? undefined,
      owner: row.owner ?? undefined,
      department: row.department ?? undefined,
      createdBy: row.created_by,
      createdAt: row.created_at,
      deleted: row.deleted_at !== null,
    } satisfies Record<string, Json | undefined>,
  };
}

const columns: Readonly<Record<keyof typeof recordAttributes, AttributeSql>> = {
  id: { sql: "record.id", kind: "uuid" },
  state: { sql: "record.state", kind: "text" },
  owner: { sql: "record.owner", kind: "uuid" },
  department: { sql: "record.department", kind: "uuid" },
  createdBy: { sql: "record.created_by", kind: "uuid" },
  createdAt: { sql: "record.created_at", kind: "timestamptz" },
  deleted: { sql: "(record.deleted_at is not null)", kind: "boolean" },
};

/** A type for the access engine, with where each attribute is stored. */
export function resourceTypeOf(type: TypeDefinition): ResourceType {
  const resource = attributesOf(type);
  return {
    ...resource,
    attributeSql(name) {
      if (name in columns) return columns[name as keyof typeof columns];
      // Keys of fields are letters, digits and _ (type.schema.ts); anything else would be a way into the statement.
      if (!/^[a-zA-Z][a-zA-Z0-9_]*$/.test(name)) throw new Error(`"${name}" is not the key of a field`);
      return { sql: `record.fields->'${name}'`, kind: "jsonb" satisfies StoredKind };
    },
  };
}

/** Definitions of types are resources too: who may not see a type does not learn that it exists. */
export const objectTypeResource: ResourceType = {
  name: "objectType",
  sections: { main: ["definition"] },
  attributes: { name: "text" },
  actions: ["read"],
};
