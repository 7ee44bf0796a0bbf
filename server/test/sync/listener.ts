import { deflateRawSync, inflateRawSync } from "node:zlib";
import { WebSocket } from "ws";
import { newId, type JsonObject } from "@kontor/shared/base";
import {
  createFrameCodec,
  PROTOCOL_VERSION,
  type BucketState,
  type Cookie,
  type FeedBatch,
  type Message,
  type Operation,
  type Welcome,
} from "@kontor/shared/protocol";

/** A device with nothing but a socket and maps of rows: hundreds of them fit into a test. */
export interface Listener {
  readonly userId: string;
  readonly welcome: Welcome;
  readonly cookie: Cookie | undefined;
  /** Operations since it was opened. */
  readonly operations: number;
  /** The code with which the server hung up. */
  readonly hungUp: number | undefined;
  rows(collection: string): ReadonlyMap<string, JsonObject>;
  close(): Promise<void>;
}

export interface ListenerOptions {
  readonly url: string;
  readonly userId: string;
  /** Goes on from where that one stood. */
  readonly from?: Listener;
  readonly onBatch?: (batch: FeedBatch) => void;
}

const codec = createFrameCodec({
  deflate: (bytes) => deflateRawSync(bytes),
  inflate: (bytes, maxOutputLength) => inflateRawSync(bytes, { maxOutputLength }),
});

interface Row {
  readonly hash: string;
  readonly doc: JsonObject;
}
type Buckets = Map<string, Map<string, Row>>;
const heldBy = new WeakMap<Listener, Buckets>();

/** Resolves when the server has said welcome. */
export function openListener({ url, userId, from, onBatch }: ListenerOptions): Promise<Listener> {
  const socket = new WebSocket(`${url.replace("http", "ws")}/sync`, ["kontor.v1", `bearer.token-${userId}`]);
  const held: Buckets = (from && heldBy.get(from)) ?? new Map();
  let cookie = from?.cookie;
  let operations = 0;
  let hungUp: number | undefined;
  const send = (message: Message) => socket.send(codec.encode(message));

  function apply(operation: Operation): void {
    operations++;
    if (operation.op !== "put" && operation.op !== "purge") return; // "keep" names what is here already
    const bucket = held.get(operation.collection) ?? new Map<string, Row>();
    held.set(operation.collection, bucket);
    if (operation.op === "purge") bucket.delete(operation.id);
    else bucket.set(operation.id, { hash: operation.hash, doc: operation.doc });
  }

  return new Promise((resolve, reject) => {
    socket.on("error", reject);
    socket.on("close", (code) => {
      hungUp = code;
      reject(new Error(`Closed with ${code} before it was let in.`));
    });
    socket.on("open", () =>
      send({
        type: "hello",
        body: {
          protocol: PROTOCOL_VERSION,
          deviceId: newId(),
          appVersion: "test",
          buckets: [...held].map(([bucket, rows]) => stateOf(bucket, rows)),
          ...(cookie && { cookie }),
        },
      }),
    );
    socket.on("message", (data: Buffer) => {
      if ((data[0] ?? 0) < 4) return;
      const message = codec.decode(data);
      if (message.type === "ping") send({ type: "pong", body: {} });
      if (message.type === "feed") {
        for (const operation of message.body.operations) apply(operation);
        cookie = message.body.cookie ?? cookie;
        send({ type: "ack", body: { batch: message.body.batch } });
        onBatch?.(message.body);
      }
      if (message.type === "welcome") resolve(listenerOf(message.body));
    });
  });

  function listenerOf(welcome: Welcome): Listener {
    const listener: Listener = {
      userId,
      welcome,
      get cookie() {
        return cookie;
      },
      get operations() {
        return operations;
      },
      get hungUp() {
        return hungUp;
      },
      rows: (collection) => new Map([...(held.get(collection) ?? [])].map(([id, { doc }]) => [id, doc])),
      close: () =>
        new Promise((resolve) => {
          socket.removeAllListeners("close");
          if (socket.readyState === socket.CLOSED) resolve();
          socket.on("close", () => resolve());
          socket.close();
        }),
    };
    heldBy.set(listener, held);
    return listener;
  }
}

function stateOf(bucket: string, rows: ReadonlyMap<string, Row>): BucketState {
  let hash = 0n;
  for (const row of rows.values()) hash ^= BigInt(`0x${row.hash}`);
  return { bucket, count: rows.size, hash: hash.toString(16).padStart(16, "0") };
}
