import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { aContract, anna, engineOf, noon } from "../../test/access/contract.ts";
import { projectFields, redactions, redactValue } from "./index.ts";

describe("redacted values", () => {
  it.each([
    ["+7 900 123-45-67", "keep-last-2", "•••67"],
    ["+7 900 123-45-67", "keep-last-4", "•••5-67"],
    ["+7 900 123-45-67", "all", "•••"],
    ["1234567", "keep-last-4", "•••"],
    ["ab😀", "keep-last-2", "•••"],
    ["xyab😀", "keep-last-2", "•••b😀"],
    ["", "keep-last-2", "•••"],
    [123456, "keep-last-2", "•••56"],
    [true, "keep-last-2", "•••"],
    [{ amount: "1", currency: "EUR" }, "keep-last-2", "•••"],
    [["a"], "keep-last-2", "•••"],
    [null, "all", null],
  ] as const)("%j by %s is %j", (value, how, shown) => {
    expect(redactValue(value, how)).toBe(shown);
  });

  it("never show half of a text or more than four characters of it", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), fc.constantFrom(...redactions), (text, how) => {
        const kept = Array.from(String(redactValue(text, how)).slice("•••".length));
        expect(kept.length).toBeLessThanOrEqual(Math.min(4, [...text].length / 2));
      }),
    );
  });
});

it("[VIS-2] projecting leaves out what is absent, unlisted fields too, and replaces what is redacted", () => {
  const engine = engineOf({
    sections: ["main", "pay"],
    mask: { "main.phone": { redact: "keep-last-2" }, "pay.iban": "omit" },
  });
  const access = engine.accessTo(anna, aContract(), noon);
  const fields = { title: "Lease", phone: "5551234", amount: 7, iban: "DE00", unlisted: 1 };
  expect(projectFields(fields, access)).toEqual({ title: "Lease", phone: "•••34" });
});
