import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { everything, fieldOf, valueOf } from "../../test/objects.fixture.ts";
import { checkRecord, missingFor, withDefaults } from "./record.check.ts";
import { parseFieldValue } from "./fieldValue.ts";
import { describeChange, formatFieldValue } from "./record.history.ts";
import { fieldReasonWords } from "./words.ts";
import type { FieldDefinition } from "./type.ts";

const label = { en: "Field", ru: "Поле" };
const parse = (field: FieldDefinition, value: unknown) => parseFieldValue(field, value, "f");
const valueOfParsed = (field: FieldDefinition, value: unknown) => {
  const result = parse(field, value);
  return result.ok ? result.value : result.problem.reason;
};
const text = (pattern?: "email" | "phone" | "url" | "taxId" | "iban") =>
  ({ kind: "text", label, ...(pattern && { pattern }) }) as const;

describe("a field's value", () => {
  it.each(Object.keys(valueOf))("takes every fitting value of %s, and what it kept it takes again unchanged", (key) => {
    const field = fieldOf(key);
    fc.assert(
      fc.property(valueOf[key] ?? fc.constant(null), (value) => {
        const first = parse(field, value);
        expect(first.ok).toBe(true);
        const kept = first.ok ? first.value : undefined;
        expect(parse(field, kept)).toEqual({ ok: true, value: kept });
      }),
    );
  });

  it("never throws and never keeps what it would not take again, whatever comes", () => {
    fc.assert(
      fc.property(fc.constantFrom(...Object.keys(everything.fields)), fc.anything(), (key, value) => {
        const result = parse(fieldOf(key), value);
        const isSound = result.ok
          ? JSON.stringify(parse(fieldOf(key), result.value)) === JSON.stringify(result)
          : result.problem.reason in fieldReasonWords;
        expect(isSound).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });

  it("is empty in one way only", () => {
    for (const empty of [undefined, null, "", []]) expect(parse(text(), empty)).toEqual({ ok: true, value: undefined });
    expect(parse(text(), " \u00a0 ")).toEqual({ ok: true, value: undefined });
  });

  it.each([
    ["text", text(), "  two   words\n", "two words"],
    ["text that cannot be stored", text(), "a\u0000b", "field.character"],
    ["half a character", text(), "a\ud800b", "field.character"],
    ["long text's lines", { kind: "longText", label } as const, "\r\na\r\nb  \n", "a\nb"],
    ["minus zero", { kind: "number", label } as const, -0, 0],
    ["not finite", { kind: "number", label } as const, Number.NaN, "field.notNumber"],
    ["text for a number", { kind: "number", label } as const, "5", "field.notNumber"],
    ["decimals that fit", { kind: "number", label, decimals: 2 } as const, 0.07, 0.07],
    ["decimals too many", { kind: "number", label, decimals: 2 } as const, 0.075, "field.tooManyDecimals"],
    [
      "money",
      { kind: "money", label, currencies: ["EUR"] } as const,
      { amount: "5", currency: "EUR" },
      { amount: "5.00", currency: "EUR" },
    ],
    [
      "negative nothing",
      { kind: "money", label, currencies: ["EUR"] } as const,
      { amount: "-0.00", currency: "EUR" },
      { amount: "0.00", currency: "EUR" },
    ],
    [
      "four decimals",
      { kind: "money", label, currencies: ["EUR"] } as const,
      { amount: "0.1250", currency: "EUR" },
      { amount: "0.125", currency: "EUR" },
    ],
    [
      "a foreign currency",
      { kind: "money", label, currencies: ["EUR"] } as const,
      { amount: "5", currency: "USD" },
      "field.currency",
    ],
    [
      "a float as money",
      { kind: "money", label, currencies: ["EUR"] } as const,
      { amount: 5, currency: "EUR" },
      "field.notMoney",
    ],
    ["30 February", { kind: "date", label } as const, "2026-02-30", "field.notDate"],
    ["29 February", { kind: "date", label } as const, "2028-02-29", "2028-02-29"],
    ["a date too early", { kind: "date", label, min: "2026-01-01" } as const, "2025-12-31", "field.tooEarly"],
    [
      "a moment with a zone",
      { kind: "dateTime", label } as const,
      "2026-03-01T12:00+03:00",
      "2026-03-01T09:00:00.000Z",
    ],
    ["a moment without a zone", { kind: "dateTime", label } as const, "2026-03-01T12:00", "field.notDateTime"],
    [
      "an option that is none",
      { kind: "choice", label, options: [{ key: "a", label }] } as const,
      "b",
      "field.notOption",
    ],
    [
      "choices in the options' order",
      { kind: "choices", label, options: ["a", "b"].map((key) => ({ key, label })) } as const,
      ["b", "a", "b"],
      ["a", "b"],
    ],
    ["no id", { kind: "person", label } as const, "me", "field.notId"],
    [
      "an id in capitals",
      { kind: "person", label } as const,
      "01920000-0000-7000-8000-00000000ABCD",
      "01920000-0000-7000-8000-00000000abcd",
    ],
    ["e-mail", text("email"), "ivan@почта.example", "ivan@почта.example"],
    ["not e-mail", text("email"), "ivan@localhost", "field.notEmail"],
    ["telephone", text("phone"), "+7 812 000-14-14 доб. 105", "+7 812 000-14-14 доб. 105"],
    ["not a telephone", text("phone"), "call me", "field.notPhone"],
    ["web address", text("url"), "https://аврора.example/a?b=c", "https://аврора.example/a?b=c"],
    ["a script for an address", text("url"), "javascript:alert(1)", "field.notUrl"],
    ["tax number", text("taxId"), "7801 234564", "7801234564"],
    ["tax number with a country", text("taxId"), "de 123456789", "DE123456789"],
    ["IBAN", text("iban"), "DE89 3704 0044 0532 0130 00", "DE89370400440532013000"],
    ["IBAN with two digits turned", text("iban"), "DE89 3704 0044 0532 0130 01", "field.notIban"],
    ["files", { kind: "files", label } as const, ["x"], "field.files"],
  ] as const)("%s", (_name, field, given, expected) => {
    expect(valueOfParsed(field as FieldDefinition, given)).toEqual(expected);
  });

  it("names the limit that was passed", () => {
    expect(parse({ kind: "text", label, maxLength: 3 }, "abcd")).toMatchObject({
      problem: { field: "f", reason: "field.tooLong", limit: 3, message: "At most 3 characters." },
    });
  });
});

describe("a record as a whole", () => {
  it("with its defaults and a title is complete", () => {
    const fields = withDefaults(
      everything,
      { title: "T" },
      {
        userId: "01920000-0000-7000-8000-00000000abcd",
        now: "2026-03-01T22:30:00.000Z",
        timeZone: "Europe/Moscow",
        department: "01920000-0000-7000-8000-00000000abce",
      },
    );
    expect(fields).toEqual({
      title: "T",
      from: "2026-03-02",
      flag: false,
      colour: "green",
      person: "01920000-0000-7000-8000-00000000abcd",
      unit: "01920000-0000-7000-8000-00000000abce",
    });
    expect(checkRecord(everything, fields)).toEqual([]);
  });

  it("keeps a field empty where that was said", () => {
    expect(
      withDefaults(everything, { from: null, colour: null }, { userId: "u", now: "2026-03-01T00:00:00.000Z" }),
    ).toEqual({ flag: false, person: "u" });
  });

  it("names what is missing, unknown, and at odds", () => {
    expect(checkRecord(everything, { nonsense: 1 }).map(({ field, reason }) => [field, reason])).toEqual([
      ["nonsense", "field.unknown"],
      ["title", "field.required"],
    ]);
    const crossed = checkRecord(everything, { title: "T", from: "2026-02-01", to: "2026-01-01" });
    expect(crossed).toEqual([{ field: "to", reason: "field.check", message: "It ends before it begins." }]);
    expect(checkRecord(everything, { title: "T", to: "2026-01-01" })).toEqual([]);
    const [finish] = everything.states?.transitions ?? [];
    expect(finish && missingFor(finish, {})).toMatchObject([{ field: "amount", reason: "field.required" }]);
  });
});

describe("a change in words", () => {
  it("reads as people write", () => {
    const change = {
      field: "amount",
      from: { amount: "40000.00", currency: "RUB" },
      to: { amount: "48200.50", currency: "RUB" },
    };
    expect(describeChange(everything, change, "ru")).toMatchObject({
      label: "Amount",
      from: "40\u00a0000,00\u00a0₽",
      to: "48\u00a0200,50\u00a0₽",
      lost: false,
    });
    expect(describeChange(everything, { field: "colours", from: ["red"], to: ["red", "blue"] }, "en")).toMatchObject({
      added: ["blue"],
      removed: [],
    });
    expect(formatFieldValue(fieldOf("person"), "p", "en", { person: (id) => (id === "p" ? "Pavel" : undefined) })).toBe(
      "Pavel",
    );
    expect(formatFieldValue(fieldOf("person"), "q", "en", {})).toBe("(not visible)");
    expect(formatFieldValue(fieldOf("from"), "2026-03-01", "en")).toBe("Mar 1, 2026");
  });

  it("is made of an object that is no text, and has a toString of its own", () => {
    expect(formatFieldValue(fieldOf("title"), { toString: "" }, "ru")).toBe('{"toString":""}');
    expect(formatFieldValue(fieldOf("from"), [{ valueOf: 1 }], "en")).toBe('{"valueOf":1}');
  });

  it("is made of any value without throwing, redacted ones too", () => {
    fc.assert(
      fc.property(fc.constantFrom(...Object.keys(everything.fields)), fc.jsonValue(), (key, value) => {
        expect(typeof formatFieldValue(fieldOf(key), value as never, "ru")).toBe("string");
      }),
    );
  });
});
