import type { IncomingMessage, Server } from "node:http";
import type { Duplex } from "node:stream";
import { WebSocketServer, type WebSocket } from "ws";
import { isDomainError } from "@kontor/shared/base";
import { closeCode, limits } from "@kontor/shared/protocol";
import type { Log, Principal } from "#kernel";

/**
 * The door of `/sync`. Who may come in is decided before a byte of theirs is read:
 * - A page's origin must be one of ours, exactly; a native client sends none. (A foreign page must not ride on a user.)
 * - The token travels as a subprotocol, `["kontor.v1", "bearer.<token>"]`: an address ends up in logs, a subprotocol does
 *   not, and browsers can send it.
 * - Refusals about the account complete the handshake and then close with a code of ours, because only a close code
 *   tells the stock provider whether to come back.
 */
export const SUBPROTOCOL = "kontor.v1";
const BEARER = /^bearer\.([A-Za-z0-9._~-]{1,512})$/;

/** Sockets that have not been let in yet, per node: an attacker without a token must not exhaust it. */
const MAX_PENDING = 200;
const CLOSE_MS = 1_000; // a round trip on a bad link; a stop waits for this on top of what is being answered

/** Undefined: the token is not good (any more). Throws `forbidden` when the account is switched off. */
export type Authenticate = (token: string) => Promise<Principal | undefined>;

export interface GatewayDeps {
  readonly path: string;
  readonly origins: () => readonly string[];
  readonly authenticate: Authenticate;
  readonly isDraining: () => boolean;
  /** Where a request comes from, as the proxies in front of us are trusted to say. */
  readonly addressOf: (request: IncomingMessage) => string | undefined;
  /** Asked when a token is no good: the one who holds the device may keep it away from us, and not the other way round. */
  readonly isDeviceRevoked: (deviceId: string) => Promise<boolean>;
  readonly log: Log;
  welcome(socket: WebSocket, client: Client): void;
}

export interface Client {
  readonly principal: Principal;
  readonly token: string;
  readonly ip: string | undefined;
}

export function createGateway({
  path,
  origins,
  authenticate,
  isDraining,
  addressOf,
  isDeviceRevoked,
  log,
  welcome,
}: GatewayDeps) {
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: limits.frameBytes,
    perMessageDeflate: false, // batches are deflated by themselves; per-message state costs memory per socket
    handleProtocols: (offered) => (offered.has(SUBPROTOCOL) ? SUBPROTOCOL : false),
  });
  let pending = 0;
  let http: Server | undefined;

  function onUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const { pathname } = new URL(request.url ?? "/", "http://localhost");
    if (pathname !== path) {
      const isNobodys = http?.listenerCount("upgrade") === 1;
      return isNobodys ? refuse(socket, "404 Not Found") : undefined;
    }
    const { origin } = request.headers;
    if (origin !== undefined && !origins().includes(origin)) return refuse(socket, "403 Forbidden");
    if (!offeredProtocols(request).includes(SUBPROTOCOL)) return refuse(socket, "400 Bad Request");
    if (pending >= MAX_PENDING) return refuse(socket, "503 Service Unavailable");
    pending++;
    sockets.handleUpgrade(request, socket, head, (webSocket) => {
      void letIn(webSocket, request).finally(() => pending--);
    });
  }

  async function letIn(socket: WebSocket, request: IncomingMessage): Promise<void> {
    socket.on("error", (error) => log.debug({ err: error }, "a device's connection failed"));
    if (isDraining()) return socket.close(closeCode.draining, "draining");
    const token = tokenOf(request);
    if (token === undefined) return socket.close(closeCode.token, "token");
    // Nothing is read until the token is known to be good; what arrives meanwhile waits in the kernel.
    socket.pause();
    try {
      const principal = await authenticate(token);
      if (principal) welcome(socket, { principal, token, ip: addressOf(request) });
      else await turnAway(socket, request);
      socket.resume();
    } catch (error) {
      socket.resume();
      if (isDomainError(error) && error.code === "unauthenticated") return await turnAway(socket, request);
      closeFor(socket, error, log);
    }
  }

  async function turnAway(socket: WebSocket, request: IncomingMessage): Promise<void> {
    const deviceId = deviceOf(request);
    const isRevoked = deviceId !== undefined && (await isDeviceRevoked(deviceId).catch(() => false));
    if (isRevoked) socket.close(closeCode.deviceRevoked, "device revoked");
    else socket.close(closeCode.token, "token");
  }

  return {
    attach(server: Server): void {
      http = server;
      server.on("upgrade", onUpgrade);
    },
    /** Gives the sockets that were told to close a moment to do so; a peer that is gone never answers. */
    async close(): Promise<void> {
      const until = Date.now() + CLOSE_MS;
      while (sockets.clients.size > 0 && Date.now() < until) await new Promise((resolve) => setTimeout(resolve, 20));
      for (const socket of sockets.clients) socket.terminate();
      sockets.close();
    },
  };
}

/** Tells the client whether to ask for a password (4401), to give up (4403) or to come again (4503). */
export function closeFor(socket: WebSocket, error: unknown, log: Log): void {
  const code = isDomainError(error) ? error.code : undefined;
  if (code === "unauthenticated") return socket.close(closeCode.token, "token");
  if (code === "forbidden" || code === "notFound") return socket.close(closeCode.accountOff, "account off");
  log.error({ err: error }, "a device could not be let in");
  socket.close(closeCode.draining, "unavailable");
}

const offeredProtocols = (request: IncomingMessage): readonly string[] =>
  (request.headers["sec-websocket-protocol"] ?? "").split(",").map((name) => name.trim());

function tokenOf(request: IncomingMessage): string | undefined {
  for (const name of offeredProtocols(request)) {
    const token = BEARER.exec(name)?.[1];
    if (token !== undefined) return token;
  }
  return undefined;
}

/** The device says which one it is beside its token; believed only when nothing but its own removal hangs on it. */
const deviceOf = (request: IncomingMessage): string | undefined =>
  offeredProtocols(request).flatMap((name) => /^device\.([0-9a-f-]{36})$/.exec(name)?.[1] ?? [])[0];

function refuse(socket: Duplex, status: string): void {
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}
