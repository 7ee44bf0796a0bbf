export {
  blobNotFound,
  bodyTooLarge,
  checkExpected,
  rangeOutside,
  requireRange,
  requireSha256,
  storageFull,
  storageRefused,
  storageUnreachable,
} from "./blob.port.ts";
export type { BlobStat, BlobStore, ByteRange, ExpectedBlob } from "./blob.port.ts";
export { asStorageError, hashFile, writeHashed } from "./hashingWrite.ts";
export { readableFile } from "./files.access.ts";
export { filesCollection } from "./files.collection.ts";
export { fileEndpoints, mountSignedFiles } from "./files.endpoints.ts";
export type { FileEndpointDeps } from "./files.endpoints.ts";
export { fileChangeEndpoints } from "./files.changes.endpoints.ts";
export type { FileChangeDeps } from "./files.changes.endpoints.ts";
export { fileIntents } from "./files.intents.ts";
export { announceFile } from "./announceFile.ts";
export { detachFile } from "./changeFile.ts";
export { createFileRows, keepFiles } from "./fileRows.ts";
export type { FileRows, NewFile } from "./fileRows.ts";
export { importFile } from "./importFile.ts";
export type { ImportedFile, ImportFileDeps } from "./importFile.ts";
export { fileFacts, fileTables, noteBlob, noteBlobs } from "./files.repo.ts";
export type { FileRow } from "./files.repo.ts";
export { createFilePlaces } from "./place.port.ts";
export type { FilePlace, FilePlaces, FileReader } from "./place.port.ts";
export { createRecordPlace } from "./record.place.ts";
export { signTicket } from "./signedUrl.ts";
export { sendBody } from "./sendBody.ts";
export type { Body } from "./sendBody.ts";
export { mimeOfBytes } from "./sniff.ts";
export { fileBlobNames, sweepBlobs, sweepOrphans } from "./sweepBlobs.ts";
export type { BlobNames } from "./sweepBlobs.ts";
export { createUploads } from "./upload.server.ts";
export type { UploadDeps, Uploads } from "./upload.server.ts";
