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
  Push,
  Welcome,
  WireError,
} from "./messages.ts";
