import { expect, it } from "vitest";
import { en } from "./en.ts";
import { ru } from "./ru.ts";

const placeholders = (text: string) => [...text.matchAll(/\{(\w+)[,}]/g)].map((match) => match[1]).sort();

it("says everything in both languages, with the same placeholders", () => {
  expect(Object.keys(ru).sort()).toEqual(Object.keys(en).sort());
  const differing = Object.keys(en).filter(
    (key) =>
      [...new Set(placeholders(en[key as keyof typeof en]))].join() !==
      [...new Set(placeholders(ru[key as keyof typeof en]))].join(),
  );
  expect(differing).toEqual([]);
});
