export { replicaCollections } from "./collections.ts";
export type { ReplicaCollectionDefinition, ViewContext } from "./collections.ts";
export { openReplica } from "./replica.ts";
export type { Connection, EnqueueInput, Replica, ReplicaEvents, ReplicaOptions, ReplicaState } from "./replica.ts";
export type { Issue, PendingIntent } from "./outbox.ts";
export type { Rows } from "./rows.ts";
export { openOfficeReplica } from "./office.replica.ts";
export type { OfficeReplica, OpenOffice } from "./office.replica.ts";
