import * as decoding from "lib0/decoding";
import * as encoding from "lib0/encoding";
import { decodeUtf8, encodeUtf8 } from "lib0/string";
import { z } from "zod";
import { isObject, type Json, type JsonObject } from "../base/index.ts";
import { errorCodes } from "../base/index.ts";
import { limits, messageType } from "./messages.ts";
import type {
  Ack,
  FeedBatch,
  Hello,
  IntentResult,
  Operation,
  PolicyChanged,
  Push,
  Range,
  RangeResult,
  Welcome,
  WireError,
  YBytes,
  YClose,
  YOpen,
  YReset,
} from "./messages.ts";

/**
 * One frame = one message: `varUint type`, then its fields. Small messages carry their body as JSON text; batches of
 * operations are deflated as a whole (per-message deflate of the socket would cost memory per connection).
 *
 * Reading is strict: a frame that is too long, cut short, followed by rubbish, of an unknown type or with a body of
 * another shape is `malformed` as a whole, and the peer that sent it is disconnected. Unknown *fields* of JSON bodies
 * are ignored, so that a newer peer may add some.
 */
export type Message =
  | { readonly type: "hello"; readonly body: Hello }
  | { readonly type: "welcome"; readonly body: Welcome }
  | { readonly type: "feed"; readonly body: FeedBatch }
  | { readonly type: "ack"; readonly body: Ack }
  | { readonly type: "push"; readonly body: Push }
  | { readonly type: "result"; readonly body: IntentResult }
  | { readonly type: "yOpen"; readonly body: YOpen }
  | { readonly type: "yClose"; readonly body: YClose }
  | { readonly type: "ySync"; readonly body: YBytes }
  | { readonly type: "yAware"; readonly body: YBytes }
  | { readonly type: "yReset"; readonly body: YReset }
  | { readonly type: "policy"; readonly body: PolicyChanged }
  | { readonly type: "range"; readonly body: Range }
  | { readonly type: "rangeResult"; readonly body: RangeResult }
  | { readonly type: "ping"; readonly body: Nothing }
  | { readonly type: "pong"; readonly body: Nothing }
  | { readonly type: "error"; readonly body: WireError };
type Nothing = Record<string, never>;
export type MessageName = Message["type"];
type BodyOf<Name extends MessageName> = Extract<Message, { type: Name }>["body"];

export interface Malformed {
  readonly type: "malformed";
  readonly reason: string;
}

/** Deflate is the runtime's (node:zlib at both ends); `shared` knows no runtime. */
export interface Compression {
  deflate(bytes: Uint8Array): Uint8Array;
  /** Throws when the result would be longer than `maxBytes`. */
  inflate(bytes: Uint8Array, maxBytes: number): Uint8Array;
}

export interface FrameCodec {
  encode(message: Message): Uint8Array;
  decode(frame: Uint8Array): Message | Malformed;
}

export const isStockFrame = (frame: Uint8Array): boolean => {
  const [first] = frame;
  return first !== undefined && first < 4; // 0–3: y-protocols on the control document
};

export function createFrameCodec(compression: Compression): FrameCodec {
  return {
    encode(message) {
      const encoder = encoding.createEncoder();
      encoding.writeVarUint(encoder, messageType[message.type]);
      const codec = codecs[message.type] as Codec<unknown>;
      codec.write(encoder, message.body, compression);
      return encoding.toUint8Array(encoder);
    },
    decode(frame) {
      if (frame.length > limits.frameBytes) return malformed("frame too long");
      try {
        const decoder = decoding.createDecoder(frame);
        const type = namesByNumber.get(decoding.readVarUint(decoder));
        if (!type) return malformed("unknown message type");
        const body = (codecs[type] as Codec<unknown>).read(decoder, compression);
        if (decoding.hasContent(decoder)) return malformed("bytes after the end");
        return { type, body } as Message;
      } catch (error) {
        return malformed(error instanceof FrameProblem ? error.message : "cannot be read");
      }
    },
  };
}

const malformed = (reason: string): Malformed => ({ type: "malformed", reason });

class FrameProblem extends Error {}

interface Codec<Body> {
  write(encoder: encoding.Encoder, body: Body, compression: Compression): void;
  read(decoder: decoding.Decoder, compression: Compression): Body;
}

