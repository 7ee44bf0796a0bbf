import { readFile } from "node:fs/promises";
import { extname, join, normalize, sep } from "node:path";
import { parseByteRange, resolveByteRange } from "./byteRange.ts";
import { CachedFileMissing, type CachedFiles, type CachedPart } from "./cached.files.ts";

/** `app://kontor/` serves the interface, and below `files/` what the replica has cached of files. */
export const APP_ORIGIN = "app://kontor";

/**
 * The interface runs no code but its own and talks to nobody but main. Styles may be inline because Mantine writes its
 * variables into a style element; wasm is pdf.js's picture decoders.
 */
const POLICY = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "worker-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "font-src 'self' data:",
  "img-src 'self' data: blob:",
  "connect-src 'self'",
  "form-action 'none'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join("; ");

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".mjs": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".woff2": "font/woff2",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".wasm": "application/wasm",
  ".json": "application/json",
  ".bcmap": "application/octet-stream",
  ".pfb": "application/octet-stream",
  ".ttf": "font/ttf",
};

export function createAppProtocol(deps: { readonly rendererRoot: string; readonly files: CachedFiles }) {
  return async (request: Request): Promise<Response> => {
    const path = decodeURIComponent(new URL(request.url).pathname);
    if (request.method !== "GET" && request.method !== "HEAD") return plain(405, "method not allowed");
    const part = partOf(path);
    return part ? serveCached(part, request) : serveInterface(path);
  };

  async function serveInterface(path: string): Promise<Response> {
    const file = normalize(join(deps.rendererRoot, path === "/" ? "index.html" : path));
    if (!file.startsWith(deps.rendererRoot + sep)) return plain(404, "not found");
    const bytes = await readFile(file).catch(() => undefined);
    if (!bytes) return plain(404, "not found");
    return new Response(new Uint8Array(bytes), {
      headers: {
        "content-type": TYPES[extname(file)] ?? "application/octet-stream",
        "content-security-policy": POLICY,
        "x-content-type-options": "nosniff",
        "cache-control": "no-cache",
      },
    });
  }

  async function serveCached(part: CachedPart, request: Request): Promise<Response> {
    const asked = parseByteRange(request.headers.get("range"));
    try {
      const { body, mime, totalBytes, wanted } = await deps.files.open(part, (total) => resolveByteRange(asked, total));
      const headers = new Headers({
        "content-type": safeType(part, mime),
        "x-content-type-options": "nosniff",
        "content-security-policy": "sandbox; default-src 'none'",
        "accept-ranges": "bytes",
        // The body belongs to an id for good; pages and thumbnails may still be made.
        "cache-control": "no-store",
      });
      if (!wanted) {
        headers.set("content-range", `bytes */${totalBytes}`);
        return new Response(undefined, { status: 416, headers });
      }
      headers.set("content-length", String(wanted.end - wanted.start + 1));
      if (asked) headers.set("content-range", `bytes ${wanted.start}-${wanted.end}/${totalBytes}`);
      return new Response(request.method === "HEAD" ? undefined : body, { status: asked ? 206 : 200, headers });
    } catch (error) {
      if (error instanceof CachedFileMissing) return plain(error.code === "notFound" ? 404 : 503, error.message);
      throw error;
    }
  }
}

/** A user's own file is never served as a page of ours: what could carry script comes as bytes. */
const safeType = (part: CachedPart, mime: string) =>
  part.what !== "content" || /^(image\/(png|jpeg|gif|webp|avif)|application\/pdf|text\/plain)$/.test(mime)
    ? mime
    : "application/octet-stream";

const UUID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}";
const FILE = new RegExp(`^/files/(${UUID})/(content|preview\\.pdf|thumbnail|page/([1-9]\\d{0,4}))$`);

/** The other end of `fileAddress`. */
export function partOf(path: string): CachedPart | undefined {
  const [, fileId, what, page] = FILE.exec(path) ?? [];
  if (!fileId || !what) return undefined;
  if (page) return { what: "page", fileId, page: Number(page) };
  return { what: what === "preview.pdf" ? "pdf" : (what as "content" | "thumbnail"), fileId };
}

const plain = (status: number, words: string) =>
  new Response(words, { status, headers: { "content-type": "text/plain; charset=utf-8" } });
