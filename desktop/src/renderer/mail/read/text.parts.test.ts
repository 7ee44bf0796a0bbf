import { expect, it } from "vitest";
import { textParts, withLinks } from "./text.parts.ts";

it.each([
  ["Yes.\n\n> No?", "Yes.", "\n> No?"],
  ["Yes.\n\nOn 2 March, Anna wrote:\n> No?\n> Or?\n", "Yes.", "\nOn 2 March, Anna wrote:\n> No?\n> Or?"],
  ["Yes.\r\n> No?\r\nAnd more.", "Yes.\n> No?\nAnd more.", ""],
  ["> only\n> quoted", "> only\n> quoted", ""],
  ["", "", ""],
])("%j says %j and quotes %j", (text, own, quoted) => expect(textParts(text)).toEqual({ own, quoted }));

it("links are what looks like one, without the sentence's end", () => {
  expect(withLinks("See https://a.example/x?y=1. Or (http://b.example/z), or anna@a.example!")).toEqual([
    { text: "See " },
    { text: "https://a.example/x?y=1", address: "https://a.example/x?y=1" },
    { text: ". Or (" },
    { text: "http://b.example/z", address: "http://b.example/z" },
    { text: "), or " },
    { text: "anna@a.example", address: "mailto:anna@a.example" },
    { text: "!" },
  ]);
  expect(withLinks("https://a.example/wiki/X_(y)")).toEqual([
    { text: "https://a.example/wiki/X_(y)", address: "https://a.example/wiki/X_(y)" },
  ]);
  expect(withLinks("javascript:alert(1) ftp://x")).toEqual([{ text: "javascript:alert(1) ftp://x" }]);
});
