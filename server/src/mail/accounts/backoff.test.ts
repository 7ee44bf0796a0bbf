import { expect, it } from "vitest";
import { backoffMs } from "./backoff.ts";

it("waits from five seconds up to half an hour, and not everybody alike", () => {
  const longest = Array.from({ length: 15 }, (_, index) => backoffMs(index + 1, () => 1));
  const shortest = Array.from({ length: 15 }, (_, index) => backoffMs(index + 1, () => 0));
  expect(longest.slice(0, 4)).toEqual([5_000, 10_000, 20_000, 40_000]);
  expect(Math.max(...longest)).toBe(1_800_000);
  expect(longest).toEqual(longest.toSorted((a, b) => a - b));
  expect(shortest.slice(0, 4)).toEqual([5_000, 5_000, 10_000, 20_000]);
  expect(shortest.at(-1)).toBe(900_000);
});
