const FIRST_MS = 5_000;
/** Longer would be taken for broken by whoever waits for mail. */
const LONGEST_MS = 30 * 60_000;

/**
 * How long to wait after so many failures in a row: twice as long each time, and between half and all of that, so that accounts at
 * one provider that was away do not come back to it together.
 */
export function backoffMs(failures: number, random: () => number = Math.random): number {
  const whole = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(failures - 1, 20));
  return Math.max(FIRST_MS, Math.round(whole * (0.5 + random() / 2)));
}
