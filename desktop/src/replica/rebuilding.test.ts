import { expect, it } from "vitest";
import { createRebuilding } from "./rebuilding.ts";
import { isNarrowed } from "./narrowed.ts";

/** A file that takes `tookMs` to be written anew, on a clock that the test moves. */
function stage(tookMs: number, due = false) {
  let now = 0;
  let rebuilt = 0;
  let job: { at: number; work: () => void } | undefined;
  const meta = new Map<string, unknown>(due ? [["rebuildDue", true]] : []);
  const rebuilding = createRebuilding({
    file: {
      meta: {
        get: (key) => meta.get(key),
        set: (key, value) => void meta.set(key, value),
        delete: (key) => void meta.delete(key),
      },
      rebuild() {
        now += tookMs;
        rebuilt++;
      },
    },
    later(delayMs, work) {
      job = { at: now + delayMs, work };
      return undefined as unknown as NodeJS.Timeout;
    },
    run: (work) => void work(),
    settled: () => Promise.resolve(),
    now: () => now,
  });
  return {
    rebuilding,
    meta,
    async moveTo(at: number) {
      now = Math.max(now, at);
      if (job && job.at <= now) {
        const { work } = job;
        job = undefined;
        work();
      }
      await new Promise(setImmediate);
    },
    rebuilt: () => rebuilt,
  };
}

it("[VIS-4] a file is written anew once for many losses, when they have come to rest", async () => {
  const { rebuilding, moveTo, rebuilt, meta } = stage(10);
  for (let at = 0; at <= 5_000; at += 1_000) {
    await moveTo(at);
    rebuilding.soon();
  }
  expect(rebuilt()).toBe(0);
  expect(meta.get("rebuildDue")).toBe(true);
  await moveTo(7_000);
  expect(rebuilt()).toBe(1);
  expect(meta.has("rebuildDue")).toBe(false);
});

it("[VIS-4] losses without end do not put it off, and it takes a bounded share of the time", async () => {
  const { rebuilding, moveTo, rebuilt } = stage(1_000);
  for (let at = 0; at < 600_000; at += 500) {
    await moveTo(at);
    rebuilding.soon();
  }
  expect(rebuilt()).toBeGreaterThanOrEqual(8);
  expect(rebuilt()).toBeLessThanOrEqual(20);
});

it("[VIS-4] one that was due when the app stopped is done after the next start", async () => {
  const { moveTo, rebuilt } = stage(10, true);
  await moveTo(2_000);
  expect(rebuilt()).toBe(1);
});

it.each([
  ["a field is gone", { a: 1, b: 2 }, { a: 1 }, true],
  ["a field below is gone", { data: { a: 1, b: 2 } }, { data: { a: 1 } }, true],
  ["more is hidden", { can: { hidden: ["pay"] } }, { can: { hidden: ["pay", "cost"] } }, true],
  ["sections are hidden now", { can: { edit: [] } }, { can: { edit: [], hidden: ["pay"] } }, true],
  ["a value is another one", { a: 1, tags: ["x", "y"] }, { a: null, tags: ["x"] }, false],
  ["a field came", { a: 1 }, { a: 1, b: 2 }, false],
  ["less is hidden", { can: { hidden: ["pay", "cost"] } }, { can: { hidden: ["pay"] } }, false],
] as const)("[VIS-4] tells a narrowed row from an edited one: %s", (_what, held, next, narrowed) => {
  expect(isNarrowed(held, next)).toBe(narrowed);
});
