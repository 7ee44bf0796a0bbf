import { createRxDatabase, type RxCollection, type RxDatabase } from "rxdb/plugins/core";
import { getRxStorageRemote, type MessageFromRemote } from "rxdb/plugins/storage-remote";
import { Subject } from "rxjs";
import { replicaSchemas, schemaOf, type CollectionName, type ReplicaDocuments } from "#contract";

export type ReplicaCollections = { readonly [Name in CollectionName]: RxCollection<ReplicaDocuments[Name]> };
export type ReplicaDatabase = RxDatabase<ReplicaCollections>;

let opened = 0;

/** The window's read-only view of the replica: an RxDatabase whose storage is at the other end of the port. */
export async function openDatabase(port: MessagePort): Promise<ReplicaDatabase> {
  const messages$ = new Subject<MessageFromRemote>();
  port.addEventListener("message", ({ data }: MessageEvent<MessageFromRemote>) => messages$.next(data));
  port.start();
  const storage = getRxStorageRemote({
    identifier: `replica-${++opened}`, // RxDB keeps channels by this name; a new port must not meet an old one's
    mode: "storage",
    messageChannelCreator: async () => ({
      messages$,
      send: (message) => {
        port.postMessage(message);
        // The replica's process may have ended already: waiting for its answer would hold the next database back for ever.
        if (message.method === "close")
          messages$.next({ connectionId: message.connectionId, answerTo: message.requestId, method: "close" });
      },
      close: async () => port.close(),
    }),
  });
  const database = await createRxDatabase<ReplicaCollections>({
    name: "replica",
    storage,
    multiInstance: false,
    // The storage itself refuses a count that no index carries.
    allowSlowCount: true,
    closeDuplicates: true,
  });
  const names = Object.keys(replicaSchemas) as CollectionName[];
  await database.addCollections(Object.fromEntries(names.map((name) => [name, { schema: schemaOf(name) }])) as never);
  return database;
}
