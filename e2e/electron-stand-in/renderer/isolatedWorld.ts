// The world of the preload script: `require('electron')` with ipcRenderer, contextBridge and webUtils, joined to main by one
// socket per document.
//
// Injected by its source text: it may use nothing from outside but its parameters.
import type { Codec } from "../clone.ts";
import type { PortKind, PortRelay } from "../portRelay.ts";
import type { FromRenderer, PortFrame, ToRenderer } from "../wire.ts";
import type { Bridge } from "./contextBridge.ts";
import type { PageGate } from "./mainWorld.ts";

export interface IsolatedWorldOptions {
  readonly eventName: string;
  /** The window's secret: who has it speaks as this window. */
  readonly key: string;
  readonly workerPath: string;
  readonly socketPath: string;
  readonly process: {
    platform: string;
    arch: string;
    version: string;
    versions: Record<string, string | undefined>;
    argv: string[];
  };
}

export interface PreloadScript {
  readonly file: string;
  run(require: (name: string) => unknown, process: object, module: { exports: unknown }, exports: unknown): void;
}

interface IsolatedParts {
  readonly bridge: Bridge;
  readonly codec: Codec;
  createRelay(side: string, kind: PortKind<MessagePort>, emit: (frame: PortFrame) => void): PortRelay<MessagePort>;
}

export function runIsolatedWorld(
  options: IsolatedWorldOptions,
  parts: IsolatedParts,
  preloads: readonly PreloadScript[],
): void {
  type Listener = (event: object, ...args: unknown[]) => void;
  const { bridge, codec, createRelay } = parts;
  const waiting = new Map<number, PromiseWithResolvers<unknown>>();
  const listeners = new Map<string, { listener: Listener; once: boolean }[]>();
  let lastId = 0;

  const strict = <T extends object>(target: T, name: string): T =>
    new Proxy(target, {
      get(object, key): unknown {
        if (key in object || typeof key === "symbol" || ["then", "__esModule", "default"].includes(key))
          return Reflect.get(object, key);
        throw new Error(`stand-in: ${name}.${key} is not implemented`);
      },
    });

  // The socket, in its SharedWorker. The name is new per document: a reload must not get the old document's socket.
  const socket = new SharedWorker(options.workerPath, { name: crypto.randomUUID() }).port;
  const early: Uint8Array[] = [];
  let isOpen = false;
  const send = (frame: FromRenderer): void => {
    const bytes = codec.encode(frame);
    if (isOpen) socket.postMessage(bytes, [bytes.buffer]);
    else early.push(bytes);
  };
  socket.addEventListener("message", ({ data }: MessageEvent<"open" | ArrayBuffer>) => {
    if (data !== "open") return receive(codec.decode(new Uint8Array(data)) as ToRenderer);
    isOpen = true;
    for (const bytes of early.splice(0)) socket.postMessage(bytes, [bytes.buffer]);
  });
  socket.start();
  socket.postMessage(`${location.origin.replace("http", "ws")}${options.socketPath}?key=${options.key}`);

  const relay = createRelay(
    "renderer-",
    {
      channel() {
        const { port1, port2 } = new MessageChannel();
        return { here: port1, given: port2 };
      },
      hook(port, onMessage, onClose) {
        port.addEventListener("message", (event) => onMessage(event.data, event.ports));
        port.addEventListener("close", onClose);
        port.start();
      },
      post: (port, data, ports) => port.postMessage(data, ports),
      close: (port) => port.close(),
    },
    send,
  );

  const receive = (frame: ToRenderer): void => {
    if (frame.kind === "event") {
      emit(frame.channel, { sender: ipcRenderer, ports: frame.ports.map((id) => relay.receive(id)) }, frame.args);
    } else if (frame.kind === "result") {
      const promise = waiting.get(frame.id);
      waiting.delete(frame.id);
      if (frame.ok) promise?.resolve(frame.value);
      else promise?.reject(new Error(String(frame.value)));
    } else relay.onFrame(frame);
  };

  const request = (build: (id: number) => FromRenderer): Promise<unknown> => {
    const id = ++lastId;
    send(build(id)); // throws here when an argument cannot be cloned
    const promise = Promise.withResolvers<unknown>();
    waiting.set(id, promise);
    return promise.promise;
  };

  const emit = (channel: string, event: object, args: unknown[]): void => {
    for (const { listener, once } of listeners.get(channel) ?? []) {
      if (once) ipcRenderer.removeListener(channel, listener);
      try {
        listener(event, ...args);
      } catch (error) {
        reportError(error); // one listener's mistake does not keep the others from hearing
      }
    }
  };
  const listen = (channel: string, listener: Listener, once: boolean): object => {
    listeners.set(channel, [...(listeners.get(channel) ?? []), { listener, once }]);
    return ipcRenderer;
  };

  const ipcRenderer = strict(
    {
      invoke: async (channel: string, ...args: unknown[]) => request((id) => ({ kind: "invoke", id, channel, args })),
      send: (channel: string, ...args: unknown[]) => send({ kind: "send", channel, args }),
      postMessage: (channel: string, data: unknown, ports: MessagePort[] = []) =>
        send({ kind: "post", channel, data, ports: ports.map((port) => relay.send(port)) }),
      on: (channel: string, listener: Listener) => listen(channel, listener, false),
      once: (channel: string, listener: Listener) => listen(channel, listener, true),
      off: (channel: string, listener: Listener) => ipcRenderer.removeListener(channel, listener),
      removeListener: (channel: string, listener: Listener): object => {
        listeners.set(
          channel,
          (listeners.get(channel) ?? []).filter((entry) => entry.listener !== listener),
        );
        return ipcRenderer;
      },
      removeAllListeners: (channel: string): object => {
        listeners.delete(channel);
        return ipcRenderer;
      },
    },
    "ipcRenderer",
  );

  /** Only the browser knows a File's path, and this must answer at once: main sees the pause, asks, and sets `path`. */
  const getPathForFile = (file: File): string => {
    if (!(file instanceof File))
      throw new TypeError("getPathForFile expected to receive a File object but one was not provided");
    let path = "";
    // oxlint-disable-next-line no-debugger
    debugger;
    return path;
  };

  const gate: PageGate = {
    open: (url, frameName, features) => send({ kind: "open", url, frameName, features }),
    permission: (permission) => request((id) => ({ kind: "permission", id, permission })) as Promise<boolean>,
  };
  bridge.expose(options.eventName, gate);

  const electron = strict(
    {
      ipcRenderer,
      contextBridge: strict(
        { exposeInMainWorld: (key: string, api: unknown) => bridge.expose(key, api) },
        "contextBridge",
      ),
      webUtils: strict({ getPathForFile }, "webUtils"),
    },
    "electron (in a preload script)",
  );
  const require = (name: string): unknown => {
    if (name === "electron" || name === "electron/renderer") return electron;
    throw new Error(`module not found: ${name}`); // a sandboxed preload has no Node modules
  };
  const sandboxedProcess = strict(
    {
      ...options.process,
      type: "renderer",
      sandboxed: true,
      contextIsolated: true,
      env: {},
      execPath: "",
      resourcesPath: "",
    },
    "process (in a preload script)",
  );

  for (const { file, run } of preloads) {
    const module = { exports: {} };
    try {
      run(require, sandboxedProcess, module, module.exports);
    } catch (error) {
      console.error(`Unable to load preload script: ${file}`, error);
      send({
        kind: "preload.failed",
        file,
        error: error instanceof Error ? (error.stack ?? error.message) : String(error),
      });
    }
  }
}
