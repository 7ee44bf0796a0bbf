/** A MessagePort of any of our worlds, reduced to what the guard needs. */
export type ReplicaPort = {
  send(message: unknown): void;
  onMessage(receive: (message: unknown) => void): void;
  onClose(closed: () => void): void;
};

type Listener = (value: unknown) => void;
type EventedPort = {
  postMessage(message: unknown): void;
  on(event: "message" | "close", listener: Listener): unknown;
  start?(): void;
};

/** Worker threads: listeners get the value itself. */
export const nodePort = (port: EventedPort): ReplicaPort => portOf(port, (value) => value);

/** Electron's MessagePortMain: listeners get an event around the value. */
export const electronPort = (port: EventedPort): ReplicaPort =>
  portOf(port, (event) => (typeof event === "object" && event !== null && "data" in event ? event.data : undefined));

const portOf = (port: EventedPort, valueOf: (received: unknown) => unknown): ReplicaPort => ({
  send: (message) => port.postMessage(message),
  onMessage(receive) {
    port.on("message", (received) => receive(valueOf(received)));
    port.start?.();
  },
  onClose: (closed) => void port.on("close", closed),
});
