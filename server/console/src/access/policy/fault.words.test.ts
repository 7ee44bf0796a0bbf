import { expect, it } from "vitest";
import { parsePolicies, type ResourceType } from "@kontor/shared/access";
import { faultInWords } from "./fault.words.ts";

const contract: ResourceType = {
  name: "contract",
  sections: { main: ["title", "amount"] },
  attributes: {
    owner: "id",
    title: "text",
    amount: "money",
    n: "number",
    signed: "boolean",
    on: "date",
    createdAt: "dateTime",
    tags: "texts",
  },
  actions: ["read", "edit"],
};
const zone = "Europe/Moscow";
const conditions: readonly unknown[] = [
  "always",
  {},
  { eq: ["a", "b"], ne: ["a", "b"] },
  { smells: ["obj.owner", "sub.id"] },
  { and: [] },
  { between: ["obj.n", 1] },
  { exists: "state" },
  { eq: ["obj.owner"] },
  { cidr: ["10.0.0.1", "10.0.0.0/8"] },
  { cidr: ["obj.n", "10.0.0.0/8"] },
  { cidr: ["ctx.ip", "10.0.0.1/8"] },
  { cidr: ["ctx.ip", "office"] },
  { matches: ["obj.title", 5] },
  { matches: ["obj.title", "^a.*$"] },
  { matches: ["obj.title", "a\\"] },
  { matches: ["obj.title", "***********"] },
  { within: ["obj.createdAt", { from: "09:00", to: "18:00", zone }] },
  { within: ["ctx.time", "noon"] },
  { within: ["ctx.time", { from: "09:00", to: "18:00", zone: "Moscow" }] },
  { within: ["ctx.time", { zone }] },
  { within: ["ctx.time", { from: "09:00", zone }] },
  { within: ["ctx.time", { from: "25:00", to: "18:00", zone }] },
  { within: ["ctx.time", { from: "09:00", to: "09:00", zone }] },
  { within: ["ctx.time", { days: ["someday"], zone }] },
  { within: ["ctx.time", { days: ["mon"], zone, at: 5 }] },
  { before: ["obj.n", 5] },
  { before: ["obj.title", "now"] },
  { after: ["ctx.time", "-P1D"] },
  { after: ["obj.on", "PT8H"] },
  { after: ["obj.createdAt", "P1M"] },
  { after: ["obj.createdAt", "P"] },
  { after: ["obj.createdAt", { days: 0.5 }] },
  { after: ["obj.createdAt", { days: 1, zone }] },
  { after: ["obj.on", "P9999Y"] },
  { eq: ["obj.tags", "a"] },
  { in: ["obj.owner", "a"] },
  { startsWith: ["obj.n", 5] },
  { lt: ["obj.signed", true] },
  { in: ["obj.amount", [{ amount: "1.00", currency: "EUR" }]] },
  { eq: ["a", "b"] },
  { eq: ["obj.n", "obj.title"] },
  { eq: ["obj.owner", null] },
  { eq: ["obj.owner", { id: 5 }] },
  { eq: ["obj.colour", "red"] },
  { eq: ["obj.title.length", 5] },
  { eq: ["sub.colour", "red"] },
  { eq: ["obj.n", "five"] },
  { eq: ["obj.on", "soon"] },
  { eq: ["obj.createdAt", "2026-01-01"] },
  { eq: ["obj.signed", "yes"] },
  { eq: ["obj.amount", 5] },
  { in: ["obj.n", ["five"]] },
];
const policy = { id: "a", title: "A", effect: "allow", resource: "contract", actions: ["read"] };
const example = { subject: {}, action: "read", expect: "allow" };
const wrong: readonly object[] = [
  ...conditions.map((when) => ({ ...policy, when })),
  { ...policy, id: "Not an id" },
  { ...policy, effect: "maybe" },
  { ...policy, colour: "red" },
  { ...policy, title: 5 },
  { ...policy, actions: [] },
  { ...policy, resource: "house" },
  { ...policy, actions: ["smell"] },
  { ...policy, sections: ["cellar"] },
  { ...policy, mask: { "main.colour": "omit" } },
  { ...policy, mask: { "cellar.colour": "omit" } },
  { ...policy, effect: "deny", mask: { "main.title": "omit" } },
  { ...policy, examples: [{ ...example, type: "house" }] },
  { ...policy, examples: [{ ...example, action: "smell" }] },
];

it("has Russian words for what the check finds wrong", () => {
  const faults = wrong.flatMap((one) => {
    const parsed = parsePolicies([one, { ...policy, id: "b" }, { ...policy, id: "b" }], [contract]);
    return parsed.ok ? [] : parsed.faults;
  });
  expect(faults.length).toBeGreaterThan(wrong.length);
  const untold = faults.map(({ words }) => words).filter((words) => !/[а-яё]/i.test(faultInWords(words, "ru")));
  expect([...new Set(untold)]).toEqual([]);
});

it("leaves English and what it does not know as they are", () => {
  expect(faultInWords("must be a number", "en")).toBe("must be a number");
  expect(faultInWords("smells odd", "ru")).toBe("smells odd");
  expect(faultInWords("must be a number", "ru")).toBe("должно быть числом");
});
