/** Days counted from the day of loading, so that the demo company is always in the middle of its work. */
export interface Calendar {
  /** A moment in office hours, ISO 8601; a weekend counts as the Friday before. Never later than now. */
  at(daysAgo: number, hour?: number, minute?: number): string;
  /** A day; negative for days ahead. */
  day(daysAgo: number): string;
  readonly year: number;
}

const DAY_MS = 24 * 3600 * 1000;

export function createCalendar(now: number): Calendar {
  const midnight = Math.floor(now / DAY_MS) * DAY_MS;
  const workday = (daysAgo: number) => {
    const day = midnight - daysAgo * DAY_MS;
    const weekday = new Date(day).getUTCDay();
    return day - (weekday === 6 ? 1 : weekday === 0 ? 2 : 0) * DAY_MS;
  };
  return {
    at: (daysAgo, hour = 9, minute = 0) =>
      new Date(Math.min(workday(daysAgo) + (hour * 60 + minute) * 60_000, now)).toISOString(),
    day: (daysAgo) => new Date(midnight - daysAgo * DAY_MS).toISOString().slice(0, 10),
    year: new Date(now).getUTCFullYear(),
  };
}
