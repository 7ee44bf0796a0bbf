import { open } from "node:fs/promises";
import { fileTypeFromBuffer, fileTypeFromFile, type FileTypeResult } from "file-type";

const OCTETS = "application/octet-stream";

/** Text has no magic number: told by its ending, if it reads as text at all. Markup is not among them on purpose. */
const TEXT_BY_EXTENSION: Readonly<Record<string, string>> = {
  txt: "text/plain",
  log: "text/plain",
  md: "text/markdown",
  csv: "text/csv",
  json: "application/json",
  svg: "image/svg+xml",
  html: "text/html",
  htm: "text/html",
  xml: "application/xml",
  eml: "message/rfc822",
};

const START_BYTES = 8192;

/** What a body is, by its bytes. The client's word for it is never believed: it decides what programs open it. */
export async function mimeOf(path: string, name: string): Promise<string> {
  return judge(await fileTypeFromFile(path), await startOf(path), name);
}

/** The same of a body that is in memory, as parts of a message are. */
export async function mimeOfBytes(bytes: Uint8Array, name: string): Promise<string> {
  return judge(await fileTypeFromBuffer(bytes), bytes.subarray(0, START_BYTES), name);
}

function judge(found: FileTypeResult | undefined, start: Uint8Array, name: string): string {
  if (found && found.mime !== "application/xml") return found.mime;
  const looksLikeText = start.length > 0 && !start.includes(0);
  if (!looksLikeText) return OCTETS;
  const extension = /\.([^.]+)$/.exec(name)?.[1]?.toLowerCase() ?? "";
  return TEXT_BY_EXTENSION[extension] ?? (found ? found.mime : OCTETS);
}

async function startOf(path: string): Promise<Uint8Array> {
  const file = await open(path, "r");
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(START_BYTES), 0, START_BYTES, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}
