export { openReplicaFile, type CollectionOptions, type ReplicaFile } from "./replica.ts";
export {
  deleteReplicaFile,
  setAsideReplicaFile,
  type Bindable,
  type DatabaseOptions,
  type SqlRow,
} from "./database.ts";
export type { ReplicaKey } from "./database.key.ts";
export { contentOf } from "./collection.ts";
export type { ReplicaCollection, Changes, RowChange, RowsHook, Stored } from "./collection.ts";
export { ReplicaDamaged, ScanRefused, StorageError, type StorageErrorCode } from "./storage.errors.ts";
export { createReplicaStorage, type ReplicaStorage } from "./storage.ts";
export { exposeReplica, type ExposeOptions } from "./remote.ts";
export { electronPort, nodePort, type ReplicaPort } from "./remote.port.ts";
export { createPacing, type Pacing } from "./pacing.ts";
export { defineSearchIndex, type SearchIndex, type SearchOptions, type SearchResult } from "./search.ts";
export { FIELD_BREAK } from "./search.text.ts";
