const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Every limit on webhooks, beside what it stops. */
export const webhookLimits = {
  /** Each multiplies what happens in a mailbox; more receivers are a program's business. */
  perResource: 10,
  maxUrlChars: 2_000,
  /** The secret's bytes, as Standard Webhooks asks for them. */
  secretBytes: { min: 24, max: 64, made: 32 },
  /** For how long the secret before the last one signs as well: a working day on both sides of the earth. */
  oldSecretMs: DAY,
  /** A receiver takes the event and works later; one that works first is tried again. */
  timeoutMs: 15 * SECOND,
  /** After an attempt that ended without a word the node that made it is taken for dead: longer than any attempt takes. */
  leaseMs: MINUTE,
  /** Before the second attempt, the third one and so on: three days, as long as a receiver is away over a weekend (Standard Webhooks). */
  pausesMs: [5 * SECOND, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, 20 * HOUR],
  /** While nobody answers there, one event asks for all of them: first after this, then twice as long, up to the other. */
  firstPauseMs: 5 * SECOND,
  longestPauseMs: 10 * MINUTE,
  /** A receiver may ask to be left alone (Retry-After), but not for ever. */
  longestWishMs: HOUR,
  /** Without one success. */
  offAfterMs: 3 * DAY,
  /** At once on this node, and of these for one webhook: a slow receiver keeps nobody else waiting. */
  atOnce: 20,
  perWebhook: 4,
  /** For how long what came of an event can be looked up. */
  keptMs: 7 * DAY,
} as const;