/* ---------- bodies as JSON text ---------- */

function json<Body>(schema: z.ZodType<Body>): Codec<Body> {
  return {
    write: (encoder, body) => encoding.writeVarString(encoder, JSON.stringify(body)),
    read: (decoder) => {
      const parsed = schema.safeParse(JSON.parse(decoding.readVarString(decoder)));
      if (!parsed.success) throw new FrameProblem(z.prettifyError(parsed.error).slice(0, MAX_REASON));
      return parsed.data;
    },
  };
}
const MAX_REASON = 300; // enough to find the field; a reason is logged, and a hostile frame shall not fill the log

const uint = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
const word = z.string().min(1).max(100);
const text = z.string().max(2_000);
const hash = z.string().regex(/^[0-9a-f]{16}$/);
const object = z.record(z.string(), z.json()) as unknown as z.ZodType<JsonObject>;
const MAX_BUCKETS = 10_000; // channels and folders of a busy account

const cookie = z.object({ epoch: word, position: uint });

const hello = z.object({
  protocol: uint,
  deviceId: z.uuid(),
  appVersion: word,
  cookie: cookie.optional(),
  policyRev: word.optional(),
  buckets: z.array(z.object({ bucket: word, count: uint, hash })).max(MAX_BUCKETS),
});

const welcome = z.object({
  mode: z.enum(["resume", "partial", "reset"]),
  buckets: z.array(word).max(MAX_BUCKETS).optional(),
  epoch: word,
  policyRev: z.string().max(200),
  position: uint,
  compared: z.boolean(),
  serverTime: z.string().max(40),
  leaseMs: uint,
});

const intent = z.object({
  mid: z.uuid(),
  name: word,
  collection: word,
  id: z.uuid(),
  args: object,
  group: word.optional(),
  at: z.iso.datetime(),
});
const push = z.object({ intents: z.array(intent).min(1).max(limits.pushIntents) });

const result = z.object({
  mid: z.uuid(),
  // An answer that this version does not know means "try again" (SYN-6).
  status: z.enum(["applied", "merged", "rejected", "retry"]).catch("retry"),
  code: z.enum(errorCodes).optional().catch(undefined),
  reason: text.optional(),
  message: text.optional(),
  problems: z
    .array(
      z.object({
        field: text,
        reason: text,
        message: text,
        limit: z.union([z.number(), text]).optional(),
      }),
    )
    .optional(),
  retryAfterMs: uint.optional(),
  data: (z.json() as unknown as z.ZodType<Json>).optional(),
});

const wireError = z.object({ code: z.enum(errorCodes).catch("internal"), message: text });

/* ---------- batches of operations ---------- */

const operationsCodec: Codec<readonly Operation[]> = {
  write: (encoder, operations, { deflate }) =>
    encoding.writeVarUint8Array(encoder, deflate(encodeUtf8(JSON.stringify(operations)))),
  read: (decoder, { inflate }) => {
    const bytes = inflate(decoding.readVarUint8Array(decoder), limits.inflatedBytes);
    const parsed: unknown = JSON.parse(decodeUtf8(bytes));
    if (!Array.isArray(parsed) || parsed.length > limits.feedBatchOperations) throw new FrameProblem("operations");
    for (const operation of parsed) if (!isOperation(operation)) throw new FrameProblem("operation of another shape");
    return parsed as Operation[];
  },
};

/** By hand: the feed is the one place where a schema library's cost per row shows (500 rows a batch). */
function isOperation(value: unknown): value is Operation {
  if (!isObject(value)) return false;
  const { op, collection, id, hash: rowHash, doc, bucket } = value;
  if (op === "put")
    return isName(collection) && isName(id) && typeof rowHash === "string" && HASH.test(rowHash) && isObject(doc);
  if (op === "purge" || op === "keep") return isName(collection) && isName(id);
  return (op === "purgeBucket" || op === "bucketAdd") && isName(bucket);
}
const HASH = /^[0-9a-f]{16}$/;
const isName = (value: unknown): boolean => typeof value === "string" && value.length > 0 && value.length <= 100;

