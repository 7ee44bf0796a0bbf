export { replicaSchemas, schemaOf } from "./collections.ts";
export type {
  CollectionName,
  ReplicaAccessRequest,
  ReplicaDocuments,
  ReplicaFile,
  ReplicaRecord,
  ReplicaType,
} from "./collections.ts";
export { mailSchemaOf, mailSchemas } from "./mail.rows.ts";
export type {
  AttachmentUpload,
  LinkedMail,
  MailBoxes,
  MailCollectionName,
  MailCounts,
  MailDocuments,
  MailLinked,
  MailNews,
  MailPage,
  MailRow,
  MailRowPerson,
  MailSearchAnswer,
  MailSuggestion,
  MailThread,
  ReplicaBody,
  ReplicaContact,
  ReplicaDraft,
  ReplicaFolder,
  ReplicaMessage,
  ReplicaRule,
} from "./mail.rows.ts";
export { mailFilters, queryInputs } from "./queries.ts";
export type {
  MailFilter,
  MailList,
  MailPlace,
  QueryInput,
  QueryName,
  QueryResults,
  UnwatchRequest,
  WatchReply,
  WatchRequest,
} from "./queries.ts";
export { commandInputs } from "./commands.ts";
export type {
  Answered,
  CommandError,
  CommandInput,
  CommandName,
  CommandReply,
  CommandRequest,
  CommandResults,
  IssueItem,
  MailChanged,
  MailTargets,
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
export type { Exported, FileChunk, FromReplica, ToReplica } from "./replicaProcess.ts";
