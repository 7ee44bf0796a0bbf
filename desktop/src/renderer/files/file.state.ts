import type { ReplicaFile } from "#contract";
import { fileLimits, fileNameSchema, type FileDoc } from "@kontor/shared/files";
import type { WordKey } from "../words/index.ts";

/** What a file's line says about it, as a key and its parameters. */
export type FileLine =
  | { readonly key: WordKey; readonly params?: Readonly<Record<string, string | number>>; readonly bad?: true }
  | { readonly key: "files.uploadFailed"; readonly reason: string; readonly bad: true };

export function fileLine(file: ReplicaFile, nameOf: (id: string) => string, isMine: boolean): FileLine {
  if (file.upload) {
    const { reason, sentBytes, state } = file.upload;
    if (state === "failed") return { key: "files.uploadFailed", reason: reason ?? "", bad: true };
    if (state === "waiting") return { key: "files.waiting" };
    const percent = file.size > 0 ? Math.min(100, Math.floor((sentBytes / file.size) * 100)) : 0;
    return { key: "files.uploading", params: { percent } };
  }
  if (file.state === "refused") return { key: refusalWords[file.refusal ?? "expired"], bad: true };
  if (file.state === "awaiting") {
    return isMine ? { key: "files.checking" } : { key: "files.notHere", params: { name: nameOf(file.createdBy) } };
  }
  switch (file.previewState) {
    case "pending":
      return { key: "files.preview.pending" };
    case "ready":
      return file.pages
        ? { key: "files.preview.ready", params: { count: file.pages } }
        : { key: "files.preview.readyNoPages" };
    case "failed":
      return { key: previewWords[file.previewReason ?? "converterFailed"], bad: true };
    case "none":
      return { key: "files.preview.none" };
  }
}

const refusalWords = {
  tooLarge: "files.refused.tooLarge",
  checksumMismatch: "files.refused.checksumMismatch",
  expired: "files.refused.expired",
} as const satisfies Record<NonNullable<FileDoc["refusal"]>, WordKey>;

const previewWords = {
  notADocument: "files.preview.notADocument",
  encrypted: "files.preview.encrypted",
  empty: "files.preview.empty",
  tooLarge: "files.preview.tooLarge",
  tooManyPages: "files.preview.tooManyPages",
  bomb: "files.preview.bomb",
  timeout: "files.preview.timeout",
  unsupported: "files.preview.unsupported",
  converterMissing: "files.preview.converterMissing",
  converterFailed: "files.preview.converterFailed",
} as const satisfies Record<NonNullable<FileDoc["previewReason"]>, WordKey>;

/** Told before a long upload instead of after it; the server decides. */
export function obstacleTo(
  file: { readonly name: string; readonly size: number },
  accept?: readonly string[],
): "files.tooLarge" | "files.badName" | "files.wrongKind" | undefined {
  if (file.size > fileLimits.maxBytes) return "files.tooLarge";
  if (accept && !accept.some((ending) => file.name.toLowerCase().endsWith(ending))) return "files.wrongKind";
  return fileNameSchema.safeParse(file.name).success ? undefined : "files.badName";
}

/** What is looked at: a record's file, or what hangs in a message. */
export type Viewable = Pick<
  ReplicaFile,
  "id" | "name" | "previewState" | "pages" | "pageImages" | "pageSizes" | "pdfSha256"
>;

export const canView = (file: Viewable): boolean =>
  file.previewState === "ready" && ((file.pageImages ?? 0) > 0 || file.pdfSha256 !== undefined);
