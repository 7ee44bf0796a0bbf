/**
 * How many groups of a lane may be claimed before there is a connection for them: as many as it served in a moment, lately. Where the
 * far server takes its time, as most do, that is none; a relay next door that takes a thousand messages a second would wait for the
 * database otherwise, after each of them.
 */
export interface Pace {
  /** The far server talked to us, and it took so long. */
  note(lane: string, tookMs: number): void;
  aheadOf(lane: string): number;
}

/** What is claimed can no longer be held or cancelled: it leaves within this, as if it had just been too late. */
const AHEAD_MS = 250;
/** More would only make statements longer: a commit is shared by enough of them then. */
const MAX_AHEAD = 100;
/** Of the newest, in what is thought of a lane: one slow answer changes it, and a few quick ones bring it back. */
const WEIGHT = 0.2;
/** Lanes that are remembered: a message to thousands of domains must not stay in memory for each of them. */
const MAX_LANES = 1_000;

export function createPace({ perLane }: { readonly perLane: number }): Pace {
  const tookMs = new Map<string, number>();
  return {
    note(lane, took) {
      const before = tookMs.get(lane);
      tookMs.delete(lane); // the one that was heard of last is forgotten last
      tookMs.set(lane, before === undefined || took > before * 4 ? took : before + WEIGHT * (took - before));
      const [oldest] = tookMs.keys();
      if (tookMs.size > MAX_LANES && oldest !== undefined) tookMs.delete(oldest);
    },
    aheadOf(lane) {
      const took = tookMs.get(lane);
      if (took === undefined) return 0;
      const count = Math.floor((perLane * AHEAD_MS) / Math.max(1, took));
      return count > perLane ? Math.min(MAX_AHEAD, count) : 0;
    },
  };
}
