import { afterEach, expect, it, vi } from "vitest";
import type { EndpointRequest } from "#kernel";
import { silentLog } from "#testing";
import { adminEndpoints, type AdminDeps } from "./admin.endpoints.ts";
import { startSampler, type Sampler } from "./sampler.ts";

let sampler: Sampler | undefined;
afterEach(() => {
  sampler?.stop();
  vi.useRealTimers();
});

const overviewOf = (parts: AdminDeps["parts"]) => {
  const [overview] = adminEndpoints({
    version: "1.2.3",
    name: "Office",
    startedAt: "2026-11-02T09:00:00.000Z",
    sampler: { samples: () => [], stop: () => undefined },
    parts,
    counts: { people: async () => 7 },
  });
  const nothing = { params: undefined, query: undefined, body: undefined };
  return overview?.handle(nothing, {} as EndpointRequest) as Promise<{ parts: { name: string; state: string }[] }>;
};

it("shows a part that fails or does not answer as failing, and the others all the same", async () => {
  vi.useFakeTimers();
  const answer = overviewOf({
    well: async () => ({ state: "ok", words: "PostgreSQL 17" }),
    broken: () => Promise.reject(new Error("disk is gone")),
    silent: () => new Promise(() => undefined),
  });
  await vi.advanceTimersByTimeAsync(5_000);
  expect(await answer).toMatchObject({
    counts: { people: 7 },
    parts: [
      { name: "well", state: "ok", words: "PostgreSQL 17" },
      { name: "broken", state: "failing", words: "disk is gone" },
      { name: "silent", state: "failing", words: "No answer within 5 s." },
    ],
  });
});

it("keeps the last hour of measurements, and goes on after one that failed", async () => {
  vi.useFakeTimers({ now: Date.parse("2026-11-02T09:00:00Z") });
  let calls = 0;
  const databaseMs = async () => {
    if (calls++ === 1) throw new Error("the database is away");
    return calls;
  };
  sampler = startSampler({ clock: { now: () => Date.now() }, log: silentLog, everyMs: 1_000, gauges: { databaseMs } });
  await vi.advanceTimersByTimeAsync(2_000);
  expect(sampler.samples().map(({ at, values }) => [at.slice(17, 19), values.databaseMs])).toEqual([
    ["00", 1],
    ["02", 3],
  ]);
  await vi.advanceTimersByTimeAsync(500_000);
  expect(sampler.samples()).toHaveLength(360);
});
