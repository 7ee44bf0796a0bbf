import type { ErrorCode, Json, JsonObject } from "../base/index.ts";

/**
 * The wire (SYNC.md §4). Types 0–3 are stock y-protocols on the control document; ours start at 100. A frame is
 * `varUint type` and then the message's body as `frame.ts` writes it.
 */
export const PROTOCOL_VERSION = 2; // 2: `keep`, without which a reset would empty the replica

export const messageType = {
  hello: 100,
  welcome: 101,
  feed: 102,
  ack: 103,
  push: 104,
  result: 105,
  yOpen: 106,
  yClose: 107,
  ySync: 108,
  yAware: 109,
  yReset: 110,
  policy: 111,
  range: 112,
  rangeResult: 113,
  ping: 114,
  pong: 115,
  error: 116,
} as const;

/** 4400–4499 stop the stock provider's reconnect for good, 4500–4599 mean "try later". */
export const closeCode = {
  token: 4401,
  accountOff: 4403,
  deviceReplaced: 4409,
  /** Lost or given back: the device removes everything that it holds. */
  deviceRevoked: 4410,
  clientTooOld: 4426,
  draining: 4503,
} as const;

export const limits = {
  /** Unacknowledged batches per device: bounds what one slow device holds in the server's memory. */
  feedCredit: 4,
  feedBatchOperations: 500,
  feedBatchBytes: 1 << 20,
  /** One PUSH frame; the outbox sends more frames for more. */
  pushIntents: 100,
  pushBytes: 1 << 20,
  /** One intent's arguments: a card's worth of text. */
  intentBytes: 256 << 10,
  /** No frame is larger: a batch that cannot be split (one huge row) is what comes nearest. */
  frameBytes: 4 << 20,
  /** What a deflated body may grow to: a bomb of a few kilobytes must not fill the memory. */
  inflatedBytes: 16 << 20,
} as const;

/** Where a replica stands in its profile's feed. Opaque to the client. */
export interface Cookie {
  /** Changes when the server was restored from a backup (SYN-12); names the profile, too. */
  readonly epoch: string;
  readonly position: number;
}

/** What a replica holds of one bucket; compared at every HELLO (SYN-10). */
export interface BucketState {
  readonly bucket: string;
  readonly count: number;
  /** xor64 of the hashes of its rows. */
  readonly hash: string;
}

export interface Hello {
  readonly protocol: number;
  readonly deviceId: string;
  readonly appVersion: string;
  readonly cookie?: Cookie;
  readonly policyRev?: string;
  readonly buckets: readonly BucketState[];
}

export interface Welcome {
  /** How this replica is brought up to date (SYN-9). `partial` names the buckets that are sent again as a whole. */
  readonly mode: "resume" | "partial" | "reset";
  readonly buckets?: readonly string[];
  readonly epoch: string;
  readonly policyRev: string;
  /** Where the feed stands now: a replica that gets there has caught up, and may send HELLO again to be compared. */
  readonly position: number;
  /** Whether counts and hashes were compared (SYN-10); they can be only when nothing is under way. */
  readonly compared: boolean;
  readonly serverTime: string;
  readonly leaseMs: number;
}

/** One operation of the feed. `collection` is the bucket at the same time for collections under access policy. */
export type Operation =
  /** `doc` replaces the row; `hash` is hash64 of its canonical JSON. */
  | {
      readonly op: "put";
      readonly collection: string;
      readonly id: string;
      readonly hash: string;
      readonly doc: JsonObject;
    }
  /** Physically remove the row and everything derived from it (VIS-4); sent for lost access and for rows that ended. */
  | { readonly op: "purge"; readonly collection: string; readonly id: string }
  /**
   * Before anything new in a partial or reset (VIS-4): this row stays, in whatever state it is. What was not named when
   * the batch with `complete` has been applied is purged.
   */
  | { readonly op: "keep"; readonly collection: string; readonly id: string }
  | { readonly op: "purgeBucket"; readonly bucket: string }
  | { readonly op: "bucketAdd"; readonly bucket: string };

export interface FeedBatch {
  readonly batch: number;
  /** Operations from backfill are paced; live ones overtake them. */
  readonly lane: "live" | "backfill";
  readonly operations: readonly Operation[];
  /** Absent in the middle of a backfill: the cookie moves only when everything up to it has been sent (SYN-2). */
  readonly cookie?: Cookie;
  /** In a partial or reset: after this batch, rows of these buckets that were neither kept nor sent are gone. */
  readonly complete?: readonly string[];
}

export interface Ack {
  readonly batch: number;
}

/** A named mutation with an id (SYN-4). */
export interface Intent {
  /** UUIDv7, made on the device; unique on the server. */
  readonly mid: string;
  readonly name: string;
  readonly collection: string;
  readonly id: string;
  readonly args: JsonObject;
  /** Intents of one group are applied in order, and fall together (SYN-5). */
  readonly group?: string;
  /** When the person did it, by the device's clock: shown, never trusted for order. */
  readonly at: string;
}

export interface Push {
  readonly intents: readonly Intent[];
}

export type IntentStatus = "applied" | "merged" | "rejected" | "retry";

/** Sent after the feed has carried the intent's effect, so that the client can drop its overlay without a flicker. */
export interface IntentResult {
  readonly mid: string;
  readonly status: IntentStatus;
  readonly code?: ErrorCode;
  /** Stable key for the interface's words. */
  readonly reason?: string;
  /** Words in English for where the key is unknown. */
  readonly message?: string;
  readonly problems?: readonly {
    readonly field: string;
    readonly reason: string;
    readonly message: string;
    readonly limit?: number | string;
  }[];
  readonly retryAfterMs?: number;
  readonly data?: Json;
}

/** One open section's channel (YJS rules of SYNC.md); numbers are the client's, per connection. */
export interface YOpen {
  readonly channel: number;
  readonly collection: string;
  readonly id: string;
  readonly section: string;
  readonly stateVector: Uint8Array;
}
export interface YClose {
  readonly channel: number;
}
export interface YBytes {
  readonly channel: number;
  readonly bytes: Uint8Array;
}
export interface YReset {
  readonly channel: number;
  readonly code: ErrorCode;
  readonly message: string;
}

export interface PolicyChanged {
  readonly policyRev: string;
}

/** Older history on demand. */
export interface Range {
  readonly request: number;
  readonly bucket: string;
  readonly before: string;
  readonly limit: number;
}
export interface RangeResult {
  readonly request: number;
  readonly operations: readonly Operation[];
  readonly more: boolean;
}

export interface WireError {
  readonly code: ErrorCode;
  readonly message: string;
}
