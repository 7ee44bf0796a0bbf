import { open } from "node:fs/promises";
import { fileTypeFromFile } from "file-type";

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
  const found = await fileTypeFromFile(path);
  if (found && found.mime !== "application/xml") return found.mime;
  if (!(await looksLikeText(path))) return OCTETS;
  const extension = /\.([^.]+)$/.exec(name)?.[1]?.toLowerCase() ?? "";
  return TEXT_BY_EXTENSION[extension] ?? (found ? found.mime : OCTETS);
}

async function looksLikeText(path: string): Promise<boolean> {
  const file = await open(path, "r");
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(START_BYTES), 0, START_BYTES, 0);
    return bytesRead > 0 && !buffer.subarray(0, bytesRead).includes(0);
  } finally {
    await file.close();
  }
}
