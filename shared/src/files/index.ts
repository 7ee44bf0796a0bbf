export { fileLimits, previewLimits } from "./files.limits.ts";
export { fileRefusals, fileStates, previewReasons, previewStates } from "./files.docs.ts";
export type {
  FileDoc,
  FileFacts,
  FileRefusal,
  FileState,
  PageSize,
  PreviewReason,
  PreviewState,
} from "./files.docs.ts";
export { fileIntentSchemas, fileNameSchema, sha256Schema } from "./files.intents.ts";
export type { FileIntentArgs, FileIntentName } from "./files.intents.ts";
export { endingOf, isProgram } from "./program.ts";
