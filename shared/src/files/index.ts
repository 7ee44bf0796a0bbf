export { fileLimits, previewLimits } from "./files.limits.ts";
export { fileRefusals, fileStates, previewReasons, previewStates } from "./files.docs.ts";
export type { FileDoc, FileRefusal, FileState, PageSize, PreviewReason, PreviewState } from "./files.docs.ts";
export {
  attachFileSchema,
  detachFileSchema,
  fileIntents,
  fileNameSchema,
  renameFileSchema,
  restoreFileSchema,
  sha256Schema,
} from "./files.intents.ts";
export type { AttachFile, DetachFile, RenameFile, RestoreFile } from "./files.intents.ts";
