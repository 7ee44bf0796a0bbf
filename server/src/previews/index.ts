export type { Jail, JailKind, JailOrder, JailResult } from "./jail.port.ts";
export { PreviewFailure } from "./converters.port.ts";
export type { ConvertOrder, OfficeConverter, PageImages, PageRenderer } from "./converters.port.ts";
