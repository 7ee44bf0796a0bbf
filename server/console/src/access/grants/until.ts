/** As the requester asked, what most people mean, or a moment of one's own. */
export const untilChoices = ["asked", "today", "week", "month", "other"] as const;
export type UntilChoice = (typeof untilChoices)[number];

export interface Until {
  readonly choice: UntilChoice;
  /** Local, as the browser's input has it, for `other`: `2026-11-21T18:00`. */
  readonly typed: string;
}

/** Undefined while there is no moment yet. `today` and its kin end with their last day, where this person is. */
export function untilMoment({ choice, typed }: Until, asked: string, now: number = Date.now()): string | undefined {
  if (choice === "asked") return asked;
  const end = choice === "other" ? new Date(typed) : new Date(now);
  if (Number.isNaN(end.getTime())) return undefined;
  if (choice === "other") return end.toISOString();
  if (choice === "week") end.setDate(end.getDate() + 7);
  if (choice === "month") end.setMonth(end.getMonth() + 1);
  end.setHours(23, 59, 59, 0);
  return end.toISOString();
}

/** A moment as the browser's input has it. */
export function typedMoment(iso: string): string {
  const moment = new Date(iso);
  const local = new Date(moment.getTime() - moment.getTimezoneOffset() * 60_000);
  return local.toISOString().slice(0, "2026-11-21T18:00".length);
}

export const isOver = (moment: string): boolean => Date.parse(moment) <= Date.now();
