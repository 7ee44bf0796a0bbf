import fc from "fast-check";
import { expect, it } from "vitest";
import { lineDiff } from "./lineDiff.ts";

it("puts a line that was replaced beside what replaced it", () => {
  expect(lineDiff("a\nb\nc", "a\nx\nc\nd")).toEqual([
    { before: "a", after: "a" },
    { before: "b", after: "x" },
    { before: "c", after: "c" },
    { after: "d" },
  ]);
});

it("has every line of both texts on its side, in order", () => {
  const text = fc
    .array(fc.constantFrom("a", "b", "c", "d"), { minLength: 1, maxLength: 12 })
    .map((lines) => lines.join("\n"));
  fc.assert(
    fc.property(text, text, (before, after) => {
      const rows = lineDiff(before, after);
      const side = (name: "before" | "after") => rows.flatMap((row) => row[name] ?? []).join("\n");
      expect([side("before"), side("after")]).toEqual([before, after]);
    }),
  );
});
