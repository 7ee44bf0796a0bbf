/** Wall clocks of IANA time zones: a moment as a zone's clock shows it, and the moments at which a clock shows a time. */

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

interface Clock {
  readonly format: Intl.DateTimeFormat;
  second: number;
  offset: number;
}
const clocks = new Map<string, Clock>();

/** Undefined where there is no such zone. */
function clockOf(zone: string): Clock | undefined {
  const known = clocks.get(zone);
  if (known) return known;
  // By name only: an offset such as "+03:00" knows no summer time, and Intl would take it.
  if (!/^[A-Za-z]/.test(zone)) return undefined;
  try {
    const parts = { year: "numeric", month: "numeric", day: "numeric", hour: "numeric", minute: "numeric" } as const;
    const format = new Intl.DateTimeFormat("en-US", {
      timeZone: zone,
      hourCycle: "h23",
      era: "short",
      ...parts,
      second: "numeric",
    });
    const clock = { format, second: Number.NaN, offset: 0 };
    clocks.set(zone, clock);
    return clock;
  } catch {
    return undefined;
  }
}

export const isZone = (zone: unknown): zone is string => typeof zone === "string" && clockOf(zone) !== undefined;

/** By how much the zone's clock is ahead of UTC at this moment. */
export function offsetAt(zone: string, time: number): number {
  if (zone === "UTC") return 0;
  const clock = clockOf(zone);
  if (!clock) throw new Error(`there is no time zone "${zone}"`);
  const second = Math.floor(time / 1_000);
  if (clock.second === second) return clock.offset; // one request asks about many records
  const shown = Object.fromEntries(clock.format.formatToParts(second * 1_000).map(({ type, value }) => [type, value]));
  const year = shown["era"] === "BC" ? 1 - Number(shown["year"]) : Number(shown["year"]);
  const wall = new Date(0);
  wall.setUTCFullYear(year, Number(shown["month"]) - 1, Number(shown["day"]));
  wall.setUTCHours(Number(shown["hour"]), Number(shown["minute"]), Number(shown["second"]));
  clock.second = second;
  clock.offset = wall.getTime() - second * 1_000;
  return clock.offset;
}

/** What the zone's clock shows, as if it were UTC. */
export const wallTime = (zone: string, time: number): number => time + offsetAt(zone, time);

/**
 * The moments at which what the clock shows may pass `wall`: two when the hour repeats, the change of the clock itself
 * when the hour is left out. May hold a moment too many, never one too few.
 */
export function momentsAround(zone: string, wall: number): readonly number[] {
  const before = offsetAt(zone, wall - DAY);
  const after = offsetAt(zone, wall + DAY);
  if (before === after) return [wall - before];
  return [wall - before, wall - after, changeBetween(zone, wall - DAY, wall + DAY)];
}

function changeBetween(zone: string, from: number, to: number): number {
  const old = offsetAt(zone, from);
  let [low, high] = [Math.floor(from / 1_000), Math.ceil(to / 1_000)];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (offsetAt(zone, middle * 1_000) === old) low = middle;
    else high = middle;
  }
  return high * 1_000;
}
