import { deflateRawSync, inflateRawSync } from "node:zlib";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Message } from "./index.ts";
import { createFrameCodec, isStockFrame, limits, messageType } from "./index.ts";

const codec = createFrameCodec({
  deflate: (bytes) => deflateRawSync(bytes),
  inflate: (bytes, maxBytes) => inflateRawSync(bytes, { maxOutputLength: maxBytes }),
});

const word = fc.string({ minLength: 1, maxLength: 100, unit: "grapheme" }).filter((text) => text.length <= 100);
const uint = fc.nat();
const uuid = fc.uuid();
const hash = fc.stringMatching(/^[0-9a-f]{16}$/);
const bytes = fc.uint8Array({ maxLength: 300 });
const code = fc.constantFrom("notFound" as const, "invalid" as const, "rateLimited" as const);
const doc = fc.dictionary(word.filter(isKept), fc.jsonValue({ noUnicodeString: false }).map(jsonOnly));
const cookie = fc.record({ epoch: word, position: uint });
const operation = fc.oneof(
  fc.record({ op: fc.constant("put" as const), collection: word, id: uuid, hash, doc }),
  fc.record({ op: fc.constant("purge" as const), collection: word, id: uuid }),
  fc.record({ op: fc.constantFrom("purgeBucket" as const, "bucketAdd" as const), bucket: word }),
);
const operations = fc.array(operation, { maxLength: 12 });
const intent = fc.record(
  {
    mid: uuid,
    name: word,
    collection: word,
    id: uuid,
    args: doc,
    group: word,
    at: fc.constant("2026-11-21T10:00:00.000Z"),
  },
  { requiredKeys: ["mid", "name", "collection", "id", "args", "at"] },
);

/** What survives JSON at all: -0 does not; and what survives the door. */
function jsonOnly(value: unknown) {
  return JSON.parse(JSON.stringify(value), (key, inner: unknown) => (isKept(key) ? inner : undefined));
}

/** Nothing comes in under a name by which an object's prototype could be set. */
function isKept(key: string): boolean {
  return key !== "__proto__";
}

const bodies: { [Name in Message["type"]]: fc.Arbitrary<unknown> } = {
  hello: fc.record(
    {
      protocol: uint,
      deviceId: uuid,
      appVersion: word,
      cookie,
      policyRev: word,
      buckets: fc.array(fc.record({ bucket: word, count: uint, hash }), { maxLength: 5 }),
    },
    { requiredKeys: ["protocol", "deviceId", "appVersion", "buckets"] },
  ),
  welcome: fc.record({
    mode: fc.constantFrom("resume", "partial", "reset"),
    buckets: fc.array(word, { maxLength: 3 }),
    epoch: word,
    policyRev: word,
    position: uint,
    compared: fc.boolean(),
    serverTime: fc.constant("2026-11-21T10:00:00.000Z"),
    leaseMs: uint,
  }),
  feed: fc.record(
    {
      batch: uint,
      lane: fc.constantFrom("live", "backfill"),
      operations,
      cookie,
      complete: fc.array(word, { maxLength: 3 }),
    },
    { requiredKeys: ["batch", "lane", "operations"] },
  ),
  ack: fc.record({ batch: uint }),
  push: fc.record({ intents: fc.array(intent, { minLength: 1, maxLength: 5 }) }),
  result: fc.record(
    {
      mid: uuid,
      status: fc.constantFrom("applied", "merged", "rejected", "retry"),
      code,
      reason: word,
      message: word,
      problems: fc.array(fc.record({ field: word, reason: word, message: word, limit: uint }), { maxLength: 3 }),
      retryAfterMs: uint,
      data: fc.jsonValue().map(jsonOnly),
    },
    { requiredKeys: ["mid", "status"] },
  ),
  yOpen: fc.record({ channel: uint, collection: word, id: uuid, section: word, stateVector: bytes }),
  yClose: fc.record({ channel: uint }),
  ySync: fc.record({ channel: uint, bytes }),
  yAware: fc.record({ channel: uint, bytes }),
  yReset: fc.record({ channel: uint, code, message: word }),
  policy: fc.record({ policyRev: word }),
  range: fc.record({ request: uint, bucket: word, before: word, limit: fc.integer({ min: 1, max: 500 }) }),
  rangeResult: fc.record({ request: uint, more: fc.boolean(), operations }),
  ping: fc.constant({}),
  pong: fc.constant({}),
  error: fc.record({ code, message: word }),
};

