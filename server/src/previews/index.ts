export type { Jail, JailedProcess, JailKind, JailOrder, JailResult } from "./jail.port.ts";
export { PreviewFailure } from "./converters.port.ts";
export type { ConvertOrder, OfficeConverter, PageImages, PageRenderer } from "./converters.port.ts";
export { createPreviewJob } from "./previews.job.ts";
export type { PreviewJobDeps } from "./previews.job.ts";
export { createPreviews } from "./previews.service.ts";
export type { Previews, PreviewsDeps } from "./previews.service.ts";
export { dropPreviews, previewBlobNames } from "./sweepPreviews.ts";
