import { access, mkdir, readdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { previewLimits, type PageSize } from "@kontor/shared/files";
import {
  PreviewFailure,
  type ConvertOrder,
  type Jail,
  type JailOrder,
  type JailResult,
  type PageImages,
  type PageRenderer,
} from "#previews";

/** Page images: poppler for PDF, sharp (in a Node of its own, in the jail) for pictures. */
export function createPages({ jail }: { jail: Jail }): PageRenderer {
  return {
    missing: async () =>
      (await isThere("/usr/bin/pdftoppm")) || process.platform !== "linux"
        ? undefined
        : "poppler is not installed: apt-get install poppler-utils",
    renderPdf: (order) => renderPdf(jail, order),
    renderPicture: (order) => renderPicture(jail, order),
  };
}

async function renderPdf(jail: Jail, order: ConvertOrder & { maxImages: number }): Promise<PageImages> {
  const { pages, pageSizes } = await describePdf(jail, order);
  if (pages > previewLimits.maxPages) {
    throw new PreviewFailure("tooManyPages", `${pages} pages, and at most ${previewLimits.maxPages} are shown`);
  }
  const out = join(order.workDirectory, "pages");
  await mkdir(out, { recursive: true });
  const last = Math.min(pages, order.maxImages);
  await drawPages(jail, order, { out: join(out, "page"), first: 1, last, scale: scaleFor(pageSizes) });
  const thumbnail = join(order.workDirectory, "thumbnail");
  const small = ["-scale-to", String(previewLimits.thumbnailPx)];
  await drawPages(jail, order, { out: thumbnail, first: 1, last: 1, scale: small, single: true });

  const names = (await readdir(out)).sort(byPageNumber);
  if (names.length !== last) throw new Error(`poppler drew ${names.length} pages of ${last}`);
  return { pages, pageSizes, images: names.map((name) => join(out, name)), thumbnail: `${thumbnail}.jpg` };
}

async function describePdf(jail: Jail, order: ConvertOrder): Promise<{ pages: number; pageSizes: PageSize[] }> {
  const result = await run(jail, order, "pdfinfo", ["-l", String(previewLimits.maxPages), order.source]);
  if (result.code !== 0) {
    if (/Incorrect password/i.test(result.stderr)) throw new PreviewFailure("encrypted", "protected with a password");
    throw new PreviewFailure("notADocument", "the PDF is damaged");
  }
  const pages = Number(/^Pages:\s+(\d+)/m.exec(result.stdout)?.[1] ?? 0);
  if (pages === 0) throw new PreviewFailure("empty", "the document has no pages");
  const pageSizes = [...result.stdout.matchAll(/^Page\s+\d+ size:\s+([\d.]+) x ([\d.]+) pts/gm)].map((size) => ({
    width: Number(size[1]),
    height: Number(size[2]),
  }));
  return { pages, pageSizes };
}

const LONG_PAGE = 4; // height to width; a till receipt scaled to a page's width would be a picture of 16,000 rows

function scaleFor(pageSizes: readonly PageSize[]): string[] {
  const width = String(previewLimits.pageWidthPx);
  const longest = Math.max(...pageSizes.map((page) => page.height / Math.max(1, page.width)));
  if (longest > LONG_PAGE) return ["-scale-to", String(previewLimits.pageWidthPx * LONG_PAGE)];
  return ["-scale-to-x", width, "-scale-to-y", "-1"];
}

async function drawPages(
  jail: Jail,
  order: ConvertOrder,
  draw: { out: string; first: number; last: number; scale: readonly string[]; single?: boolean },
): Promise<void> {
  const range = ["-f", String(draw.first), "-l", String(draw.last), ...(draw.single ? ["-singlefile"] : [])];
  const jpeg = ["-jpeg", "-jpegopt", "quality=82,optimize=y"];
  const result = await run(jail, order, "pdftoppm", [...jpeg, ...draw.scale, ...range, order.source, draw.out]);
  if (result.code !== 0) throw new PreviewFailure("notADocument", "the PDF cannot be drawn");
}

/** `page-1.jpg` … `page-10.jpg`: poppler pads with zeros to the width of the last number of all the pages. */
const byPageNumber = (a: string, b: string) => numberIn(a) - numberIn(b);
const numberIn = (name: string) => Number(/(\d+)\.jpg$/.exec(name)?.[1] ?? 0);

const pictureProgram = fileURLToPath(new URL("./picture.child.ts", import.meta.url));

async function renderPicture(jail: Jail, order: ConvertOrder): Promise<PageImages> {
  const page = join(order.workDirectory, "page-1.jpg");
  const thumbnail = join(order.workDirectory, "thumbnail.jpg");
  const { maxPixels, pageWidthPx, thumbnailPx } = previewLimits;
  const args = [pictureProgram, order.source, page, thumbnail, ...[maxPixels, pageWidthPx, thumbnailPx].map(String)];
  const result = await run(jail, order, process.execPath, args, await nodeFiles());
  const words = JSON.parse(result.stdout || "{}") as { width?: number; height?: number; failure?: string };
  if (words.failure === "bomb") throw new PreviewFailure("bomb", `more than ${maxPixels} pixels`);
  if (words.failure === "unreadable") throw new PreviewFailure("notADocument", "the picture is damaged");
  if (result.code !== 0 || !words.width || !words.height)
    throw new Error(`sharp failed: ${result.stderr.slice(0, 500)}`);
  return { pages: 1, pageSizes: [{ width: words.width, height: words.height }], images: [page], thumbnail };
}

/** What Node and sharp need inside: this program, the packages, Node itself. Neither data nor configuration. */
async function nodeFiles(): Promise<string[]> {
  const packages: string[] = [];
  for (let at = dirname(pictureProgram); at !== dirname(at); at = dirname(at)) {
    if (await isThere(join(at, "node_modules"))) packages.push(join(at, "node_modules"));
    if (await isThere(join(at, "package.json"))) packages.push(join(at, "package.json"));
  }
  return [dirname(pictureProgram), ...packages, dirname(process.execPath)];
}

async function run(
  jail: Jail,
  order: ConvertOrder,
  program: string,
  args: readonly string[],
  readOnly: readonly string[] = [],
): Promise<Extract<JailResult, { status: "ended" }>> {
  const result = await jail.run({
    program,
    args,
    readOnly,
    workDirectory: order.workDirectory,
    timeoutMs: order.timeoutMs,
    memoryBytes: previewLimits.memoryBytes,
    outputBytes: previewLimits.outputBytes,
    ...(order.signal ? { signal: order.signal } : {}),
  } satisfies JailOrder);
  if (result.status === "missing") throw new PreviewFailure("converterMissing", `${program} is not installed`);
  if (result.status === "timeout")
    throw new PreviewFailure("timeout", `${program} took longer than ${order.timeoutMs} ms`);
  if (result.status === "killed") throw new Error(`${program} was killed by signal ${result.signal}: ${result.stderr}`);
  return result;
}

const isThere = (path: string) =>
  access(path).then(
    () => true,
    () => false,
  );
