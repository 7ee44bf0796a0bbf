import { expect, it } from "vitest";
import { createPacing } from "./pacing.ts";

function paced() {
  let time = 1_000;
  const pauses: number[] = [];
  const pacing = createPacing({ now: () => time, pause: async (ms) => void pauses.push(ms) });
  return { pacing, pauses, advance: (ms: number) => (time += ms) };
}

it("pauses the feed after 2,000 rows while a window is asking", async () => {
  const { pacing, pauses } = paced();
  pacing.queryArrived();
  expect(pacing.busy).toBe(true);
  await pacing.applied(1_000);
  await pacing.applied(1_000);
  await pacing.applied(1_000);
  expect(pauses).toEqual([0, 60, 0]);
});

it("does not hold up the feed when no window asks, or none asks any more", async () => {
  const { pacing, pauses, advance } = paced();
  await pacing.applied(5_000);
  pacing.queryArrived();
  advance(300);
  expect(pacing.busy).toBe(false);
  await pacing.applied(5_000);
  expect(pauses).toEqual([0, 0]);
});
