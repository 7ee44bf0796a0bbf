// `protocol` and `net`: the app's own schemes, answered by its handlers.
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { extname } from "node:path";
import { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import type Electron from "electron";
import { app } from "./app.ts";
import { isRegistered, registerScheme } from "./origins.ts";
import { strict } from "./strict.ts";

type Handler = (request: Request) => Response | Promise<Response>;

const handlers = new Map<string, Handler>();

export const protocol = strict(
  {
    registerSchemesAsPrivileged(schemes: Electron.CustomScheme[]): void {
      if (app.hasStarted) throw new Error("protocol.registerSchemesAsPrivileged should be called before app is ready");
      for (const { scheme, privileges } of schemes) {
        if (!privileges?.standard || !privileges.secure)
          throw new Error(`stand-in: only standard and secure schemes, and "${scheme}" is not`);
        registerScheme(scheme);
      }
    },
    handle(scheme: string, handler: Handler): void {
      if (!isRegistered(scheme))
        throw new Error(`stand-in: protocol.handle("${scheme}") before registerSchemesAsPrivileged`);
      if (handlers.has(scheme)) throw new Error(`protocol.handle: "${scheme}" is already handled`);
      handlers.set(scheme, handler);
    },
    unhandle(scheme: string): void {
      handlers.delete(scheme);
    },
    isProtocolHandled: (scheme: string): boolean => handlers.has(scheme),
  },
  "protocol",
);

export const net = strict(
  {
    async fetch(input: string | Request, init?: RequestInit): Promise<Response> {
      const request = new Request(input, init);
      const scheme = new URL(request.url).protocol.slice(0, -1);
      if (handlers.has(scheme)) return answer(scheme, request);
      return scheme === "file" ? fetchFile(request) : fetch(request);
    },
    isOnline: (): boolean => true,
  },
  "net",
);

export async function answer(scheme: string, request: Request): Promise<Response> {
  const handler = handlers.get(scheme);
  if (!handler) return new Response(`stand-in: no protocol.handle("${scheme}")`, { status: 404 });
  return handler(request);
}

const mediaTypes: Record<string, string> = {
  ".html": "text/html", ".js": "text/javascript", ".mjs": "text/javascript", ".css": "text/css", ".json": "application/json",
  ".wasm": "application/wasm", ".svg": "image/svg+xml", ".png": "image/png", ".jpg": "image/jpeg", ".webp": "image/webp",
  ".woff2": "font/woff2", ".pdf": "application/pdf", ".txt": "text/plain",
}; // prettier-ignore

async function fetchFile(request: Request): Promise<Response> {
  const path = fileURLToPath(request.url);
  const { size } = await stat(path).catch(() => {
    throw new Error(`net::ERR_FILE_NOT_FOUND (${request.url})`);
  });
  const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.get("range") ?? "");
  const start = Number(range?.[1] ?? 0);
  const end = range?.[2] ? Math.min(Number(range[2]), size - 1) : size - 1;
  const headers = new Headers({
    "content-type": mediaTypes[extname(path)] ?? "application/octet-stream",
    "content-length": String(end - start + 1),
  });
  if (range) headers.set("content-range", `bytes ${start}-${end}/${size}`);
  const body = size === 0 ? "" : (Readable.toWeb(createReadStream(path, { start, end })) as ReadableStream);
  return new Response(body, { status: range ? 206 : 200, headers });
}
