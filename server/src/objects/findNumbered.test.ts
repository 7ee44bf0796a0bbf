import { describe, expect, it } from "vitest";
import type { TypeDefinition } from "@kontor/shared/objects";
import { numbersIn } from "./findNumbered.ts";

const label = { en: "Number", ru: "Номер" };
const typeOf = (name: string, pattern: string) =>
  ({ name, fields: { number: { kind: "autoNumber", label, pattern } } }) as unknown as TypeDefinition;
const types = [typeOf("contract", "CTR-{year}-{n:4}"), typeOf("letter", "{year}/{n:3}"), typeOf("order", "Z{n:2}")];
const numbers = (text: string) => numbersIn(text, types).map(({ type, number }) => `${type} ${number}`);

describe("numbers of records in a text", () => {
  it.each([
    ["Re: CTR-2026-0147, second page", ["contract CTR-2026-0147"]],
    ["ctr‑2026–0147", ["contract CTR-2026-0147"]],
    ["(CTR-2026-12345)", ["contract CTR-2026-12345"]],
    ["2026/007 and Z01, 2026/007 again", ["letter 2026/007", "order Z01"]],
    ["К письму 2026/007", ["letter 2026/007"]],
  ])("%s", (text, expected) => expect(numbers(text)).toEqual(expected));

  it.each(["XCTR-2026-0147", "CTR-2026-014", "CTR-26-0147", "CTR-2026-0147a", "CTR-2026-01470000000", "12026/007", ""])(
    "none in %j",
    (text) => expect(numbers(text)).toEqual([]),
  );

  it("are looked for in time that grows with the text alone", () => {
    const text = "CTR-2026-".repeat(20_000);
    expect(numbers(text)).toEqual([]);
  });
});
