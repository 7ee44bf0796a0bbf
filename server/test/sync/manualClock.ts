import type { Clock } from "@kontor/shared/base";

/** Time that only the test moves, with the alarms that stand on it. */
export interface ManualClock extends Clock {
  readonly alarm: (at: number, ring: () => void) => () => void;
  /** Rings what falls due on the way, in order. */
  moveTo(at: string | number): void;
}

export function createManualClock(start: string): ManualClock {
  let now = Date.parse(start);
  const alarms = new Set<{ readonly at: number; readonly ring: () => void }>();
  return {
    now: () => now,
    alarm(at, ring) {
      const set = { at, ring };
      alarms.add(set);
      return () => alarms.delete(set);
    },
    moveTo(at) {
      now = typeof at === "number" ? at : Date.parse(at);
      for (const set of [...alarms].filter((each) => each.at <= now).toSorted((a, b) => a.at - b.at)) {
        alarms.delete(set);
        set.ring();
      }
    },
  };
}
