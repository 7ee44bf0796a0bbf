import type { ErrorCode } from "@kontor/shared/base";
import type { Intent, IntentResult } from "@kontor/shared/protocol";
import { auditActor, type AuditEntry, type AuditLog, type Principal } from "#kernel";
import type { GroupMemory, Intents } from "./intents.ts";
import type { ProfileState } from "./profile.ts";

/**
 * One connection's PUSHes: applied one by one, and answered when the feed has carried their effect, so that the device
 * drops its overlay without a flicker.
 */
export interface Pushes {
  take(pushed: readonly Intent[]): void;
  /** Resolves when those that were applied are answered, or it has taken too long. */
  finish(): Promise<void>;
}

export interface PushesDeps {
  readonly audit: Pick<AuditLog, "note">;
  readonly intents: Intents;
  readonly ip: string | undefined;
  readonly principal: () => Principal;
  readonly isOpen: () => boolean;
  /** HELLO has been answered. */
  readonly isGreeted: () => boolean;
  /** Undefined: go ahead; else the pause that the device is asked to make. */
  readonly throttle: (userId: string, intents: number) => Promise<number | undefined>;
  /** Brings the profile of this connection up to date; undefined when the account is off. */
  readonly advance: () => Promise<ProfileState | undefined>;
  /** Resolves when the feed has carried all that the profile knows; false when the connection ended first. */
  readonly carried: (state: ProfileState) => Promise<boolean>;
  readonly onPushed: () => void;
  inOrder(job: () => Promise<void>): void;
  sendResults(results: readonly IntentResult[]): void;
  /** The client did what it should not. */
  refuse(code: ErrorCode, message: string): void;
  /** An answer could not be given: the device asks again on its next connection, and is answered then (SYN-4). */
  failed(error: unknown): void;
}

/** How long a stop waits for answers whose effect the feed has not carried yet; the device gets them at the next node. */
const FINISH_MS = 2_000;
const CARRY_POLL_MS = 20;
const CARRY_POLL_MAX_MS = 500;
/** PUSH frames waiting their turn; our client sends the next after the answers to the last. */
const MAX_WAITING = 16;

export function createPushes(deps: PushesDeps): Pushes {
  const { advance, audit, intents, ip, isOpen, principal, sendResults } = deps;
  const groups: GroupMemory = new Map();
  let waiting = 0;
  const answers = new Set<Promise<void>>();

  function take(pushed: readonly Intent[]): void {
    if (waiting >= MAX_WAITING) return deps.refuse("rateLimited", "Too many changes at once.");
    waiting++;
    const taken = () => waiting--;
    deps.inOrder(async () => {
      if (!deps.isGreeted()) {
        taken();
        return deps.refuse("invalid", "HELLO comes first.");
      }
      const answer = await apply(pushed).catch((error: unknown) => {
        taken();
        throw error;
      });
      // Not awaited here: an answer may have to wait for somebody's long transaction, the next pushes need not.
      const answering = answer()
        .catch(deps.failed)
        .finally(() => {
          taken();
          answers.delete(answering);
        });
      answers.add(answering);
    });
  }

  /** Applies, and returns how to answer once the feed has carried the effect. */
  async function apply(pushed: readonly Intent[]): Promise<() => Promise<void>> {
    const atOnce = (results: readonly IntentResult[]) => async () => sendResults(results);
    const by = principal();
    if (!by.scopes.includes("write")) {
      const results = pushed.map((intent) => refused(intent, "forbidden", "This sign-in may only read."));
      await audit.note(denialsIn(pushed, results, by));
      return atOnce(results);
    }
    const pauseMs = await deps.throttle(by.userId, pushed.length);
    if (pauseMs !== undefined)
      return atOnce(
        pushed.map((intent) => ({
          ...refused(intent, "rateLimited", "Too many changes in a short time."),
          status: "retry",
          retryAfterMs: pauseMs,
        })),
      );
    const applied = await intents.applyAll({ principal: by, ip }, pushed, groups);
    const txids = applied.flatMap(({ txid }) => (txid === undefined ? [] : [BigInt(txid)]));
    const results = applied.map(({ result }) => result);
    await audit.note(denialsIn(pushed, results, by));
    if (txids.length === 0) return atOnce(results);
    deps.onPushed();
    return async () => {
      if (await carry(txids.reduce((a, b) => (a > b ? a : b)))) sendResults(results);
    };
  }

  /**
   * Waits until the feed has carried everything up to this transaction; false when the connection ended first. However
   * long it takes: answered earlier, the device would drop its overlay, and the user's own change would vanish from
   * sight until the feed brings it.
   */
  async function carry(txid: bigint): Promise<boolean> {
    let state = await advance();
    for (let pauseMs = CARRY_POLL_MS; state && BigInt(state.horizon) <= txid && isOpen(); pauseMs *= 1.5) {
      await new Promise((resolve) => setTimeout(resolve, Math.min(pauseMs, CARRY_POLL_MAX_MS))); // an older transaction is still open
      state = await advance();
    }
    return state !== undefined && isOpen() && (await deps.carried(state));
  }

  return {
    take,
    async finish() {
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise((resolve) => (timer = setTimeout(resolve, FINISH_MS)));
      await Promise.race([Promise.all(answers), late]);
      clearTimeout(timer);
    },
  };
}

const FIELDS = 50; // named in one entry

/** Changes that were refused as forbidden, not those that fell with them (SYN-5). */
function denialsIn(intents: readonly Intent[], results: readonly IntentResult[], principal: Principal): AuditEntry[] {
  return results.flatMap(({ code, reason = "sync.forbidden", problems = [], status }, at): AuditEntry[] => {
    const intent = intents[at];
    if (!intent || status !== "rejected" || code !== "forbidden" || reason === "sync.dependsOnRefused") return [];
    const fields = problems.slice(0, FIELDS).map(({ field }) => field);
    return [
      {
        action: "access.denied",
        outcome: "denied",
        by: auditActor(principal),
        object: { kind: intent.collection, id: intent.id },
        details: { door: "sync", intent: intent.name, reason, ...(fields.length > 0 && { fields }) },
      },
    ];
  });
}

const refused = (intent: Intent, code: ErrorCode, message: string): IntentResult => ({
  mid: intent.mid,
  status: "rejected",
  code,
  reason: `sync.${code}`,
  message,
});
