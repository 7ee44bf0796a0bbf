import { setImmediate } from "node:timers/promises";

/**
 * Work in slices, so that whoever else is served by this process waits for one slice at most. The check is a look at the
 * clock: cheap enough to be made after every few thousand comparisons.
 */
export interface Pace {
  /** Gives way when the slice is over. */
  breathe(): Promise<void>;
  isOver(): boolean;
}

export const SLICE_MS = 5; // requests take some milliseconds themselves: waiting for one slice is not felt

/** `check` runs between slices and throws to end the work. */
export function createPace(check: () => Promise<void> | void = () => undefined): Pace {
  let began = performance.now();
  const isOver = () => performance.now() - began > SLICE_MS;
  return {
    isOver,
    async breathe() {
      if (!isOver()) return;
      await check();
      await setImmediate();
      began = performance.now();
    },
  };
}
