/** How long: what most people mean, or a day of their own. */
export const untilChoices = ["today", "week", "month", "date"] as const;
export type UntilChoice = (typeof untilChoices)[number];

export interface Until {
  readonly choice: UntilChoice;
  /** `2026-11-21`, for `date`. */
  readonly day: string;
}

const LONGEST_DAYS = 365; // a day less than the server's bound, which counts hours

/** The last moment of the last day, where this person is; undefined for a day that cannot be meant. */
export function untilMoment({ choice, day }: Until, now: number = Date.now()): string | undefined {
  const end = new Date(now);
  if (choice === "week") end.setDate(end.getDate() + 7);
  if (choice === "month") end.setMonth(end.getMonth() + 1);
  if (choice === "date") {
    const [year, month, date] = day.split("-").map(Number);
    if (year === undefined || month === undefined || date === undefined) return undefined;
    end.setFullYear(year, month - 1, date);
  }
  end.setHours(23, 59, 59, 0);
  const days = (end.getTime() - now) / 86_400_000;
  return days > 0 && days <= LONGEST_DAYS ? end.toISOString() : undefined;
}
