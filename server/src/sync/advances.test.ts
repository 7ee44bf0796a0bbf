import { expect, it } from "vitest";
import { createMetrics } from "#kernel";
import { silentLog } from "#testing";
import { createAdvances } from "./advances.ts";
import { createSyncMetrics } from "./metrics.ts";
import type { Profiles, ProfileState, Seat } from "./profile.ts";

const seat = (userId: string): Seat => ({ userId, context: { channel: "desktop" } });
const settledState: ProfileState = {
  profileId: "",
  no: 1,
  position: 1,
  horizon: "1",
  logXmin: "1",
  asOf: "1",
  viewer: {} as ProfileState["viewer"],
  more: false,
  lossesDue: false,
  pending: false,
  isNew: false,
  turnsAt: undefined,
};

it("a device that waits for its answer comes before the two hundred that only listen", async () => {
  const order: string[] = [];
  const profiles: Profiles = {
    keyOf: ({ userId }) => userId,
    viewerOf: async () => undefined,
    async advance({ userId }) {
      order.push(userId);
      await new Promise((resolve) => setImmediate(resolve));
      return settledState;
    },
    workIn: async () => settledState,
    takeAway: async () => undefined,
    fill: async () => settledState,
  };
  const advances = createAdvances({
    profiles,
    metrics: createSyncMetrics(createMetrics(), () => 0),
    log: silentLog,
    alarm: () => () => undefined,
    seatOf: seat,
    known: () => undefined,
    onState: () => undefined,
    onGone: () => undefined,
  });
  const listening = Array.from({ length: 200 }, (_, n) => advances.advance(seat(`listener ${n}`)));
  const queued = advances.advance(seat("typist")); // rung for like the others, and then asked for
  await Promise.all([advances.advanceFirst(seat("typist")), advances.advanceFirst(seat("another"))]);
  // Those that had their turn already: three work at the same time, and each step lets them go on once.
  expect(order.length).toBeLessThan(30);
  expect(order).toEqual(expect.arrayContaining(["typist", "another"]));
  await Promise.all([...listening, queued]);
  expect(order.filter((who) => who === "typist")).toHaveLength(1);
  expect(order).toHaveLength(202);
});
