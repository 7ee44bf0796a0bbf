const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/**
 * Minutes from one attempt to the next, the last of them again and again. RFC 5321 §4.5.4.1 asks for 30 minutes between
 * attempts to a host that does not answer; the first ones come sooner, because most servers that say "later" (greylisting,
 * a mailbox that is busy) say so for 1 to 15 minutes.
 */
const DELAYS_MS = [1, 5, 15, 30, 60, 120, 240, 480].map((minutes) => minutes * MINUTE_MS);

/** RFC 5321 §4.5.4.1: "at least 4-5 days". */
export const GIVE_UP_AFTER_MS = 5 * 24 * HOUR_MS;
/** What Postfix, sendmail and Exchange tell their senders after. */
export const TELL_AFTER_MS = 4 * HOUR_MS;
/** So that what failed together does not come back together. */
const SPREAD = 0.1;

export type NextStep =
  | { readonly kind: "retry"; readonly at: number; readonly tellDelay: boolean }
  /** It took too long. */
  | { readonly kind: "giveUp" };

/** After an attempt that failed for now. Times are milliseconds; `random` is 0 to 1. */
export function nextStep({
  attempts,
  queuedAt,
  now,
  random = Math.random(),
}: {
  /** Made so far, this one included. */
  readonly attempts: number;
  readonly queuedAt: number;
  readonly now: number;
  readonly random?: number;
}): NextStep {
  if (now - queuedAt >= GIVE_UP_AFTER_MS) return { kind: "giveUp" };
  const delay = DELAYS_MS[Math.min(attempts, DELAYS_MS.length) - 1] ?? MINUTE_MS;
  const spread = delay * (1 + SPREAD * (2 * random - 1));
  // What the sender is told after four hours and after five days is told then, and not up to eight hours later.
  const milestones = [TELL_AFTER_MS, GIVE_UP_AFTER_MS].map((after) => queuedAt + after).filter((at) => at > now);
  const at = Math.min(now + spread, ...milestones);
  return { kind: "retry", at: Math.round(at), tellDelay: now - queuedAt >= TELL_AFTER_MS };
}
