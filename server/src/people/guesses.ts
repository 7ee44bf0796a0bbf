import { RateLimiterMemory } from "rate-limiter-flexible";
import { DomainError } from "@kontor/shared/base";
import { addressKey, type AuditLog } from "#kernel";
import { signInEntry, type Named, type Whence } from "./people.audit.ts";

/**
 * Bounds how often a password can be guessed. An attempt is counted before the password is looked at, and given back
 * when it was right: counted afterwards, a thousand attempts at the same moment would all still find room.
 *
 * - five for one name from one address, then a pause: what a person mistypes, and no more;
 * - fifty for one name from anywhere: a guesser with many addresses. Not five, or anybody could keep a person out by
 *   guessing wrong on purpose from a single address;
 * - fifty from one address for any name: one password tried on everybody.
 *
 * One too many is in the audit log.
 */
const PAUSE_SECONDS = 15 * 60;
const PER_NAME_AND_ADDRESS = 5;
const PER_NAME = 50;
const PER_ADDRESS = 50;

export interface Guesses {
  /** Counts an attempt or refuses it (`rateLimited`); the answer gives it back. `whose`: asked only where it is refused. */
  attempt(name: string, from: Whence, whose: () => Promise<Named | undefined>): Promise<() => Promise<void>>;
}

export function createGuesses(audit: Pick<AuditLog, "note">): Guesses {
  const limiterOf = (points: number) => new RateLimiterMemory({ points, duration: PAUSE_SECONDS });
  const pairs = limiterOf(PER_NAME_AND_ADDRESS);
  const names = limiterOf(PER_NAME);
  const addresses = limiterOf(PER_ADDRESS);

  async function count(name: string, ip: string): Promise<() => Promise<void>> {
    const address = addressKey(ip);
    const pair = `${address} ${name}`;
    // In this order, so that an attempt refused for its address does not use up the room of the name.
    await take(pairs, pair);
    await take(addresses, address);
    await take(names, name);
    return async () => {
      await pairs.delete(pair);
      await addresses.reward(address, 1);
      await names.reward(name, 1);
    };
  }

  return {
    async attempt(name, from, whose) {
      try {
        return await count(name, from.ip);
      } catch (error) {
        await audit.note([signInEntry("people.signInThrottled", "denied", await whose(), from)]);
        throw error;
      }
    },
  };
}

async function take(limiter: RateLimiterMemory, key: string): Promise<void> {
  try {
    await limiter.consume(key);
  } catch (full) {
    const { msBeforeNext } = full as { msBeforeNext?: number };
    if (msBeforeNext === undefined) throw full;
    throw new DomainError("rateLimited", "Too many wrong passwords. Wait a little, then try again.", {
      reason: "signIn.throttled",
      retryAfterMs: msBeforeNext,
    });
  }
}
