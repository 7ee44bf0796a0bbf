import { expect, it } from "vitest";
import { createLog } from "#kernel";
import { createDueLoop } from "./dueLoop.ts";

const log = createLog({ level: "silent" });
const HOUR_MS = 3_600_000;
const nextTick = () => new Promise((resolve) => setImmediate(resolve));

it("goes on while there is more, wakes when told to, and rests otherwise", async () => {
  let left = 3;
  let turns = 0;
  const loop = createDueLoop({ turn: async () => ((turns += 1), --left > 0), everyMs: HOUR_MS, log, what: "test" });
  loop.wake(); // nothing before the start
  await nextTick();
  expect(turns).toBe(0);
  loop.start();
  await expect.poll(() => turns).toBe(3);
  loop.wake();
  await expect.poll(() => turns).toBe(4);
  await loop.stop();
  loop.wake();
  await nextTick();
  expect(turns).toBe(4);
});

it("looks again when it was woken during a turn, and after a turn that failed only when it is time", async () => {
  const ends: (() => void)[] = [];
  let turns = 0;
  const loop = createDueLoop({
    turn: async () => {
      turns += 1;
      await new Promise<void>((resolve) => ends.push(resolve));
      if (turns === 2) throw new Error("the database is gone");
      return false;
    },
    everyMs: HOUR_MS,
    log,
    what: "test",
  });
  loop.start();
  await expect.poll(() => turns).toBe(1);
  loop.wake();
  ends.shift()?.();
  await expect.poll(() => turns).toBe(2);
  loop.wake();
  ends.shift()?.();
  await nextTick();
  expect(turns).toBe(2);
  const stopped = loop.stop();
  await stopped;
});
