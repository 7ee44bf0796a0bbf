import type { RxJsonSchema } from "rxdb";
import type { DepartmentDoc, GroupDoc, PersonDoc, PositionDoc } from "@kontor/shared/people";
import type { HistoryDoc, RecordDoc, TypeDefinition } from "@kontor/shared/objects";
import type { AccessRequestDoc, PolicyWordsDoc } from "@kontor/shared/access";
import type { FileDoc } from "@kontor/shared/files";

/**
 * The collections of a replica, as both the replica process and the windows open them. Documents are what the server
 * sent plus what the replica derives: sort keys and the mark of pending changes.
 */
export interface ReplicaRecord extends RecordDoc {
  /** Sort keys of the type's first four sortable list columns (`sortKeysOf`). */
  readonly k1: string;
  readonly k2: string;
  readonly k3: string;
  readonly k4: string;
  /** Whether the record is in the trash: indexed, so that lists never read deleted rows. */
  readonly trashed: boolean;
  /** Intents of this device that the server has not answered. */
  readonly pending: number;
}

export interface ReplicaFile extends FileDoc {
  /** This device's upload of it, while it lasts. */
  readonly upload?: {
    readonly state: "waiting" | "uploading" | "failed";
    readonly sentBytes: number;
    readonly reason?: string;
  };
  readonly pending: number;
}

export interface ReplicaType {
  readonly id: string;
  readonly definition: TypeDefinition;
}

export interface ReplicaAccessRequest extends AccessRequestDoc {
  /** Intents of this device that the server has not answered. */
  readonly pending: number;
}

export interface ReplicaDocuments {
  readonly records: ReplicaRecord;
  readonly history: HistoryDoc;
  readonly files: ReplicaFile;
  readonly types: ReplicaType;
  readonly people: PersonDoc;
  readonly departments: DepartmentDoc;
  readonly groups: GroupDoc;
  readonly positions: PositionDoc;
  readonly policyWords: PolicyWordsDoc;
  readonly accessRequests: ReplicaAccessRequest;
}
export type CollectionName = keyof ReplicaDocuments;

const id = { type: "string", maxLength: 36 } as const;
const text = { type: "string", maxLength: 400 } as const;
const key = { type: "string", maxLength: 80 } as const;
const time = { type: "string", maxLength: 30 } as const;

export const replicaSchemas = {
  records: {
    version: 0,
    primaryKey: "id",
    type: "object",
    properties: {
      id,
      type: key,
      title: text,
      number: key,
      state: key,
      owner: id,
      department: id,
      updatedAt: time,
      k1: key,
      k2: key,
      k3: key,
      k4: key,
      trashed: { type: "boolean" },
      pending: { type: "integer", minimum: 0, maximum: 1_000_000, multipleOf: 1 },
    },
    required: ["id", "type", "title", "updatedAt", "k1", "k2", "k3", "k4", "trashed", "pending"],
    indexes: [
      ["type", "trashed", "updatedAt"],
      ["type", "trashed", "state", "updatedAt"],
      ["type", "trashed", "owner", "updatedAt"],
      ["type", "trashed", "department", "updatedAt"],
      ["type", "trashed", "k1"],
      ["type", "trashed", "k2"],
      ["type", "trashed", "k3"],
      ["type", "trashed", "k4"],
      ["trashed", "updatedAt"],
    ],
    additionalProperties: true,
  },
  history: {
    version: 0,
    primaryKey: "id",
    type: "object",
    properties: { id, recordId: id, at: time },
    required: ["id", "recordId", "at"],
    indexes: [["recordId", "at"]],
    additionalProperties: true,
  },
  files: {
    version: 0,
    primaryKey: "id",
    type: "object",
    properties: { id, recordId: id, createdAt: time },
    required: ["id", "recordId", "createdAt"],
    indexes: [["recordId", "createdAt"]],
    additionalProperties: true,
  },
  types: {
    version: 0,
    primaryKey: "id",
    type: "object",
    properties: { id },
    required: ["id"],
    additionalProperties: true,
  },
  people: {
    version: 0,
    primaryKey: "id",
    type: "object",
    properties: { id, name: text },
    required: ["id", "name"],
    indexes: ["name"],
    additionalProperties: true,
  },
  departments: {
    version: 0,
    primaryKey: "id",
    type: "object",
    properties: { id },
    required: ["id"],
    additionalProperties: true,
  },
  groups: {
    version: 0,
    primaryKey: "id",
    type: "object",
    properties: { id },
    required: ["id"],
    additionalProperties: true,
  },
  positions: {
    version: 0,
    primaryKey: "id",
    type: "object",
    properties: { id },
    required: ["id"],
    additionalProperties: true,
  },
  policyWords: {
    version: 0,
    primaryKey: "id",
    type: "object",
    properties: { id, policy: key },
    required: ["id", "policy"],
    additionalProperties: true,
  },
  accessRequests: {
    version: 0,
    primaryKey: "id",
    type: "object",
    properties: { id, recordId: id, createdAt: time },
    required: ["id", "recordId", "createdAt"],
    indexes: [["recordId", "createdAt"]],
    additionalProperties: true,
  },
} as const satisfies Record<CollectionName, unknown>;

/** The same schemas in RxDB's own type, for whoever opens collections. */
export const schemaOf = <Name extends CollectionName>(name: Name): RxJsonSchema<ReplicaDocuments[Name]> =>
  replicaSchemas[name] as unknown as RxJsonSchema<ReplicaDocuments[Name]>;
