import { expect, it } from "vitest";
import type { MailList } from "#contract";
import { chosenCount, everything, isChosen, nothing, targetsOf, toggled, withRange } from "./selection.ts";

const list: MailList = { place: { at: "role", role: "inbox" }, conversations: true, filter: "all" };

it("some rows are chosen one by one and by ranges", () => {
  const one = toggled(nothing, "a", 0);
  expect([isChosen(one, "a"), isChosen(one, "b"), one.anchor]).toEqual([true, false, 0]);
  const more = withRange(one, ["b", "c"]);
  expect([chosenCount(more, 100), more.anchor]).toEqual([3, 0]);
  expect(targetsOf(more, list)).toEqual({ list, keys: ["a", "b", "c"] });
  expect(chosenCount(toggled(more, "a", 0), 100)).toBe(2);
});

it("all of a list is chosen without naming it, and some are taken out of it", () => {
  expect(targetsOf(everything, list)).toEqual({ list });
  const but = toggled(everything, "a", 3);
  expect([isChosen(but, "a"), isChosen(but, "b"), chosenCount(but, 5_000)]).toEqual([false, true, 4_999]);
  expect(targetsOf(but, list)).toEqual({ list, except: ["a"] });
  expect(chosenCount(withRange(but, ["a", "b"]), 5_000)).toBe(5_000);
});
