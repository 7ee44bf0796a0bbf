export { auditActor, createAuditLog, recordAudit, sensitiveReads } from "./audit.ts";
export type { AuditActor, AuditEntry, AuditLog, SensitivePart } from "./audit.ts";
export { defineCollection, defineEndpoint, defineIntent, defineJob, resourcesOfRows } from "./define.ts";
export type {
  Actor,
  AnyIntent,
  Collection,
  CollectionAccess,
  StoredRows,
  CollectionDefinition,
  Endpoint,
  EndpointAccess,
  EndpointDefinition,
  EndpointRequest,
  IntentDefinition,
  IntentOutcome,
  Job,
  JobDefinition,
} from "./define.ts";
export { recordChanges } from "./database/changes.ts";
export type { Change } from "./database/changes.ts";
export { checkDatabase, createDatabase } from "./database/database.ts";
export type { Database, KernelTables, Transaction } from "./database/database.ts";
export { createDoorbell, ringOnCommit } from "./database/doorbell.ts";
export type { Doorbell } from "./database/doorbell.ts";
export { lockDataDirectory } from "./database/dataLock.ts";
export { startEmbeddedPostgres } from "./database/embedded.ts";
export type { EmbeddedPostgres } from "./database/embedded.ts";
export { migrate } from "./database/migrate.ts";
export { readState, secretState } from "./database/state.ts";
export { mountApiDocs } from "./http/apiDocs.ts";
export { addressKey } from "./http/addressKey.ts";
export { createHttp } from "./http/http.ts";
export type { HttpDeps, HttpServer } from "./http/http.ts";
export { principalOf, SESSION_COOKIE } from "./http/principalOf.ts";
export { sendProblem } from "./http/problem.ts";
export { createLog } from "./log.ts";
export type { Log } from "./log.ts";
export { createMetrics } from "./metrics.ts";
export type { Metrics } from "./metrics.ts";
export { scopes } from "./principal.ts";
export { createSeal } from "./seal.ts";
export type { Seal } from "./seal.ts";
export type { Principal, Scope } from "./principal.ts";
export { version } from "./version.ts";
export { createQueue } from "./queue.ts";
export type { Queue } from "./queue.ts";
