import { expect, it } from "vitest";
import { typedMoment, untilMoment } from "./until.ts";

const now = new Date(2026, 10, 21, 9, 30).getTime();
const asked = "2026-11-28T12:34:56.000Z";
const until = (choice: Parameters<typeof untilMoment>[0]["choice"], typed = "") =>
  untilMoment({ choice, typed }, asked, now);

it("takes the moment that was asked for to the second", () => {
  expect(until("asked")).toBe(asked);
});

it("ends today, a week and a month with their last day", () => {
  expect(until("today")).toBe(new Date(2026, 10, 21, 23, 59, 59).toISOString());
  expect(until("week")).toBe(new Date(2026, 10, 28, 23, 59, 59).toISOString());
  expect(until("month")).toBe(new Date(2026, 11, 21, 23, 59, 59).toISOString());
});

it("takes a typed moment as it is here, and none where nothing was typed", () => {
  expect(until("other", "2026-12-01T18:00")).toBe(new Date(2026, 11, 1, 18).toISOString());
  expect(until("other")).toBeUndefined();
  expect(typedMoment(new Date(2026, 11, 1, 18, 0, 30).toISOString())).toBe("2026-12-01T18:00");
});
