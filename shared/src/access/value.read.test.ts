import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compareMoney, compareText, isStorable } from "./value.read.ts";

const sign = (order: number) => Math.sign(order);

describe("compareText", () => {
  it('[POL-4] orders as the bytes of UTF-8 do, which is COLLATE "C"', () => {
    const text = fc.string({
      unit: fc.oneof(
        fc.string({ unit: "binary", minLength: 1, maxLength: 1 }),
        fc.constantFrom("a", "\uD7FF", "\uE000", "\uFFFF", "\u{10000}", "\u{10FFFF}"),
      ),
    });
    fc.assert(
      fc.property(text, text, (a, b) => {
        expect(sign(compareText(a, b))).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)));
      }),
      { numRuns: 500 },
    );
  });
});

it("compareMoney is exact and knows no order between currencies", () => {
  const eur = (amount: string) => ({ amount, currency: "EUR" });
  expect(sign(compareMoney(eur("-0.5"), eur("-0.49")) ?? 9)).toBe(-1);
  expect(compareMoney(eur("1"), eur("1.0000"))).toBe(0);
  expect(compareMoney(eur("-0"), eur("0"))).toBe(0);
  expect(compareMoney(eur("1"), { amount: "1", currency: "RUB" })).toBeUndefined();
});

it("isStorable refuses what PostgreSQL refuses", () => {
  expect(["a", "😀", "\0", "\ud83d", "\ude00"].map(isStorable)).toEqual([true, true, false, false, false]);
});