const lanes = ["live", "backfill"] as const;
const feedHead = z.object({ cookie: cookie.optional(), complete: z.array(word).max(MAX_BUCKETS).optional() });
const feedHeadCodec = json(feedHead) as Codec<Pick<FeedBatch, "cookie" | "complete">>;

const feed: Codec<FeedBatch> = {
  write(encoder, { batch, lane, operations, ...head }, compression) {
    encoding.writeVarUint(encoder, batch);
    encoding.writeVarUint(encoder, lanes.indexOf(lane));
    feedHeadCodec.write(encoder, head, compression);
    operationsCodec.write(encoder, operations, compression);
  },
  read(decoder, compression) {
    const batch = decoding.readVarUint(decoder);
    const lane = lanes[decoding.readVarUint(decoder)];
    if (!lane) throw new FrameProblem("lane");
    const head = feedHeadCodec.read(decoder, compression);
    return { batch, lane, ...head, operations: operationsCodec.read(decoder, compression) };
  },
};

const range = z.object({
  request: uint,
  bucket: word,
  before: z.string().max(200),
  limit: z.number().int().min(1).max(limits.feedBatchOperations),
});

const rangeResult: Codec<RangeResult> = {
  write(encoder, { request, more, operations }, compression) {
    encoding.writeVarUint(encoder, request);
    encoding.writeVarUint(encoder, more ? 1 : 0);
    operationsCodec.write(encoder, operations, compression);
  },
  read: (decoder, compression) => ({
    request: decoding.readVarUint(decoder),
    more: decoding.readVarUint(decoder) === 1,
    operations: operationsCodec.read(decoder, compression),
  }),
};

/* ---------- channels of open sections ---------- */

const yOpen: Codec<YOpen> = {
  write(encoder, { channel, collection, id, section, stateVector }) {
    encoding.writeVarUint(encoder, channel);
    for (const part of [collection, id, section]) encoding.writeVarString(encoder, part);
    encoding.writeVarUint8Array(encoder, stateVector);
  },
  read: (decoder) => ({
    channel: decoding.readVarUint(decoder),
    collection: readWord(decoder),
    id: readWord(decoder),
    section: readWord(decoder),
    stateVector: decoding.readVarUint8Array(decoder),
  }),
};

function readWord(decoder: decoding.Decoder): string {
  const parsed = word.safeParse(decoding.readVarString(decoder));
  if (!parsed.success) throw new FrameProblem("name");
  return parsed.data;
}

const yBytes: Codec<YBytes> = {
  write(encoder, { channel, bytes }) {
    encoding.writeVarUint(encoder, channel);
    encoding.writeVarUint8Array(encoder, bytes);
  },
  read: (decoder) => ({
    channel: decoding.readVarUint(decoder),
    bytes: decoding.readVarUint8Array(decoder),
  }),
};

const yClose: Codec<YClose> = {
  write: (encoder, { channel }) => encoding.writeVarUint(encoder, channel),
  read: (decoder) => ({ channel: decoding.readVarUint(decoder) }),
};

const ack: Codec<Ack> = {
  write: (encoder, { batch }) => encoding.writeVarUint(encoder, batch),
  read: (decoder) => ({ batch: decoding.readVarUint(decoder) }),
};

const nothing: Codec<Nothing> = { write: () => undefined, read: () => ({}) };

/** zod's optional keys allow an explicit undefined; JSON cannot hold one, so the narrower wire types are what comes out. */
const codecs = {
  hello: json(hello) as Codec<Hello>,
  welcome: json(welcome) as Codec<Welcome>,
  feed,
  ack,
  push: json(push) as Codec<Push>,
  result: json(result) as Codec<IntentResult>,
  yOpen,
  yClose,
  ySync: yBytes,
  yAware: yBytes,
  yReset: json(z.object({ channel: uint, code: z.enum(errorCodes).catch("internal"), message: text })),
  policy: json(z.object({ policyRev: z.string().max(200) })),
  range: json(range),
  rangeResult,
  ping: nothing,
  pong: nothing,
  error: json(wireError),
} satisfies { [Name in MessageName]: Codec<BodyOf<Name>> };

const namesByNumber = new Map<number, MessageName>(
  (Object.keys(codecs) as MessageName[]).map((name) => [messageType[name], name]),
);
