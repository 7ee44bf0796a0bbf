/** Moments at which people have a message leave, in the sender's own time: nobody is written to at night by accident. */
export type SendPreset = "inAnHour" | "thisEvening" | "tomorrowMorning" | "mondayMorning";

export interface SendTime {
  readonly preset: SendPreset;
  readonly at: Date;
}

const MORNING = 9;
const EVENING = 18;
const HOUR_MS = 3_600_000;

export function sendTimes(now: Date): readonly SendTime[] {
  const times: readonly SendTime[] = [
    { preset: "inAnHour", at: new Date(now.getTime() + HOUR_MS) },
    { preset: "thisEvening", at: dayAt(now, 0, EVENING) },
    { preset: "tomorrowMorning", at: dayAt(now, 1, MORNING) },
    { preset: "mondayMorning", at: dayAt(now, daysToMonday(now), MORNING) },
  ];
  // "This evening" has come by then, and on Sunday tomorrow is Monday.
  return times.filter(
    ({ at, preset }, index) =>
      (preset !== "thisEvening" || at.getTime() - now.getTime() > HOUR_MS) &&
      !times.slice(0, index).some((other) => other.at.getTime() === at.getTime()),
  );
}

/** By the calendar, so that an hour more or less in spring and autumn changes nothing. */
const dayAt = (now: Date, days: number, hour: number): Date =>
  new Date(now.getFullYear(), now.getMonth(), now.getDate() + days, hour);

const daysToMonday = (now: Date): number => (8 - now.getDay()) % 7 || 7;

/** When somebody is to be reminded that nobody answered: a working day, two of them, a week. */
export const followUpDays = [1, 3, 7] as const;
export const followUpAt = (now: Date, days: number): Date => dayAt(now, days, MORNING);
