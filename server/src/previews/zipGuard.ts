import type { Readable } from "node:stream";
import { openPromise, type Entry, type ZipFile } from "yauzl";
import { previewLimits } from "@kontor/shared/files";
import { PreviewFailure } from "./converters.port.ts";

/**
 * Looks through an office document's archive before a converter opens it: every entry is unpacked to nowhere and counted,
 * because what a bomb declares and what it unpacks to are different numbers. Memory stays at one chunk.
 */
export async function checkArchive(path: string, format: string): Promise<void> {
  const archive = await openPromise(path, { lazyEntries: true, autoClose: false }).catch(() => {
    throw notADocument();
  });
  try {
    if (archive.entryCount > previewLimits.maxEntries) throw bomb(`${archive.entryCount} entries`);
    const names = new Set<string>();
    let total = 0;
    for await (const entry of archive.eachEntry()) {
      names.add(entry.fileName);
      total += await unpackedSize(archive, entry, previewLimits.maxUnpackedBytes - total);
      if (entry.fileName === "META-INF/manifest.xml" && (await isEncryptedManifest(archive, entry))) throw encrypted();
    }
    if (!REQUIRED[format]?.some((name) => names.has(name))) throw notADocument();
  } catch (error) {
    throw error instanceof PreviewFailure ? error : notADocument();
  } finally {
    archive.close();
  }
}

/** The part without which an archive is not that document (ECMA-376 Part 2; ODF 1.3 Part 2). */
const REQUIRED: Readonly<Record<string, readonly string[]>> = {
  docx: ["[Content_Types].xml"],
  xlsx: ["[Content_Types].xml"],
  pptx: ["[Content_Types].xml"],
  odt: ["content.xml"],
  ods: ["content.xml"],
  odp: ["content.xml"],
};

async function unpackedSize(archive: ZipFile, entry: Entry, left: number): Promise<number> {
  if (entry.isEncrypted()) throw encrypted();
  if (entry.uncompressedSize > left) throw bomb(`${entry.fileName} declares ${entry.uncompressedSize} bytes`);
  let size = 0;
  // Ends with an error by itself when more comes than was declared.
  for await (const chunk of (await archive.openReadStreamPromise(entry)) as AsyncIterable<Buffer>) {
    size += chunk.byteLength;
    if (size > left) throw bomb(`${entry.fileName} unpacks to more than ${left} bytes`);
    const ratio = size / Math.max(1, entry.compressedSize);
    if (size > previewLimits.ratioFromBytes && ratio > previewLimits.maxRatio) {
      throw bomb(`${entry.fileName} grows ${Math.round(ratio)} times`);
    }
  }
  return size;
}

const MANIFEST_BYTES = 1024 ** 2;

async function isEncryptedManifest(archive: ZipFile, entry: Entry): Promise<boolean> {
  const text = await readStart(await archive.openReadStreamPromise(entry), MANIFEST_BYTES);
  return text.includes("encryption-data");
}

async function readStart(stream: Readable, maxBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    size += chunk.byteLength;
    if (size > maxBytes) break;
  }
  return Buffer.concat(chunks).toString("utf8");
}

const bomb = (what: string) => new PreviewFailure("bomb", `made to unpack to far more than it shows: ${what}`);
const encrypted = () => new PreviewFailure("encrypted", "protected with a password");
const notADocument = () => new PreviewFailure("notADocument", "the archive is damaged or not an office document");
