import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { OfficeConverter } from "./converters.port.ts";

export interface MakePdfDeps {
  readonly office: Pick<OfficeConverter, "toPdf">;
  readonly scratchDirectory: string;
}

export interface PdfSource {
  /** Of what the bytes are: `fodt`. */
  readonly extension: string;
  readonly bytes: string | Uint8Array;
}

/** A page or two, while somebody's message waits for it; a busy server takes some seconds to start LibreOffice. */
const TIMEOUT_MS = 60_000;

/** A document of ours as a PDF: the same bytes for the same document. Throws PreviewFailure where that cannot be. */
export async function makePdf({ office, scratchDirectory }: MakePdfDeps, source: PdfSource): Promise<Buffer> {
  await mkdir(scratchDirectory, { recursive: true, mode: 0o711 });
  const workDirectory = await mkdtemp(join(scratchDirectory, "pdf-"));
  try {
    const path = join(workDirectory, `source.${source.extension}`);
    await writeFile(path, source.bytes);
    return withoutMoment(await readFile(await office.toPdf({ source: path, workDirectory, timeoutMs: TIMEOUT_MS })));
  } finally {
    // Retried: the last process of a jail may still be ending, and writing.
    await rm(workDirectory, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** When it was made, and the ids that come of it. Of the same length, since a PDF says at which byte each object begins. */
function withoutMoment(pdf: Buffer): Buffer {
  const zeros = (text: string) => text.replaceAll(/[0-9A-F]/g, "0");
  const text = pdf
    .toString("latin1")
    .replace(/\/CreationDate ?\(D:\d{14}/, (found) => found.replace(/\d{14}/, "20000101000000"))
    .replace(/(?<=\/ID ?\[ ?)<[0-9A-F]+>\s*<[0-9A-F]+>/, zeros)
    .replace(/(?<=\/DocChecksum ?\/)[0-9A-F]{32}/, zeros);
  return Buffer.from(text, "latin1");
}
