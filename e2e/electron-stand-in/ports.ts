// MessageChannelMain and MessagePortMain over Node's own message channels.
import { MessageChannel, type MessagePort, type Transferable } from "node:worker_threads";
import type { PortKind } from "./portRelay.ts";
import { StandInEmitter } from "./strict.ts";

// Node delivers transferred ports only inside the data, so what runs between two raw ports is always this envelope.
interface Envelope {
  data: unknown;
  ports: MessagePort[];
}

const postEnvelope = (port: MessagePort, data: unknown, ports: MessagePort[]): void =>
  port.postMessage({ data, ports } satisfies Envelope, ports as Transferable[]);

export const nodePorts: PortKind<MessagePort> = {
  channel() {
    const { port1, port2 } = new MessageChannel();
    return { here: port1, given: port2 };
  },
  hook(port, onMessage, onClose) {
    port.on("message", ({ data, ports }: Envelope) => onMessage(data, ports));
    port.on("close", onClose);
  },
  post: postEnvelope,
  close: (port) => port.close(),
};

const rawPorts = new WeakMap<object, MessagePort>();

export class MessagePortMain extends StandInEmitter {
  private started = false;

  constructor(raw: MessagePort) {
    super("MessagePortMain", ["message", "close"]);
    rawPorts.set(this, raw);
    raw.on("close", () => this.emit("close"));
  }

  start(): void {
    if (this.started) return;
    this.started = true;
    rawOf(this).on("message", ({ data, ports }: Envelope) =>
      this.emit("message", { data, ports: ports.map((port) => new MessagePortMain(port)) }),
    );
  }

  postMessage(message: unknown, transfer: MessagePortMain[] = []): void {
    postEnvelope(rawOf(this), message, transfer.map(takePort));
  }

  close(): void {
    rawPorts.get(this)?.close();
  }
}

export class MessageChannelMain {
  readonly port1: MessagePortMain;
  readonly port2: MessagePortMain;

  constructor() {
    const { port1, port2 } = new MessageChannel();
    this.port1 = new MessagePortMain(port1);
    this.port2 = new MessagePortMain(port2);
  }
}

/** Takes the raw port out of `port`, which is of no use afterwards: it was transferred. */
export function takePort(port: MessagePortMain): MessagePort {
  const raw = rawOf(port);
  port.removeAllListeners();
  raw.removeAllListeners();
  rawPorts.delete(port);
  return raw;
}

function rawOf(port: MessagePortMain): MessagePort {
  const raw = rawPorts.get(port);
  if (!raw) throw new TypeError("Invalid value for transfer: not a MessagePortMain, or transferred already");
  return raw;
}
