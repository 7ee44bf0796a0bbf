import { expect, it } from "vitest";
import { literalFrom } from "./literal.ts";

it("reads numbers and amounts as people type them", () => {
  expect(literalFrom("1 000,5", "number")).toBe(1000.5);
  expect(literalFrom("a lot", "number")).toBeUndefined();
  expect(literalFrom("10 000 eur", "money")).toEqual({ amount: "10000.00", currency: "EUR" });
  expect(literalFrom("10000.5 RUB", "money")).toEqual({ amount: "10000.50", currency: "RUB" });
  expect(literalFrom("10000", "money")).toBeUndefined();
});

it("takes only days that the calendar has, and names the zone of moments", () => {
  expect(literalFrom("2026-02-28", "date")).toBe("2026-02-28");
  expect(literalFrom("2026-02-30", "date")).toBeUndefined();
  expect(literalFrom("2026-02-28 10:00+03:00", "dateTime")).toBe("2026-02-28T07:00:00.000Z");
});

it("takes no person's name for an id", () => {
  expect(literalFrom("lawyers", "id")).toBe("lawyers");
  expect(literalFrom("Anna Keller", "id")).toBeUndefined();
});
