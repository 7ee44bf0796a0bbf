import { WebsocketProvider } from "y-websocket";
import { Doc } from "yjs";
import { closeCode, messageType, type FrameCodec, type Malformed, type Message } from "@kontor/shared/protocol";

/**
 * The connection: the stock y-websocket provider on an empty control document, for its reconnect, back-off and
 * watchdog. Our messages (100 and up) are registered as its handlers and taken out of its hands whole.
 */
export type LinkState =
  | { readonly state: "connecting" | "open" }
  | { readonly state: "closed"; readonly problem: LinkProblem }
  /** Not tried again by itself: the account, the device or this version has to change first. */
  | { readonly state: "stopped"; readonly problem: LinkProblem };

export interface LinkProblem {
  readonly reason:
    | "link.unreachable"
    | "link.token"
    | "link.accountOff"
    | "link.replaced"
    | "link.deviceRevoked"
    | "link.tooOld"
    | "link.draining";
  readonly message: string;
}

export interface Link {
  send(message: Message): void;
  /** Connects now instead of when the back-off ends; also after it was stopped. */
  connect(token?: string): void;
  disconnect(): void;
  destroy(): void;
  readonly isOpen: boolean;
}

export interface LinkDeps {
  /** `https://office.example` or `http://…`; the path of the gateway is added. */
  readonly serverUrl: string;
  readonly token: string;
  readonly deviceId: string;
  readonly codec: FrameCodec;
  readonly WebSocket: typeof globalThis.WebSocket;
  onState(state: LinkState): void;
  onMessage(message: Message | Malformed): void;
}

/** The provider's own maximum of 2.5 s would have every desk of an office knock 24 times a minute while it is down. */
const MAX_BACKOFF_MS = 15_000;
const GATEWAY = "sync";

export function createLink({ serverUrl, token, deviceId, codec, WebSocket, onState, onMessage }: LinkDeps): Link {
  const provider = new WebsocketProvider(serverUrl.replace(/^http/, "ws"), GATEWAY, new Doc(), {
    connect: false,
    disableBc: true,
    protocols: protocolsFor(token, deviceId),
    WebSocketPolyfill: WebSocket,
    maxBackoffTime: MAX_BACKOFF_MS,
  });
  // Presence belongs to the sections that are open, not to the control document; this also stops its 15 s heartbeat.
  provider.awareness.setLocalState(null);

  for (const number of Object.values(messageType))
    provider.messageHandlers[number] = (_encoder, decoder) => {
      const message = codec.decode(decoder.arr);
      decoder.pos = decoder.arr.length;
      onMessage(message);
    };

  provider.on("status", ({ status }) => {
    if (status === "connecting") onState({ state: "connecting" });
    if (status === "connected") onState({ state: "open" });
  });
  provider.on("connection-close", (event) => {
    if (event && isFinal(event.code)) return; // "closed" follows
    onState({ state: "closed", problem: problemOf(event?.code) });
  });
  provider.on("closed", ({ code }) => onState({ state: "stopped", problem: problemOf(code) }));
  // The close event that follows says the same; without a listener nothing would be lost.
  provider.on("connection-error", () => undefined);

  return {
    send(message) {
      const socket = provider.ws;
      if (socket && socket.readyState === socket.OPEN) socket.send(codec.encode(message) as Uint8Array<ArrayBuffer>);
    },
    connect(newToken) {
      if (newToken !== undefined) provider.protocols = protocolsFor(newToken, deviceId);
      provider.connect();
    },
    disconnect: () => provider.disconnect(),
    destroy() {
      provider.destroy();
      provider.doc.destroy();
      provider.awareness.destroy();
    },
    get isOpen() {
      return provider.wsconnected;
    },
  };
}

const protocolsFor = (token: string, deviceId: string) => ["kontor.v1", `bearer.${token}`, `device.${deviceId}`];

const isFinal = (code: number) => code >= 4400 && code < 4500;

const PROBLEMS: Readonly<Record<number, LinkProblem>> = {
  [closeCode.token]: { reason: "link.token", message: "The sign-in has ended. Sign in again; your changes are kept." },
  [closeCode.accountOff]: { reason: "link.accountOff", message: "This account has been switched off." },
  [closeCode.deviceReplaced]: {
    reason: "link.replaced",
    message: "This device is connected from another running copy of the app.",
  },
  [closeCode.deviceRevoked]: {
    reason: "link.deviceRevoked",
    message: "This device was taken out of use. What it held has been removed.",
  },
  [closeCode.clientTooOld]: { reason: "link.tooOld", message: "The server needs a newer version of this app." },
  [closeCode.draining]: { reason: "link.draining", message: "The server is being restarted." },
};

const problemOf = (code: number | undefined): LinkProblem =>
  PROBLEMS[code ?? 0] ?? { reason: "link.unreachable", message: "The server cannot be reached." };
