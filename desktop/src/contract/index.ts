export { replicaSchemas, schemaOf } from "./collections.ts";
export type {
  CollectionName,
  ReplicaAccessRequest,
  ReplicaDocuments,
  ReplicaFile,
  ReplicaRecord,
  ReplicaType,
} from "./collections.ts";
export { commandInputs } from "./commands.ts";
export type {
  CommandError,
  CommandInput,
  CommandName,
  CommandReply,
  CommandRequest,
  CommandResults,
  IssueItem,
  Nothing,
  OutboxItem,
  Queued,
  ReplicaEvent,
  ReplicaStatus,
  SearchResult,
} from "./commands.ts";
export { defaultSettings, fileAddress, ipcChannels } from "./ipc.ts";
export type { DesktopApi, Refusal, SessionState, Settings } from "./ipc.ts";
export { replicaNodeOptions } from "./replicaProcess.ts";
export type { FileChunk, FromReplica, ToReplica } from "./replicaProcess.ts";
