import { open } from "node:fs/promises";
import { PreviewFailure } from "./converters.port.ts";
import type { PreviewFormat } from "./preview.formats.ts";

/**
 * The old container of Microsoft's formats (MS-CFB) holds either a document of before 2007, or a modern one that is
 * encrypted (MS-OFFCRYPTO). Which, is told by the names in its directory.
 */
const STREAMS: readonly (readonly [string, PreviewFormat | "encrypted"])[] = [
  ["EncryptedPackage", "encrypted"],
  ["WordDocument", "doc"],
  ["Workbook", "xls"],
  ["PowerPoint Document", "ppt"],
];

const CHUNK = 1024 * 1024;

export async function formatOfCompound(path: string): Promise<PreviewFormat> {
  const found = new Set<PreviewFormat | "encrypted">();
  const needles = STREAMS.map(([name, means]) => ({ bytes: Buffer.from(`${name}\0`, "utf16le"), means }));
  const overlap = Math.max(...needles.map(({ bytes }) => bytes.length));
  const file = await open(path, "r");
  try {
    const window = Buffer.alloc(CHUNK + overlap);
    for (let at = 0; ; at += CHUNK) {
      const { bytesRead } = await file.read(window, 0, window.length, at);
      const part = window.subarray(0, bytesRead);
      for (const { bytes, means } of needles) if (part.includes(bytes)) found.add(means);
      if (bytesRead < window.length) break;
    }
  } finally {
    await file.close();
  }
  if (found.has("encrypted")) throw new PreviewFailure("encrypted", "protected with a password");
  const format = STREAMS.map(([, means]) => means).find((means) => found.has(means));
  if (format === undefined || format === "encrypted") throw new PreviewFailure("unsupported", "not an office document");
  return format;
}
