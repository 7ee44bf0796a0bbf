import { rename, stat } from "node:fs/promises";
import { join } from "node:path";
import { previewLimits } from "@kontor/shared/files";
import { formatOfCompound } from "./compoundFile.ts";
import { PreviewFailure, type OfficeConverter, type PageImages, type PageRenderer } from "./converters.port.ts";
import { isZipped, type PreviewFormat } from "./preview.formats.ts";
import { checkArchive } from "./zipGuard.ts";

export interface RenderOrder {
  /** The body, in the work directory; moved there. */
  readonly body: string;
  readonly format: PreviewFormat;
  readonly workDirectory: string;
  readonly timeoutMs: number;
  /** The administrator's limit; each kind has a limit of its own too. */
  readonly maxBytes: number;
  readonly maxImages: number;
  readonly signal?: AbortSignal;
}

export interface RenderedPreview extends PageImages {
  /** Absent for pictures. */
  readonly pdf?: string;
}

/** From a body to its page images: checks first, converts second, and never lets a converter see what failed a check. */
export async function renderPreview(
  order: RenderOrder,
  { office, pages }: { office: OfficeConverter; pages: PageRenderer },
): Promise<RenderedPreview> {
  await checkSize(order);
  const format = order.format === "compound" ? await formatOfCompound(order.body) : order.format;
  if (isZipped(format)) await checkArchive(order.body, format);

  const source = join(order.workDirectory, `source.${format === "image" ? "img" : format}`);
  await rename(order.body, source);
  const convert = { ...order, source };
  if (format === "image") return await pages.renderPicture(convert);
  const pdf = format === "pdf" ? source : await office.toPdf(convert);
  return { pdf, ...(await pages.renderPdf({ ...convert, source: pdf })) };
}

async function checkSize(order: RenderOrder): Promise<void> {
  const { size } = await stat(order.body);
  if (size === 0) throw new PreviewFailure("empty", "the file is empty");
  const own = { pdf: previewLimits.maxPdfBytes, image: previewLimits.maxImageBytes }[order.format as "pdf" | "image"];
  const most = Math.min(order.maxBytes, own ?? previewLimits.maxOfficeBytes);
  if (size > most) throw new PreviewFailure("tooLarge", `${size} bytes, and at most ${most} are converted`);
}
