import type { PageSize, PreviewReason } from "@kontor/shared/files";

/** A preview cannot be made, and trying again would not help; the reason is for the user. */
export class PreviewFailure extends Error {
  override readonly name = "PreviewFailure";
  readonly reason: PreviewReason;

  constructor(reason: PreviewReason, words: string) {
    super(words);
    this.reason = reason;
  }
}

export interface ConvertOrder {
  /** Inside `workDirectory`, named with the extension of what it is. */
  readonly source: string;
  readonly workDirectory: string;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

/** Office documents to PDF. Throws PreviewFailure for what is the document's fault. */
export interface OfficeConverter {
  /** Returns the path of the PDF, inside the work directory. */
  toPdf(order: ConvertOrder): Promise<string>;
  /** Undefined when it can work; else what is missing, in words. */
  missing(): Promise<string | undefined>;
}

export interface PageImages {
  readonly pages: number;
  readonly pageSizes: readonly PageSize[];
  /** JPEG files in page order; fewer than `pages` beyond the limit. */
  readonly images: readonly string[];
  readonly thumbnail: string;
}

/** PDF and pictures to page images. */
export interface PageRenderer {
  renderPdf(order: ConvertOrder & { readonly maxImages: number }): Promise<PageImages>;
  renderPicture(order: ConvertOrder): Promise<PageImages>;
  missing(): Promise<string | undefined>;
}
