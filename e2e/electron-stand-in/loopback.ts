// The loopback server behind the browser: it answers `app://` from the app's protocol handlers, and carries the sockets of
// the renderers (IPC and ports) and of Playwright (the DevTools proxy). Nobody can use it without a secret path or key.
import { randomBytes } from "node:crypto";
import { type IncomingMessage, type ServerResponse, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import type { Duplex } from "node:stream";
import { WebSocketServer, type WebSocket } from "ws";
import { parseHost, policyToBrowser, toApp, toBrowser } from "./origins.ts";
import { answer } from "./protocol.ts";
import { socketPath, workerPath, workerSource } from "./renderer/socketWorker.ts";

export interface LoopbackHooks {
  onDevtools(client: WebSocket): void;
  /** False: no window has this key. */
  onRenderer(key: string, socket: () => Promise<WebSocket>): boolean;
}

const MAX_MESSAGE_BYTES = 1 << 30; // a port message may carry a whole file

export async function startLoopback(hooks: LoopbackHooks): Promise<{ port: number; devtoolsUrl: string }> {
  const devtoolsPath = `/devtools/browser/${randomBytes(12).toString("hex")}`;
  const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false, maxPayload: MAX_MESSAGE_BYTES });
  const server = createServer((request, response) => {
    serve(request, response).catch((error: unknown) => {
      if (!response.destroyed) console.error(`stand-in: ${request.method} ${request.url} failed:`, error);
      response.destroy();
    });
  });

  server.on("upgrade", (request: IncomingMessage, connection: Duplex, head: Buffer) => {
    const accept = (): Promise<WebSocket> =>
      new Promise((resolve) => sockets.handleUpgrade(request, connection, head, resolve));
    const url = new URL(request.url ?? "/", "http://loopback");
    if (url.pathname === devtoolsPath) return void accept().then(hooks.onDevtools);
    if (url.pathname !== socketPath || !hooks.onRenderer(url.searchParams.get("key") ?? "", accept))
      connection.destroy();
  });

  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return { port, devtoolsUrl: `ws://127.0.0.1:${port}${devtoolsPath}` };
}

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const target = parseHost(request.headers.host);
  if (!target) return void response.writeHead(404).end();
  if (request.url === workerPath)
    return void response.writeHead(200, { "content-type": "text/javascript" }).end(workerSource);
  const given = await answer(target.scheme, toRequest(request, response, target));
  response.writeHead(given.status, responseHeaders(given));
  if (!given.body) return void response.end();
  Readable.fromWeb(given.body as Parameters<typeof Readable.fromWeb>[0])
    .on("error", () => response.destroy())
    .pipe(response);
}

function toRequest(
  request: IncomingMessage,
  response: ServerResponse,
  { scheme, host }: { scheme: string; host: string },
): Request {
  const aborted = new AbortController();
  response.on("close", () => aborted.abort());
  const headers = new Headers();
  for (const [name, value] of Object.entries(request.headers)) {
    if (name !== "host" && name !== "connection" && value !== undefined) headers.set(name, toApp(String(value)));
  }
  const method = request.method ?? "GET";
  const body =
    method === "GET" || method === "HEAD"
      ? {}
      : { body: Readable.toWeb(request) as ReadableStream, duplex: "half" as const };
  return new Request(`${scheme}://${host}${request.url ?? "/"}`, { method, headers, signal: aborted.signal, ...body });
}

function responseHeaders(given: Response): Record<string, string> {
  const headers: Record<string, string> = { "cache-control": "no-store" }; // Chromium would cache http, and does not cache `app://`
  given.headers.forEach((value, name) => {
    headers[name] = name.startsWith("content-security-policy") ? policyToBrowser(value) : toBrowser(value);
  });
  if (headers["content-encoding"]) delete headers["content-length"];
  return headers;
}
