import fc from "fast-check";
import { expect, it } from "vitest";
import { GIVE_UP_AFTER_MS, nextStep, TELL_AFTER_MS } from "./retrySchedule.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/** Every attempt of a message that nobody ever takes, and what follows from it. */
function history(random: number) {
  const minutes: number[] = [];
  let told: number | undefined;
  let now = 0;
  for (let attempts = 1; ; attempts++) {
    const step = nextStep({ attempts, queuedAt: 0, now, random });
    if (step.kind === "giveUp") return { minutes, told, ended: now };
    if (step.tellDelay) told ??= now;
    minutes.push(Math.round((step.at - now) / MINUTE_MS));
    now = step.at;
  }
}

it("comes back soon at first and every eight hours in the end, for five days (RFC 5321 §4.5.4.1)", () => {
  const { minutes, told, ended } = history(0.5);
  expect(minutes.slice(0, 9)).toEqual([1, 5, 15, 30, 60, 120, 9, 480, 480]); // 9: then four hours are over
  expect(told).toBe(TELL_AFTER_MS);
  expect(ended).toBe(5 * DAY_MS);
});

it("never comes back in the past, never after the end, and ends", () => {
  const chance = fc.double({ min: 0, max: 1, noNaN: true });
  fc.assert(
    fc.property(chance, fc.nat(GIVE_UP_AFTER_MS), fc.integer({ min: 1, max: 100 }), (random, age, attempts) => {
      const now = 1_000 + age;
      const step = nextStep({ attempts, queuedAt: 1_000, now, random });
      const end = 1_000 + GIVE_UP_AFTER_MS;
      const isRight = step.kind === "giveUp" ? now >= end : now < end && step.at > now && step.at <= end;
      expect([step, isRight]).toEqual([step, true]);
    }),
  );
  fc.assert(fc.property(chance, (random) => void expect(history(random).minutes.length).toBeLessThan(40)));
});
