export type { Part } from "./body.cache.ts";
export { openReplicaFiles, type FetchableFile, type ReplicaFiles, type ReplicaFilesDeps } from "./files.service.ts";
export type { SealedReader } from "./sealedFile.ts";
export type { OutboxSql, UploadPlan, Uploads, UploadState } from "./uploads.ts";
