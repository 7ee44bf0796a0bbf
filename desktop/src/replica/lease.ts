import type { Clock } from "@kontor/shared/base";
import type { ReplicaFile } from "#replica/storage";
import type { LinkProblem } from "./link.ts";

/**
 * How long what is on this device may be read without a word from the server (VIS-6): a replica that nobody can take back
 * from afar must not stay readable for ever. Whatever locks it is noted in the file, so that a restart opens nothing.
 *
 *   open ─► ended (nothing heard for `leaseMs`) ─► the connection is there: held ─► what was lost has gone: open
 *     └───► locked for a problem (the account is off) ─► the server takes the device again: open
 */
export interface Lease {
  readonly isLocked: boolean;
  /** Locked until `release`. */
  readonly isHeld: boolean;
  /** What it was locked for, when not for silence. */
  readonly problem: LinkProblem | undefined;
  /** Milliseconds; 0: never. */
  readonly lastContactAt: number;
  /** The server was heard. */
  touch(): void;
  /** The server takes this device, for so long from each contact. */
  grant(leaseMs: number): void;
  /** Its user has signed in just now. What is locked stays so until it was heard what was lost meanwhile. */
  renew(leaseMs: number): void;
  lock(problem: LinkProblem): void;
  /** What is locked now stays so until `release`, although this contact ends the silence. */
  hold(): void;
  release(): void;
}

const LAST_CONTACT_EVERY_MS = 10_000; // written down at most this often: the lease counts days

export function openLease(meta: ReplicaFile["meta"], clock: Clock, firstLeaseMs: number): Lease {
  let leaseMs = firstLeaseMs;
  let lastContactAt = Number(meta.get("lastContactAt") ?? 0);
  let contactWrittenAt = lastContactAt;
  let isHeld = meta.get("mustCatchUp") === true;
  let lockedFor = meta.get("lockedFor") as LinkProblem | undefined;

  const isLocked = () =>
    isHeld || lockedFor !== undefined || (lastContactAt > 0 && clock.now() - lastContactAt > leaseMs);

  function hold(): void {
    isHeld = true;
    meta.set("mustCatchUp", true);
  }

  function grant(newLeaseMs: number): void {
    leaseMs = newLeaseMs;
    if (!lockedFor) return;
    lockedFor = undefined;
    meta.delete("lockedFor");
  }

  return {
    get isLocked() {
      return isLocked();
    },
    get isHeld() {
      return isHeld;
    },
    get problem() {
      return lockedFor;
    },
    get lastContactAt() {
      return lastContactAt;
    },
    touch() {
      lastContactAt = clock.now();
      if (lastContactAt - contactWrittenAt < LAST_CONTACT_EVERY_MS) return;
      contactWrittenAt = lastContactAt;
      meta.set("lastContactAt", lastContactAt);
    },
    grant,
    renew(newLeaseMs) {
      if (isLocked()) hold();
      lastContactAt = clock.now();
      grant(newLeaseMs);
    },
    lock(problem) {
      lockedFor = problem;
      meta.set("lockedFor", problem);
    },
    hold,
    release() {
      isHeld = false;
      meta.delete("mustCatchUp");
    },
  };
}
