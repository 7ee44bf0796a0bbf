// The other end of a page's isolated world: one socket per document, IPC and ports on it.
import { randomBytes } from "node:crypto";
import type { MessagePort } from "node:worker_threads";
import type { WebSocket } from "ws";
import { createCodec } from "./clone.ts";
import { ipcMain } from "./ipcMain.ts";
import { debug } from "./journal.ts";
import { originOf, toBrowser } from "./origins.ts";
import { type PortRelay, createPortRelay } from "./portRelay.ts";
import { MessagePortMain, nodePorts } from "./ports.ts";
import { strict } from "./strict.ts";
import type { WebContents } from "./webContents.ts";
import type { FromRenderer, PortFrame, ToRenderer } from "./wire.ts";

export interface Message {
  readonly channel: string;
  readonly args: unknown[];
  readonly ports: MessagePort[];
}

interface Connection {
  readonly socket: WebSocket;
  readonly relay: PortRelay<MessagePort>;
  send(frame: ToRenderer): void;
}

type Ask = Exclude<FromRenderer, PortFrame>;
type Invoke = Extract<Ask, { kind: "invoke" }>;

export class RendererLink {
  /** The window's secret: who has it speaks as this window. */
  readonly key = randomBytes(12).toString("hex");
  private readonly contents: WebContents;
  private readonly codec = createCodec();
  private connection: Connection | undefined;
  private queued: Message[] = [];

  constructor(contents: WebContents) {
    this.contents = contents;
  }

  connect(socket: WebSocket): void {
    this.disconnect(); // a new document of this window has taken the old one's place
    const send = (frame: ToRenderer): void => {
      if (socket.readyState === socket.OPEN) socket.send(this.codec.encode(frame));
    };
    const connection = { socket, send, relay: createPortRelay("main-", nodePorts, send) };
    this.connection = connection;
    socket.on("message", (data: Buffer) => {
      const frame = this.codec.decode(
        new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength),
      ) as FromRenderer;
      if (frame.kind === "port.message" || frame.kind === "port.close") connection.relay.onFrame(frame);
      else void this.answer(frame, connection);
    });
    socket.on("close", () => {
      connection.relay.end();
      if (this.connection === connection) this.connection = undefined;
    });
    socket.on("error", (error) => debug("renderer socket:", error.message)); // `close` follows
    for (const message of this.queued.splice(0)) this.deliver(message);
  }

  disconnect(): void {
    this.connection?.relay.end();
    this.connection?.socket.close();
    this.connection = undefined;
  }

  /** What comes before the page listens is kept for it. */
  deliver({ channel, args, ports }: Message): void {
    const { connection } = this;
    if (!connection) return void this.queued.push({ channel, args: structuredClone(args), ports });
    connection.send({ kind: "event", channel, args, ports: ports.map((port) => connection.relay.send(port)) });
  }

  private async answer(frame: Ask, connection: Connection): Promise<void> {
    const { contents } = this;
    const { relay, send } = connection;
    switch (frame.kind) {
      case "send":
        return void ipcMain.emit(frame.channel, this.event([]), ...frame.args);
      case "post": {
        const ports = frame.ports.map((id) => new MessagePortMain(relay.receive(id)));
        return void ipcMain.emit(frame.channel, this.event(ports), frame.data);
      }
      case "invoke":
        return this.invoke(frame, connection);
      case "open":
        return contents.denyWindowOpen(frame);
      case "permission": {
        const page = { url: contents.getURL(), browserOrigin: toBrowser(originOf(contents.getURL())) };
        const value = await contents.session.decidePermission(contents, frame.permission, page);
        return send({ kind: "result", id: frame.id, ok: true, value });
      }
      case "preload.failed":
        console.error(`stand-in: the preload script ${frame.file} failed: ${frame.error}`);
        contents.emit("preload-error", {}, frame.file, new Error(frame.error));
    }
  }

  private async invoke({ id, channel, args }: Invoke, { send }: Connection): Promise<void> {
    try {
      const value = await ipcMain.runHandler(channel, this.event([]), args);
      send({ kind: "result", id, ok: true, value }); // a value that cannot be cloned is the handler's error too
    } catch (error) {
      console.error(`Error occurred in handler for '${channel}':`, error);
      send({ kind: "result", id, ok: false, value: `Error invoking remote method '${channel}': ${String(error)}` });
    }
  }

  /** An IpcMainEvent or IpcMainInvokeEvent. */
  private event(ports: MessagePortMain[]): object {
    const { contents } = this;
    const reply = (channel: string, ...args: unknown[]): void => contents.send(channel, ...args);
    const frame = { type: "frame", processId: 1, frameId: 1, senderFrame: contents.mainFrame };
    return strict({ ...frame, sender: contents, ports, reply, preventDefault: () => {} }, "IpcMainEvent");
  }
}
