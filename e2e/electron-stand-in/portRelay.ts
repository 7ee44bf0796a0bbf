// Carries MessagePorts over a channel that only carries values. A port sent away stays here, hooked; the other side makes a
// channel of its own, hands one end to its user and hooks the other. Ports inside port messages travel the same way.
//
// `createPortRelay` also runs inside the renderer: it is injected by its source text, so it may use nothing from outside.
import type { PortFrame } from "./wire.ts";

/** The few things a relay does with a port; DOM ports and Node's ports differ in all of them. */
export interface PortKind<Port> {
  channel(): { here: Port; given: Port };
  hook(port: Port, onMessage: (data: unknown, ports: readonly Port[]) => void, onClose: () => void): void;
  post(port: Port, data: unknown, ports: Port[]): void;
  close(port: Port): void;
}

export interface PortRelay<Port> {
  /** Takes a port to be sent away and returns the id that the other side gives to `receive`. */
  send(port: Port): string;
  receive(id: string): Port;
  onFrame(frame: PortFrame): void;
  /** Closes every port: the channel is gone. */
  end(): void;
}

/** `side` keeps the ids of the two sides apart. */
export function createPortRelay<Port>(
  side: string,
  kind: PortKind<Port>,
  emit: (frame: PortFrame) => void,
): PortRelay<Port> {
  const ports = new Map<string, Port>();
  let count = 0;

  const bind = (id: string, port: Port): void => {
    ports.set(id, port);
    const onMessage = (data: unknown, sent: readonly Port[]): void =>
      emit({ kind: "port.message", id, data, ports: sent.map(send) });
    const onClose = (): void => {
      if (ports.delete(id)) emit({ kind: "port.close", id });
    };
    kind.hook(port, onMessage, onClose);
  };

  const send = (port: Port): string => {
    const id = side + String(++count);
    bind(id, port);
    return id;
  };

  const receive = (id: string): Port => {
    const { here, given } = kind.channel();
    bind(id, here);
    return given;
  };

  const onFrame = (frame: PortFrame): void => {
    const port = ports.get(frame.id);
    if (!port) return; // closed on this side while the frame was on its way
    if (frame.kind === "port.message") return kind.post(port, frame.data, frame.ports.map(receive));
    ports.delete(frame.id);
    kind.close(port);
  };

  const end = (): void => {
    for (const port of ports.values()) kind.close(port);
    ports.clear();
  };

  return { send, receive, onFrame, end };
}
