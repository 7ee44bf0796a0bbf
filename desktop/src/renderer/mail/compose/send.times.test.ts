import { describe, expect, it } from "vitest";
import { followUpAt, sendTimes } from "./send.times.ts";

const presets = (now: Date) => Object.fromEntries(sendTimes(now).map(({ at, preset }) => [preset, at]));

describe("send times", () => {
  it("are in an hour, this evening, tomorrow and on Monday", () => {
    expect(presets(new Date(2026, 10, 25, 11, 20))).toEqual({
      inAnHour: new Date(2026, 10, 25, 12, 20),
      thisEvening: new Date(2026, 10, 25, 18),
      tomorrowMorning: new Date(2026, 10, 26, 9),
      mondayMorning: new Date(2026, 10, 30, 9),
    });
  });

  it("leave the evening out when it has come", () => {
    expect(presets(new Date(2026, 10, 25, 17, 30))).not.toHaveProperty("thisEvening");
  });

  it("name one moment once: on Sunday tomorrow is Monday", () => {
    expect(Object.keys(presets(new Date(2026, 10, 29, 10)))).toEqual(["inAnHour", "thisEvening", "tomorrowMorning"]);
  });

  it("mean next week on a Monday, and the end of a month is no trap", () => {
    expect(presets(new Date(2026, 10, 30, 8))["mondayMorning"]).toEqual(new Date(2026, 11, 7, 9));
    expect(followUpAt(new Date(2026, 11, 31, 23), 1)).toEqual(new Date(2027, 0, 1, 9));
  });
});
