import type { Json } from "../base/index.ts";
import type { ParseCheck } from "./condition.check.ts";
import { DAY, isZone, MINUTE, momentsAround, wallTime } from "./time.zone.ts";

/**
 * `within`: the clock of a time zone shows a time of day in the range, on one of the weekdays. `from` belongs to it, `to`
 * does not. A range over midnight belongs to the day on which it begins. What counts is what the clock on the wall shows:
 * an hour that summer time leaves out never comes, one that repeats comes twice.
 */
const weekdays = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"] as const;
type Weekday = (typeof weekdays)[number];

interface Window {
  /** Of the day, in milliseconds. */
  readonly from: number;
  readonly to: number;
  readonly days: ReadonlySet<Weekday>;
  readonly zone: string;
}

// A day of the week can be left out by summer time once; the next one is a week later.
const DAYS_AHEAD = 16;
const DAYS_AT_ONCE = 3;
const WANTED = `must be such as { "from": "09:00", "to": "18:00", "days": ["mon", "fri"], "zone": "Europe/Moscow" }`;

export const windowCheck: ParseCheck = (written) => {
  const window = windowOf(written);
  if (typeof window === "string") return window;
  let known: { readonly from: number; readonly turn: number } | undefined; // the same for many records
  return {
    written: written as Json,
    test: (value) => {
      const time = Date.parse(value);
      return Number.isNaN(time) ? undefined : isWithin(window, wallTime(window.zone, time));
    },
    turnsAfter: (time) => {
      if (!known || time < known.from || time >= known.turn) {
        const turn = nextTurn(window, time) ?? Number.POSITIVE_INFINITY;
        known = { from: time, turn };
      }
      return Number.isFinite(known.turn) ? [known.turn] : [];
    },
  };
};

/** Or words. */
function windowOf(written: unknown): Window | string {
  if (typeof written !== "object" || written === null || Array.isArray(written)) return WANTED;
  const { from, to, days, zone, ...rest } = written as Readonly<Record<string, unknown>>;
  const [unknownName] = Object.keys(rest);
  if (unknownName !== undefined) return `has the unknown "${unknownName}"; it ${WANTED}`;
  if (!isZone(zone)) return `names no IANA time zone such as "Europe/Moscow" as "zone"`;
  if (from === undefined && to === undefined && days === undefined) return `says neither "from" and "to" nor "days"`;
  if ((from === undefined) !== (to === undefined)) return `has one of "from" and "to"; it needs both or none`;
  const range = from === undefined ? [0, DAY] : [timeOfDay(from), timeOfDay(to)];
  const [start, end] = range;
  if (start === undefined || end === undefined || start === DAY)
    return `has times other than "00:00" … "23:59" ("to" may be "24:00")`;
  if (start === end) return `begins when it ends; a whole day is "00:00" to "24:00"`;
  const listed = days ?? weekdays;
  if (
    !Array.isArray(listed) ||
    listed.length === 0 ||
    !listed.every((day) => (weekdays as readonly unknown[]).includes(day))
  )
    return `has other days than: ${weekdays.join(", ")}`;
  return { from: start, to: end, days: new Set(listed as Weekday[]), zone };
}

function timeOfDay(written: unknown): number | undefined {
  if (written === "24:00") return DAY;
  const [, hour, minute] = (typeof written === "string" && /^([01][0-9]|2[0-3]):([0-5][0-9])$/.exec(written)) || [];
  return hour === undefined ? undefined : (Number(hour) * 60 + Number(minute)) * MINUTE;
}

function isWithin({ from, to, days }: Window, wall: number): boolean {
  const day = Math.floor(wall / DAY);
  const time = wall - day * DAY;
  if (from < to) return time >= from && time < to && days.has(weekdayOf(day));
  return (time >= from && days.has(weekdayOf(day))) || (time < to && days.has(weekdayOf(day - 1)));
}

/** The first of January 1970 was a Thursday. */
const weekdayOf = (day: number): Weekday => weekdays[(((day + 4) % 7) + 7) % 7] as Weekday;

/** The next moment at which `isWithin` turns: a few days at a time, since the next turn is nearly always near. */
function nextTurn(window: Window, time: number): number | undefined {
  const isWithinAt = (moment: number) => isWithin(window, wallTime(window.zone, moment));
  const now = isWithinAt(time);
  const today = Math.floor(wallTime(window.zone, time) / DAY);
  for (let first = today - 1; first <= today + DAYS_AHEAD; first += DAYS_AT_ONCE) {
    const days = Array.from({ length: DAYS_AT_ONCE }, (_, index) => first + index);
    const walls = days.flatMap((day) => [0, window.from, window.to].map((boundary) => day * DAY + boundary));
    const moments = walls.flatMap((wall) => momentsAround(window.zone, wall)).filter((moment) => moment > time);
    const turn = moments.sort((a, b) => a - b).find((moment) => isWithinAt(moment) !== now);
    if (turn !== undefined) return turn;
  }
  return undefined;
}