const message = fc.oneof(
  ...Object.entries(bodies).map(([type, body]) => body.map((value) => ({ type, body: value }) as Message)),
);

/** Equal as what JSON and the byte fields hold; prototypes aside (fast-check's dictionaries have none). */
const plain = (value: unknown) =>
  JSON.parse(JSON.stringify(value, (_key, item: unknown) => (item instanceof Uint8Array ? [...item] : item)));

describe("frames", () => {
  it("every message comes back as it was sent", () => {
    fc.assert(
      fc.property(message, (sent) => {
        expect(plain(codec.decode(codec.encode(sent)))).toEqual(plain(sent));
      }),
      { numRuns: 600 },
    );
  });

  it("what would set a prototype is left out, at any depth", () => {
    const args = JSON.parse('{"deal":{"__proto__":{"isAdmin":true},"name":"one"},"__proto__":{"isAdmin":true}}');
    const [mid, id] = [crypto.randomUUID(), crypto.randomUUID()];
    const at = "2026-11-21T10:00:00.000Z";
    const sent = {
      type: "push",
      body: { intents: [{ mid, id, name: "edit", collection: "deals", args, at }] },
    } as const;
    expect(plain(codec.decode(codec.encode(sent)))).toMatchObject({
      body: { intents: [{ args: { deal: { name: "one" } } }] },
    });
    const came = codec.decode(codec.encode(sent)) as typeof sent;
    expect((came.body.intents[0].args as { deal: { isAdmin?: true } }).deal.isAdmin).toBeUndefined();
  });

  it("rubbish is malformed and never throws", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 400 }),
        fc.option(fc.constantFrom(...Object.values(messageType))),
        (bytes, type) => {
          const frame = type === null ? bytes : Uint8Array.of(type, ...bytes);
          expect(["malformed", ...Object.keys(bodies)]).toContain(codec.decode(frame).type);
        },
      ),
      { numRuns: 1_000 },
    );
  });

  it("a frame that is cut short or followed by more is malformed", () => {
    fc.assert(
      fc.property(message, fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (sent, where) => {
        const frame = codec.encode(sent);
        expect(codec.decode(frame.subarray(0, Math.floor(frame.length * where))).type).toBe("malformed");
        expect(codec.decode(Uint8Array.of(...frame, 0)).type).toBe("malformed");
      }),
    );
  });

  it("a batch that inflates without end is malformed", () => {
    const bomb = codec.encode({
      type: "feed",
      body: {
        batch: 1,
        lane: "backfill",
        operations: [
          {
            op: "put",
            collection: "notes",
            id: "a",
            hash: "0".repeat(16),
            doc: { text: "x".repeat(limits.inflatedBytes) },
          },
        ],
      },
    });
    expect(bomb.length).toBeLessThan(limits.frameBytes);
    expect(codec.decode(bomb).type).toBe("malformed");
  });

  it("[SYN-6] an answer of an unknown kind means try again", () => {
    const frame = codec.encode({
      type: "result",
      body: { mid: "019aa000-0000-7000-8000-000000000001", status: "later" as "retry", code: "newCode" as "invalid" },
    });
    expect(codec.decode(frame)).toMatchObject({ type: "result", body: { status: "retry" } });
  });

  it("tells stock frames from ours", () => {
    expect([0, 1, 2, 3, 4, 100].map((type) => isStockFrame(Uint8Array.of(type)))).toEqual([
      true,
      true,
      true,
      true,
      false,
      false,
    ]);
    expect(isStockFrame(new Uint8Array())).toBe(false);
  });
});
