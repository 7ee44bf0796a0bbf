import { expect, it } from "vitest";
import { messageWords } from "./messageWords.ts";

const anna = { name: "Анна Петрова", address: "a.petrova@firm.example" };
const words = ({ subject = "", text = "", from = [] as (typeof anna)[] }) =>
  messageWords({ subject, text, people: { from, to: [], cc: [] } })
    .trim()
    .split(" ")
    .filter(Boolean);

it("writes each word with its places, and its stem in the same place", () => {
  expect(words({ subject: "Signed contracts" })).toEqual(["signed:1A", "sign:1A", "contracts:2A", "contract:2A"]);
  expect(words({ text: "Ёлки, ёлка" })).toEqual(["елки:2D", "елк:2D,3D", "елка:3D"]);
});

it("takes addresses apart, and leaves a gap between people and between fields", () => {
  expect(words({ subject: "Re", from: [anna, anna] })).toEqual([
    "re:1A",
    "анна:3B,10B",
    "ан:3B,10B",
    "петрова:4B,11B",
    "петров:4B,11B",
    "a:5B,12B",
    "petrova:6B,13B",
    "firm:7B,14B",
    "example:8B,15B",
    "exampl:8B,15B",
  ]);
});

it("keeps to what PostgreSQL takes", () => {
  const same = words({ text: "yes ".repeat(40_000) });
  expect(same).toHaveLength(1);
  expect(same[0]?.split(",")).toHaveLength(256);
  const many = words({ text: Array.from({ length: 20_000 }, (_, at) => at.toString(36)).join(" ") });
  expect(Math.max(...many.map((word) => Number.parseInt(word.split(":")[1] ?? "", 10)))).toBe(16_383);
  // Each of these letters is written as four.
  const odd = messageWords({
    subject: "",
    text: Array.from({ length: 15_000 }, (_, at) => `㌀㌀㌀${at.toString(36)}`).join(" "),
    people: { from: [], to: [], cc: [] },
  });
  expect(Buffer.byteLength(odd.replaceAll(/:\S+/g, ""))).toBeLessThan(1_000_000);
});
