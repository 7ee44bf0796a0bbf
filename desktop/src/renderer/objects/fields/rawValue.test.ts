import { describe, expect, it } from "vitest";
import type { Json, Locale } from "@kontor/shared/base";
import type { FieldDefinition } from "@kontor/shared/objects";
import { parseDayText, parseMomentText, parseNumberText, rawToValue, valueToRaw } from "./rawValue.ts";

const label = { en: "Field", ru: "Поле" };
const id = "0197c0de-0000-7000-8000-000000000001";

describe("what is shown for editing is taken back as the same value", () => {
  const cases: [FieldDefinition, Json][] = [
    [{ kind: "text", label }, "Supply of laboratory equipment"],
    [{ kind: "longText", label }, "two\nlines"],
    [{ kind: "number", label }, 1234.5],
    [{ kind: "number", label }, -7],
    [{ kind: "number", label, decimals: 3 }, 1.125],
    [
      { kind: "money", label, currencies: ["EUR", "RUB"] },
      { amount: "48200.00", currency: "RUB" },
    ],
    [{ kind: "date", label }, "2027-01-20"],
    [{ kind: "date", label }, "2027-05-01"],
    [{ kind: "dateTime", label }, "2027-01-20T14:30:00.000Z"],
    [{ kind: "boolean", label }, true],
    [{ kind: "choice", label, options: [{ key: "a", label }] }, "a"],
    [{ kind: "choices", label, options: [{ key: "a", label }] }, ["a"]],
    [{ kind: "person", label }, id],
    [{ kind: "relation", label, to: "contract", many: true }, [id]],
  ];
  for (const locale of ["en", "ru"] as const) {
    it.each(cases)(`in ${locale}: %j %j`, (field, value) => {
      const result = rawToValue(field, valueToRaw(field, value, locale), "field", locale);
      expect(result).toEqual({ ok: true, value });
    });
  }
  it.each(cases)("an empty one stays empty: %j", (field) => {
    const result = rawToValue(field, valueToRaw(field, undefined, "en"), "field", "en");
    expect(result).toEqual({ ok: true, value: field.kind === "boolean" ? false : undefined });
  });
});

it.each<[string, Locale, number | undefined]>([
  ["1 234,5", "ru", 1234.5],
  ["1,234.5", "en", 1234.5],
  ["1,234", "en", 1234],
  ["1,234", "ru", 1.234],
  ["1,5", "en", 1.5],
  ["1.234.567", "ru", 1234567],
  ["-0.5", "en", -0.5],
  ["12 apples", "en", undefined],
  [",", "en", undefined],
])("reads the number %s in %s", (text, locale, number) => expect(parseNumberText(text, locale)).toBe(number));

it.each<[string, string | undefined]>([
  ["2027-01-20", "2027-01-20"],
  ["20.01.2027", "2027-01-20"],
  ["20/1/27", "2027-01-20"],
  ["20 Jan 2027", "2027-01-20"],
  ["20 января 2027 г.", "2027-01-20"],
  ["1 мая 2027", "2027-05-01"],
  ["January 20, 2027", "2027-01-20"],
  ["31.02.2027", undefined],
  ["soon", undefined],
])("reads the day %s", (text, day) => expect(parseDayText(text, "en")).toBe(day));

it("reads a day with a time in this computer's zone", () => {
  expect(parseMomentText("20.01.2027 14:30", "ru")).toBe(new Date(2027, 0, 20, 14, 30).toISOString());
  expect(parseMomentText("20.01.2027 25:00", "ru")).toBeUndefined();
});

it("says in a stable reason what is wrong", () => {
  const money: FieldDefinition = { kind: "money", label, currencies: ["EUR"] };
  expect(rawToValue(money, { amount: "a lot", currency: "EUR" }, "price", "en")).toMatchObject({
    ok: false,
    problem: { field: "price", reason: "field.notMoney" },
  });
});
