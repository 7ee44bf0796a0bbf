import { Big } from "big.js";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { amount, everything, keyOf } from "../../test/objects.fixture.ts";
import { sortColumnsOf, sortKeyOf, sortKeysOf, textKey } from "./sortKeys.ts";

const sign = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

describe("sort keys", () => {
  it("order numbers by value", () => {
    fc.assert(
      fc.property(
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        (a, b) => {
          expect(sign(keyOf({ count: a }, 1), keyOf({ count: b }, 1))).toBe(a === b ? 0 : Math.sign(a - b));
        },
      ),
    );
  });

  it("order amounts by value, to the last decimal", () => {
    fc.assert(
      fc.property(amount, amount, (a, b) => {
        const [left, right] = [a, b].map((value) => keyOf({ amount: { ...value, currency: "EUR" } }, 2));
        expect(sign(left ?? "", right ?? "")).toBe(new Big(a.amount).cmp(b.amount));
      }),
    );
  });

  it("order texts alike in JavaScript and in UTF-8, which is how SQL compares them", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: "binary", maxLength: 80 }),
        fc.string({ unit: "binary", maxLength: 80 }),
        (a, b) => {
          const [left, right] = [textKey(a), textKey(b)];
          const encoder = new TextEncoder();
          expect(sign(left, right)).toBe(Math.sign(compareBytes(encoder.encode(left), encoder.encode(right))));
        },
      ),
      { numRuns: 200 },
    );
  });

  it("fold as people look things up", () => {
    const inOrder = ["", "  ", "Order 9", "order 10", "Order 0011", "zebra", "Ёж", "жук", "Иглу", "Йод", "Яма"];
    const sorted = [...inOrder].reverse().sort((a, b) => sign(textKey(a), textKey(b)));
    expect(sorted.filter((text) => text.trim() !== "")).toEqual(inOrder.filter((text) => text.trim() !== ""));
    expect(textKey("Ёлка")).toBe(textKey("елка"));
    expect(textKey("Café")).toBe(textKey("CAFE"));
    expect(textKey("Йод")).not.toBe(textKey("Иод"));
  });

  it("put the empty first, and the states in their own order", () => {
    expect(sortColumnsOf(everything)).toEqual(["title", "count", "amount", "state"]);
    expect(keyOf({}, 1)).toBe("");
    expect(
      sortKeysOf(everything, { state: "draft", fields: {} })[3] <
        sortKeysOf(everything, { state: "done", fields: {} })[3],
    ).toBe(true);
  });

  it("put a number that is still to come where the highest is", () => {
    const numbered = { kind: "autoNumber", label: { en: "Number", ru: "Номер" }, pattern: "D-{n}" } as const;
    expect(sortKeyOf(numbered, undefined) > sortKeyOf(numbered, "D-999999999")).toBe(true);
  });

  it("are four short texts for whatever a document holds", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...Object.keys(everything.fields)), fc.jsonValue()), (fields) => {
        const keys = sortKeysOf(everything, { fields: fields as never });
        expect(keys).toHaveLength(4);
        for (const key of keys) expect(key.length).toBeLessThanOrEqual(128);
      }),
    );
  });
});

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  for (let index = 0; index < Math.min(a.length, b.length); index++) {
    const difference = (a[index] ?? 0) - (b[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}
