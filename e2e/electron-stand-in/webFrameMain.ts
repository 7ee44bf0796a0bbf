// `webContents.mainFrame` and an IPC event's `senderFrame`: the top frame, the only one with a preload.
import { originOf } from "./origins.ts";
import type { MessagePortMain } from "./ports.ts";
import type { WebContents } from "./webContents.ts";

export class WebFrameMain {
  readonly parent = null;
  readonly frames: readonly WebFrameMain[] = [];
  readonly name = "";
  readonly processId = 1;
  readonly routingId = 1;
  private readonly contents: WebContents;

  constructor(contents: WebContents) {
    this.contents = contents;
  }
  get url(): string {
    return this.contents.getURL();
  }
  get origin(): string {
    return originOf(this.url);
  }
  get top(): WebFrameMain {
    return this.contents.mainFrame;
  }
  isDestroyed(): boolean {
    return this.contents.isDestroyed();
  }
  send(channel: string, ...args: unknown[]): void {
    this.contents.send(channel, ...args);
  }
  postMessage(channel: string, message: unknown, transfer?: MessagePortMain[]): void {
    this.contents.postMessage(channel, message, transfer);
  }
}
