import { IntlMessageFormat } from "intl-messageformat";
import { expect, it } from "vitest";
import { en } from "./en.ts";
import { ru } from "./ru.ts";

type Element = ReturnType<IntlMessageFormat["getAst"]>[number];

/** Names of the values that a message takes; a message that ICU cannot read throws. */
const argumentsOf = (text: string, locale: string): string[] => {
  const names = new Set<string>();
  const walk = (elements: readonly Element[]) => {
    for (const element of elements) {
      if ("value" in element && element.type !== 0) names.add(element.value as string);
      if ("options" in element)
        for (const option of Object.values(element.options)) walk((option as { value: Element[] }).value);
    }
  };
  walk(new IntlMessageFormat(text, locale).getAst());
  return [...names].sort();
};

it("says everything in both languages, with the same values", () => {
  expect(Object.keys(ru).sort()).toEqual(Object.keys(en).sort());
  for (const [key, text] of Object.entries(en))
    expect([key, argumentsOf(ru[key as keyof typeof en], "ru")]).toEqual([key, argumentsOf(text, "en")]);
});
