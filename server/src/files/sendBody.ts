import { pipeline } from "node:stream/promises";
import type { Request, Response } from "express";
import { blobNotFound, type BlobStore, type ByteRange } from "./blob.port.ts";

export interface Body {
  readonly sha256: string;
  readonly mime: string;
  readonly name: string;
}

/** Types that a browser only draws. Everything else, HTML and SVG above all, is a download: it could run as us. */
const DRAWN = new Set([
  "application/pdf",
  "image/png",
  "image/jpeg",
  "image/gif",
  "image/webp",
  "image/avif",
  "text/plain",
]);

/** Answers with a body or a range of it (RFC 9110 §14). The caller has decided that the reader may have it. */
export async function sendBody(
  request: Request,
  response: Response,
  { blobs, body }: { blobs: BlobStore; body: Body },
): Promise<void> {
  const stat = await blobs.stat(body.sha256);
  if (!stat) throw blobNotFound();
  const etag = `"${body.sha256}"`;
  setSafeHeaders(response, body);
  response.setHeader("etag", etag);
  response.setHeader("accept-ranges", "bytes");
  if (matches(request.headers["if-none-match"], etag)) return void response.status(304).end();

  const range = rangeOf(request, stat.size, etag);
  if (range === "outside") {
    response.setHeader("content-range", `bytes */${stat.size}`);
    response.setHeader("content-type", "text/plain");
    return void response.status(416).end("The range lies outside of the file.\n");
  }
  if (range) {
    response.status(206);
    response.setHeader("content-range", `bytes ${range.start}-${range.end}/${stat.size}`);
  }
  response.setHeader("content-length", range ? range.end - range.start + 1 : stat.size);
  if (request.method === "HEAD") return void response.end();
  const stream = await blobs.get(body.sha256, range);
  // A reader who leaves in the middle is no fault of ours; `pipeline` lets go of the source either way.
  await pipeline(stream, response).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ERR_STREAM_PREMATURE_CLOSE") throw error;
  });
}

function setSafeHeaders(response: Response, body: Body): void {
  const drawn = DRAWN.has(body.mime);
  const type = drawn ? body.mime : "application/octet-stream";
  response.setHeader("content-type", body.mime === "text/plain" ? "text/plain; charset=utf-8" : type);
  response.setHeader("content-disposition", disposition(drawn ? "inline" : "attachment", body.name));
  response.setHeader("x-content-type-options", "nosniff");
  response.setHeader(
    "content-security-policy",
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src 'self'",
  );
  response.setHeader("referrer-policy", "no-referrer"); // a signed address must not travel on
  // The reader may lose access: each use is decided anew, and only the reader's own machine keeps a copy.
  response.setHeader("cache-control", "private, no-cache");
}

/** RFC 6266: an ASCII form for old programs, and the real name. */
function disposition(kind: "inline" | "attachment", name: string): string {
  const ascii = name.replace(/[^\x20-\x7e]|["\\%]/g, "_");
  const encoded = encodeURIComponent(name).replace(
    /['()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `${kind}; filename="${ascii}"; filename*=UTF-8''${encoded}`;
}

const matches = (header: string | undefined, etag: string): boolean =>
  header !== undefined &&
  (header.trim() === "*" || header.split(",").some((tag) => tag.trim().replace(/^W\//, "") === etag));

/** One range; several at once are answered with the whole, as the RFC lets us: they are an old way to exhaust servers. */
function rangeOf(request: Request, size: number, etag: string): ByteRange | "outside" | undefined {
  const header = request.headers.range;
  const condition = request.headers["if-range"];
  if (header === undefined || (condition !== undefined && condition !== etag)) return undefined;
  const parsed = /^bytes=(\d*)-(\d*)$/.exec(header.trim());
  const [, first = "", last = ""] = parsed ?? [];
  if (!parsed || (first === "" && last === "")) return undefined;
  if (first === "")
    return Number(last) === 0 || size === 0 ? "outside" : { start: Math.max(0, size - Number(last)), end: size - 1 };
  const start = Number(first);
  const end = last === "" ? size - 1 : Math.min(Number(last), size - 1);
  if (last !== "" && Number(last) < start) return undefined;
  return start >= size ? "outside" : { start, end };
}
