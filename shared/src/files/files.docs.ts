/** `awaiting`: known, body not here yet · `stored`: body checked and kept · `refused`: body will never come, `refusal` says why. */
export const fileStates = ["awaiting", "stored", "refused"] as const;
export type FileState = (typeof fileStates)[number];

export const fileRefusals = ["tooLarge", "checksumMismatch", "expired"] as const;
export type FileRefusal = (typeof fileRefusals)[number];

/** `none`: this kind of file has no preview · `failed`: `previewReason` says why; the file itself is kept and can be fetched. */
export const previewStates = ["none", "pending", "ready", "failed"] as const;
export type PreviewState = (typeof previewStates)[number];

/** Stable keys; the interface has the words for each. */
export const previewReasons = [
  /** The body is not what its name says (a renamed picture, a torn download). */
  "notADocument",
  /** Opening it needs a password, which the server does not have and does not ask for. */
  "encrypted",
  "empty",
  "tooLarge",
  "tooManyPages",
  /** Made to unpack to far more than it shows: a zip or picture bomb. */
  "bomb",
  "timeout",
  /** A format that no converter here opens. */
  "unsupported",
  /** The server lacks a program; `kontor doctor` names it. */
  "converterMissing",
  /** The converter crashed or produced nothing, although the file looks right. */
  "converterFailed",
] as const;
export type PreviewReason = (typeof previewReasons)[number];

/** A page's size in points (1/72 inch), so that a viewer can lay out before the images are there. */
export interface PageSize {
  readonly width: number;
  readonly height: number;
}

/**
 * What is known of a file, wherever it hangs. The body and the preview's parts are fetched apart, over
 * `/api/files/:id/content` and `/api/files/:id/preview/…`, each with its own access decision.
 */
export interface FileFacts {
  readonly id: string;
  readonly name: string;
  /** Sniffed by the server once stored; before that, what the client said. */
  readonly mime: string;
  readonly size: number;
  readonly sha256: string;
  readonly state: FileState;
  readonly refusal?: FileRefusal;
  readonly previewState: PreviewState;
  readonly previewReason?: PreviewReason;
  /** All pages of the document. */
  readonly pages?: number;
  /** How many of them have an image, from the first on: `/preview/pages/1` … `/preview/pages/<pageImages>`. */
  readonly pageImages?: number;
  readonly pageSizes?: readonly PageSize[];
  /** Present when there is a PDF at `/preview/document.pdf` (for a PDF, itself). */
  readonly pdfSha256?: string;
  /** Present when there is an image at `/preview/thumbnail`. */
  readonly thumbnailSha256?: string;
}

/** What the replica holds of a file of a record. */
export interface FileDoc extends FileFacts {
  readonly recordId: string;
  /** The record's files field it hangs in; visible exactly when that field is (VIS-2). */
  readonly field: string;
  readonly createdAt: string;
  readonly createdBy: string;
}
