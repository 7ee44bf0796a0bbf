/**
 * The guarded port: what one window may ask of the replica.
 *
 * RxDB's own remote storage calls any method by name (`remove` too), never lets go of a port that died, and answers
 * errors with the documents in them. Between it and the port stands this guard:
 * - only the verbs in READ_VERBS, on the collections that were opened for windows; rows are read-only (RxDB's own
 *   bookkeeping `_rxdb_internal` lives in memory, one per port, and may be written);
 * - everything ends with the port;
 * - errors are a code and our words, nothing else.
 *
 * In the window, one database over one port:
 *
 *   const messages$ = new Subject<MessageFromRemote>();
 *   port.onmessage = ({ data }) => messages$.next(data);
 *   const storage = getRxStorageRemote({
 *     identifier: 'replica', mode: 'storage',
 *     messageChannelCreator: async () => ({ messages$, send: (m) => port.postMessage(m), close: async () => port.close() }),
 *   });
 *   const database = await createRxDatabase({ name: databaseName, storage, multiInstance: false });
 *   await database.addCollections({ contracts: { schema } }); // the very schema that the replica opened
 */
import {
  deepEqual,
  type PreparedQuery,
  type RxStorage,
  type RxStorageInstance,
  type RxStorageInstanceCreationParams,
} from "rxdb";
import { getRxStorageMemory } from "rxdb/plugins/storage-memory";
import { exposeRxStorageRemote, type MessageFromRemote, type MessageToRemote } from "rxdb/plugins/storage-remote";
import { Subject, takeUntil } from "rxjs";
import type { ReplicaCollection } from "./collection.ts";
import type { Row } from "./columns.ts";
import type { Pacing } from "./pacing.ts";
import type { ReplicaPort } from "./remote.port.ts";
import { StorageError } from "./storage.errors.ts";

export type ExposeOptions = {
  databaseName: string;
  /** Only these exist for windows, by name. */
  collections: ReadonlyMap<string, ReplicaCollection<object>>;
  pacing?: Pacing;
  /** VIS-6: asked at every request, so that nothing is read between the lease's end and the windows' being sent away. */
  isLocked?: () => boolean;
};

const READ_VERBS = ["query", "count", "findDocumentsById", "getChangedDocumentsSince", "close"] as const;
const INTERNAL_COLLECTION = "_rxdb_internal";

export function exposeReplica(port: ReplicaPort, options: ExposeOptions): void {
  const closed = new Subject<void>();
  const requests = new Subject<MessageToRemote>();
  /** By connection: true for RxDB's own bookkeeping. */
  const writable = new Map<string, boolean>();
  port.onClose(() => {
    closed.next();
    closed.complete();
    requests.complete();
  });
  port.onMessage((message) => {
    if (!isRequest(message)) return; // not from our window's RxDB; there is nobody to answer
    if (message.method === "query" || message.method === "count") options.pacing?.queryArrived();
    const refusal = refusalOf(message);
    if (refusal) port.send(refusal);
    else requests.next(message);
  });
  exposeRxStorageRemote({
    messages$: requests,
    storage: guardedStorage(options, closed),
    send: (message) => port.send(message.error ? { ...message, error: plainError(message.error) } : message),
  });

  function refusalOf(message: MessageToRemote): MessageFromRemote | undefined {
    if (message.method === "create") {
      writable.set(message.connectionId, collectionNameOf(message) === INTERNAL_COLLECTION);
      return undefined;
    }
    const isAllowed =
      READ_VERBS.some((verb) => verb === message.method) ||
      (message.method === "bulkWrite" && writable.get(message.connectionId) === true);
    if (isAllowed && !options.isLocked?.() && Array.isArray(message.params)) return undefined;
    const denied = options.isLocked?.()
      ? new StorageError("denied", "The replica is locked until it hears from the server.")
      : new StorageError("denied", "A window may only read the replica; write by a command.");
    return {
      connectionId: message.connectionId,
      answerTo: message.requestId,
      method: message.method,
      error: plainError(denied),
    };
  }
}

type StorageOfAnything = RxStorage<unknown, unknown>;

function guardedStorage(options: ExposeOptions, closed: Subject<void>): StorageOfAnything {
  const memory = getRxStorageMemory();
  // RxDB's memory storage keeps its state per process; each window needs its own.
  const internal = { ...memory, collectionStates: new Map() };
  return {
    name: "libsql",
    rxdbVersion: memory.rxdbVersion,
    async createStorageInstance<T>(params: RxStorageInstanceCreationParams<T, unknown>) {
      if (params.databaseName !== options.databaseName) throw new StorageError("denied", "There is no such database.");
      if (params.collectionName === INTERNAL_COLLECTION)
        return internal.createStorageInstance<T>({ ...params, options: {} });
      const collection = options.collections.get(params.collectionName);
      if (!collection) throw new StorageError("denied", "There is no such collection.");
      if (!deepEqual(params.schema, collection.schema))
        throw new StorageError("outdated", `The window has another schema of ${params.collectionName}.`);
      return readOnly(collection, closed) as unknown as RxStorageInstance<T, unknown, unknown>;
    },
  };
}

/** The instance as the port sees it: verbs that are not here cannot be called by any name. */
function readOnly(collection: ReplicaCollection<object>, closed: Subject<void>) {
  const { queries } = collection.internals.store;
  return {
    databaseName: collection.databaseName,
    collectionName: collection.collectionName,
    schema: collection.schema,
    options: {},
    internals: {},
    // RxDB takes a text for an answer to be parsed: the stored JSON goes over as it is, without being cloned.
    query: async ({ query }: PreparedQuery<Row>) => `{"documents":[${queries.findJson(query).join(",")}]}`,
    count: (prepared: PreparedQuery<Row>) => collection.count(prepared),
    findDocumentsById: (ids: string[], withDeleted: boolean) => collection.findDocumentsById(ids, withDeleted),
    getChangedDocumentsSince: (limit: number, checkpoint?: { id: string; lwt: number }) =>
      collection.getChangedDocumentsSince(limit, checkpoint),
    changeStream: () => collection.changeStream().pipe(takeUntil(closed)),
    close: () => Promise.resolve(),
  };
}

const isRequest = (message: unknown): message is MessageToRemote =>
  typeof message === "object" &&
  message !== null &&
  "method" in message &&
  typeof message.method === "string" &&
  "connectionId" in message &&
  typeof message.connectionId === "string" &&
  "requestId" in message &&
  typeof message.requestId === "string";

const collectionNameOf = ({ params }: MessageToRemote): unknown =>
  typeof params === "object" && params !== null && "collectionName" in params ? params.collectionName : undefined;

const OUR_ERRORS = ["StorageError", "ScanRefused", "ReplicaDamaged"];

type WireError = NonNullable<MessageFromRemote["error"]>;

/** Unknown errors may carry anything, documents too; the window gets none of it. */
function plainError({ name, message, code }: { name: string; message: string; code?: string }): WireError {
  if (!OUR_ERRORS.includes(name)) return { name: "StorageError", message: "The replica could not answer." };
  // RxDB types the field with its own codes; the window reads ours.
  return { name, message, code: (code ?? "invalid") as NonNullable<WireError["code"]> };
}
