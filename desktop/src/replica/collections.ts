import type { RxJsonSchema } from "rxdb";
import { replicaSchemas, type CollectionName } from "#contract";
import type { JsonObject } from "@kontor/shared/base";
import type { FileIntentName } from "@kontor/shared/files";
import { replayGrantIntent } from "./accessRequests.ts";
import { replayIntent, sortKeysOf, type RecordDoc, type ReplayFrom, type TypeDefinition } from "@kontor/shared/objects";
import type { Intent } from "@kontor/shared/protocol";
import { mailCollections, type MailViewContext } from "./mail/mail.collections.ts";
import { defineSearchIndex, type ReplicaCollection, type SearchIndex } from "#replica/storage";

/**
 * What the replica holds under one name, and how a server row and the pending intents become what is shown: the view is
 * always computed, never edited, so that dropping an intent or receiving a row cannot leave anything behind.
 */
export interface ReplicaCollectionDefinition {
  readonly name: string;
  readonly schema: RxJsonSchema<object>;
  readonly search?: SearchIndex;
  /** Undefined: nothing to show. `row` is what the server sent, word for word. */
  view(row: JsonObject | undefined, intents: readonly Intent[], context: ViewContext): JsonObject | undefined;
  /** The server's row out of a view without intents. */
  rowOf(view: JsonObject): JsonObject;
  /** Views of this collection are made anew when rows of that one change. */
  readonly dependsOn?: string;
  /** Another collection whose changes show here, too, under the same ids: a message's body is written with its message. */
  readonly intentsOf?: string;
}

export interface BoundRows {
  collection(name: string): ReplicaCollection<object> | undefined;
}

export interface ViewContext extends ReplayFrom {
  /** Called once, when the rows are open and no view has been made yet. */
  bind?(rows: BoundRows): void;
  typeNamed(name: string): TypeDefinition | undefined;
  /** Called within the transaction in which rows of a collection changed. */
  rowsChanged?(collection: string): void;
  /** What replays of mail ask about other rows. */
  readonly mail?: MailViewContext;
  /** This device's upload of a file, while it lasts; whoever changes it has the file's view made anew. */
  uploadOf?(fileId: string): JsonObject | undefined;
}

const schemaNamed = (name: CollectionName) => replicaSchemas[name] as unknown as RxJsonSchema<object>;

const plain = (name: CollectionName): ReplicaCollectionDefinition => ({
  name,
  schema: schemaNamed(name),
  view: (row) => row,
  rowOf: (view) => view,
});

const NO_KEYS = ["", "", "", ""] as const;

const records: ReplicaCollectionDefinition = {
  name: "records",
  schema: schemaNamed("records"),
  search: defineSearchIndex({ fields: ["title", "number", "fields"] }),
  view(row, intents, context) {
    let doc = row as unknown as RecordDoc | undefined;
    for (const intent of intents) {
      const typeName = doc?.type ?? intent.args["type"];
      const type = typeof typeName === "string" ? context.typeNamed(typeName) : undefined;
      if (type) doc = replayIntent(doc, intent, type, context);
    }
    if (!doc) return undefined;
    const type = context.typeNamed(doc.type);
    const [k1, k2, k3, k4] = type ? sortKeysOf(type, doc) : NO_KEYS;
    const derived = { k1, k2, k3, k4, trashed: doc.deletedAt !== undefined, pending: intents.length };
    return { ...(doc as unknown as JsonObject), ...derived };
  },
  rowOf({ k1: _1, k2: _2, k3: _3, k4: _4, trashed: _5, pending: _6, ...row }) {
    return row;
  },
  // Sort keys are made by the type, which may change or arrive later than its records.
  dependsOn: "types",
};

const files: ReplicaCollectionDefinition = {
  name: "files",
  schema: schemaNamed("files"),
  search: defineSearchIndex({ fields: ["name"] }),
  view(row, intents, context) {
    let doc = row;
    for (const intent of intents) doc = replayFileIntent(doc, intent, context);
    if (!doc) return undefined;
    const upload = context.uploadOf?.(String(doc["id"]));
    return { ...doc, pending: intents.length, ...(upload ? { upload } : {}) };
  },
  rowOf({ pending: _pending, upload: _upload, ...row }) {
    return row;
  },
};

function replayFileIntent(
  doc: JsonObject | undefined,
  intent: Intent,
  { userId }: ViewContext,
): JsonObject | undefined {
  const { args, at } = intent;
  const name = intent.name as FileIntentName;
  if (name === "file.attach")
    return (
      doc ?? {
        ...args,
        id: intent.id,
        mime: args["mime"] ?? "application/octet-stream",
        state: "awaiting",
        previewState: "none",
        createdAt: at,
        createdBy: userId,
      }
    );
  if (!doc) return undefined;
  if (name === "file.rename") return { ...doc, name: args["name"] ?? doc["name"] ?? "" };
  return name === "file.detach" ? undefined : doc;
}

const accessRequests: ReplicaCollectionDefinition = {
  name: "accessRequests",
  schema: schemaNamed("accessRequests"),
  view(row, intents, { userId }) {
    let doc = row;
    for (const intent of intents) doc = replayGrantIntent(doc, intent, userId);
    return doc && { ...doc, pending: intents.length };
  },
  rowOf({ pending: _pending, ...row }) {
    return row;
  },
};

const types: ReplicaCollectionDefinition = {
  name: "types",
  schema: schemaNamed("types"),
  view(row) {
    if (!row) return undefined;
    const { id, rev, ...definition } = row;
    return { id: id ?? "", rev: rev ?? 0, definition };
  },
  rowOf: ({ id, rev, definition }) => ({ id: id ?? "", rev: rev ?? 0, ...(definition as JsonObject) }),
};

export const replicaCollections: readonly ReplicaCollectionDefinition[] = [
  types,
  plain("departments"),
  plain("groups"),
  plain("positions"),
  plain("people"),
  records,
  files,
  plain("history"),
  plain("policyWords"),
  accessRequests,
  ...mailCollections,
];
