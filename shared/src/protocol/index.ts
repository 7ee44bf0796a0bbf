export { createFrameCodec, isStockFrame } from "./frame.ts";
export type { Compression, FrameCodec, Malformed, Message, MessageName } from "./frame.ts";
export { closeCode, limits, messageType, PROTOCOL_VERSION } from "./messages.ts";
export type {
  Ack,
  BucketState,
  Cookie,
  FeedBatch,
  Hello,
  Intent,
  IntentResult,
  IntentStatus,
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
