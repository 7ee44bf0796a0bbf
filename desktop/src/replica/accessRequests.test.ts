import { expect, it } from "vitest";
import type { JsonObject } from "@kontor/shared/base";
import { replayGrantIntent } from "./accessRequests.ts";

const at = "2026-11-21T09:00:00.000Z";
const until = "2026-12-05T23:59:59.000Z";
const intent = (name: string, args: JsonObject = {}) => ({
  mid: "m",
  name,
  collection: "accessRequests",
  id: "1",
  args,
  at,
});
const asked = { recordId: "r", type: "employee", level: "read", sections: ["pay"], until, why: "Budget" };
const row: JsonObject = { id: "1", requester: "maria", createdAt: at, state: "open", ...asked };

it("[SYN-1] a request shows as soon as it is made, and the server's row replaces it", () => {
  const made = replayGrantIntent(undefined, intent("access.request", asked), "maria");
  expect(made).toEqual({ id: "1", requester: "maria", createdAt: at, ...asked });
  expect(replayGrantIntent(row, intent("access.request", asked), "maria")).toBe(row);
  expect(replayGrantIntent(row, intent("access.withdrawRequest"), "maria")).toBeUndefined();
});

it("[SYN-1] an answer shows as it will be, with what was asked where it was not narrowed", () => {
  const granted = replayGrantIntent(row, intent("access.grant", { level: "read", until, answer: "Fine" }), "irina");
  expect(granted).toMatchObject({
    state: "granted",
    answeredBy: "irina",
    answer: "Fine",
    grant: { level: "read", sections: ["pay"], until },
  });
  expect(replayGrantIntent(row, intent("access.refuse", { answer: "" }), "irina")).toEqual({
    ...row,
    state: "refused",
    answeredBy: "irina",
    answeredAt: at,
  });
  expect(replayGrantIntent(granted, intent("access.endGrant"), "irina")).toMatchObject({
    state: "ended",
    endedBy: "irina",
  });
});

it("what does not fit leaves the row as it is", () => {
  expect(replayGrantIntent(row, intent("access.somethingNew"), "irina")).toBe(row);
  expect(replayGrantIntent(undefined, intent("access.grant", { level: "read", until }), "irina")).toBeUndefined();
});
