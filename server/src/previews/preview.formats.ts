import type { PreviewReason } from "@kontor/shared/files";

/** What is in a body, as far as a preview must know it. `compound` is settled by looking inside (see compoundFile.ts). */
export const previewFormats = [
  "pdf",
  "docx",
  "xlsx",
  "pptx",
  "odt",
  "ods",
  "odp",
  "rtf",
  "doc",
  "xls",
  "ppt",
  "csv",
  "txt",
  "compound",
  "image",
] as const;
export type PreviewFormat = (typeof previewFormats)[number];

/** By what the body was found to be, never by what the client called it. */
const FORMAT_BY_MIME: Readonly<Record<string, PreviewFormat>> = {
  "application/pdf": "pdf",
  "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
  "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
  "application/vnd.openxmlformats-officedocument.presentationml.presentation": "pptx",
  "application/vnd.oasis.opendocument.text": "odt",
  "application/vnd.oasis.opendocument.spreadsheet": "ods",
  "application/vnd.oasis.opendocument.presentation": "odp",
  "application/rtf": "rtf",
  "application/x-cfb": "compound",
  "text/csv": "csv",
  "text/plain": "txt",
  "image/png": "image",
  "image/apng": "image",
  "image/jpeg": "image",
  "image/gif": "image",
  "image/webp": "image",
  "image/avif": "image",
  "image/tiff": "image",
  "image/svg+xml": "image",
};

/** Names that promise a preview: when the body is something else, the user is told. */
const PROMISED = new Set(
  "pdf docx xlsx pptx odt ods odp rtf doc xls ppt png jpg jpeg gif webp avif tif tiff svg".split(" "),
);

/** Known to people as pictures or documents, and beyond the converters here. */
const UNSUPPORTED = new Set(["image/heic", "image/heif", "image/jxl", "image/vnd.adobe.photoshop", "image/bmp"]);

export type PreviewPlan =
  | { readonly kind: "render"; readonly format: PreviewFormat }
  | { readonly kind: "fail"; readonly reason: PreviewReason }
  | { readonly kind: "none" };

export function planPreview(file: {
  readonly name: string;
  readonly mime: string;
  readonly size: number;
}): PreviewPlan {
  const format = FORMAT_BY_MIME[file.mime];
  const promised = PROMISED.has(extensionOf(file.name));
  if (file.size === 0) return promised || format ? { kind: "fail", reason: "empty" } : { kind: "none" };
  if (format) return { kind: "render", format };
  if (UNSUPPORTED.has(file.mime)) return { kind: "fail", reason: "unsupported" };
  return promised ? { kind: "fail", reason: "notADocument" } : { kind: "none" };
}

export const extensionOf = (name: string): string => /\.([^.]{1,10})$/.exec(name)?.[1]?.toLowerCase() ?? "";

export const isZipped = (format: PreviewFormat): boolean =>
  ["docx", "xlsx", "pptx", "odt", "ods", "odp"].includes(format);
