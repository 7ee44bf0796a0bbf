import {
  RXDB_VERSION,
  ensureRxStorageInstanceParamsAreCorrect,
  type RxJsonSchema,
  type RxStorage,
  type RxStorageInstance,
  type RxStorageInstanceCreationParams,
} from "rxdb";
import type { CollectionInternals } from "./collection.ts";
import type { Row } from "./columns.ts";
import type { ReplicaFile } from "./replica.ts";
import { StorageError } from "./storage.errors.ts";

export type ReplicaStorage = RxStorage<CollectionInternals, Row>;

/** An RxStorage over an open replica file, for an RxDatabase in the same process. Closing it leaves the file open. */
export function createReplicaStorage(file: ReplicaFile): ReplicaStorage {
  return {
    name: "libsql",
    rxdbVersion: RXDB_VERSION,
    createStorageInstance<T>(params: RxStorageInstanceCreationParams<T, Row>) {
      return new Promise<RxStorageInstance<T, CollectionInternals, Row>>((resolve) => {
        ensureRxStorageInstanceParamsAreCorrect(params);
        if (params.schema.attachments) throw new StorageError("invalid", "Attachments are kept by the file cache.");
        const schema = params.schema as unknown as RxJsonSchema<Row>;
        resolve(
          file.collection(params.collectionName, schema) as unknown as RxStorageInstance<T, CollectionInternals, Row>,
        );
      });
    },
  };
}
