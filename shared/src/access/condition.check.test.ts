import { describe, expect, it } from "vitest";
import { noon } from "../../test/access/contract.ts";
import type { ResourceType } from "./access.model.ts";
import { createAccessEngine } from "./engine.ts";
import { nobody } from "./examples.ts";
import { faultsToText, parsePolicies } from "./policy.parse.ts";

const contract: ResourceType = {
  name: "contract",
  sections: { main: ["title"] },
  attributes: { title: "text", amount: "number", until: "date", seen: "dateTime", tags: "texts" },
  actions: ["read"],
};

const policyWith = (when: unknown) => [
  { id: "p", title: "p", effect: "allow", resource: "contract", actions: ["read"], when },
];

function engineWith(when: unknown) {
  const parsed = parsePolicies(policyWith(when), [contract]);
  if (!parsed.ok) throw new Error(faultsToText(parsed.faults));
  return createAccessEngine({ policies: parsed.policies, resources: [contract], rev: "1" });
}

describe("[POL-8] bad operands are refused with their place and words", () => {
  it.each([
    [{ cidr: ["ctx.ip", "10.66.0.0/33"] }, "cidr[1] must be a range such as"],
    [{ cidr: ["ctx.ip", "10.66.1.0/16"] }, "cidr[1] has bits beyond its prefix; the range is 10.66.0.0/16"],
    [{ cidr: ["ctx.ip", ["::1", "office"]] }, "cidr[1] must be a range such as"],
    [{ cidr: ["10.0.0.1", "10.0.0.0/8"] }, "cidr[0] must be an attribute such as"],
    [{ cidr: ["obj.amount", "10.0.0.0/8"] }, "cidr[0] must be a text, and obj.amount is number"],
    [{ matches: ["obj.tags", "a*"] }, "matches[0] must be a text, and obj.tags is texts"],
    [{ matches: ["obj.title", "a\\"] }, "matches[1] ends with a backslash"],
    [{ matches: ["obj.title", "*a".repeat(11)] }, `matches[1] has more than 10 times "*"`],
    [{ matches: ["obj.title", "a".repeat(201)] }, "matches[1] is longer than 200"],
    [{ matches: ["obj.title", "^K-[0-9]+"] }, "matches[1] reads like a regular expression"],
    [
      { matches: ["obj.title", Array.from({ length: 20 }, () => "a".repeat(101))] },
      "matches[1] has patterns of more than 2000 characters together",
    ],
    [{ matches: ["obj.title", 7] }, "matches[1] must be a pattern"],
    [{ before: ["obj.until", "PT3H"] }, "before[1] has hours, and a date has none"],
    [{ after: ["obj.seen", "-P1M"] }, "after[1] has months or years, which have no fixed length"],
    [{ after: ["obj.seen", "P30"] }, "after[1] must be a duration such as"],
    [{ after: ["obj.seen", { days: 1.5 }] }, "after[1] must have whole numbers"],
    [{ after: ["obj.until", { days: 1, zone: "Moscow" }] }, "after[1] names no IANA time zone"],
    [{ after: ["obj.until", "P2000Y"] }, "after[1] is longer than a thousand years"],
    [{ before: ["obj.amount", 3] }, `before "before" compares dates or moments, and this is number`],
    [{ before: ["ctx.time", "P1D"] }, `before compares now with now`],
    [{ within: ["obj.seen", { from: "09:00", to: "18:00", zone: "UTC" }] }, `within[0] "within" asks about the time`],
    [{ within: ["ctx.time", { from: "9:00", to: "18:00", zone: "UTC" }] }, "within[1] has times other than"],
    [{ within: ["ctx.time", { from: "09:00", zone: "UTC" }] }, `within[1] has one of "from" and "to"`],
    [{ within: ["ctx.time", { zone: "UTC" }] }, `within[1] says neither`],
    [{ within: ["ctx.time", { days: ["monday"], zone: "UTC" }] }, "within[1] has other days than"],
    [{ within: ["ctx.time", { days: ["mon"], zone: "+03:00" }] }, "within[1] names no IANA time zone"],
    [{ within: ["ctx.time", { days: ["mon"], zone: "UTC", until: 1 }] }, `within[1] has the unknown "until"`],
  ])("%j", (when, words) => {
    const parsed = parsePolicies(policyWith(when), [contract]);
    expect(parsed.ok ? "parsed" : faultsToText(parsed.faults)).toContain(`policies[0].when.${words}`);
  });
});

describe("within, at the turns of summer time and over midnight", () => {
  const allowedAt = (window: unknown, time: string) =>
    engineWith({ within: ["ctx.time", window] }).may(
      nobody,
      "read",
      { type: "contract", attributes: {} },
      { time, channel: "desktop" },
    ).allowed;

  it.each([
    ["2026-03-29T00:59:59.999Z", false], // 01:59 in Berlin, whose clocks go from 02:00 to 03:00
    ["2026-03-29T01:00:00.000Z", true], // 03:00
    ["2026-03-29T01:30:00.000Z", false], // 03:30
    ["2026-10-25T00:29:59.999Z", false], // 02:29, for the first time
    ["2026-10-25T00:30:00.000Z", true],
    ["2026-10-25T01:00:00.000Z", false], // 02:00, for the second time
    ["2026-10-25T01:30:00.000Z", true],
    ["2026-10-25T02:30:00.000Z", false],
  ])("half past two to half past three in Berlin: %s is %s", (time, expected) => {
    expect(allowedAt({ from: "02:30", to: "03:30", zone: "Europe/Berlin" }, time)).toBe(expected);
  });

  it.each([
    ["2026-11-20T19:00:00.000Z", true], // Friday 22:00 in Moscow
    ["2026-11-21T02:59:59.999Z", true], // Saturday 05:59: still Friday's night
    ["2026-11-21T03:00:00.000Z", false],
    ["2026-11-21T19:00:00.000Z", false], // Saturday's night has not been named
    ["2026-11-20T02:00:00.000Z", false], // nor Thursday's
  ])("Friday night in Moscow: %s is %s", (time, expected) => {
    expect(allowedAt({ from: "22:00", to: "06:00", days: ["fri"], zone: "Europe/Moscow" }, time)).toBe(expected);
  });
});

it("[POL-5] explain shows what was compared with what, and a month from the 31st is the last of the next", () => {
  const when = { and: [{ cidr: ["ctx.ip", "10.0.0.0/8"] }, { before: ["obj.until", "P1M"] }] };
  const { policies } = engineWith(when).explain(
    nobody,
    "read",
    { type: "contract", attributes: { until: "2026-02-27" } },
    { time: "2026-01-31T10:00:00.000Z", channel: "api", ip: "::ffff:10.1.2.3" },
  );
  expect(policies[0]?.condition?.of).toEqual([
    {
      op: "cidr",
      at: ".when.and[0].cidr",
      outcome: "true",
      operands: [{ attribute: "ctx.ip", value: "::ffff:10.1.2.3" }, { value: ["10.0.0.0/8"] }],
    },
    {
      op: "lt",
      at: ".when.and[1].before",
      outcome: "true",
      operands: [{ attribute: "obj.until", value: "2026-02-27" }, { value: "2026-02-28" }],
    },
  ]);
});

it("matches takes no longer than text times pattern, whatever they are", () => {
  const engine = engineWith({ matches: ["obj.title", `${"*a".repeat(10)}b`] });
  const started = performance.now();
  engine.may(
    nobody,
    "read",
    { type: "contract", attributes: { title: "a".repeat(50_000) } },
    { time: "2026-11-30T10:00:00.000Z", channel: "api" },
  );
  expect(performance.now() - started).toBeLessThan(2_000); // what backtracks over every star would never end
});

it("matching takes a step for each character of text and pattern: what stops a backtracking matcher is nothing here", () => {
  const titles = ["a".repeat(100_000), `${"a".repeat(100_000)}b`, "ab".repeat(50_000), "1".repeat(100_000)];
  for (const pattern of [
    "*a*a*a*a*a*a*a*a*a*c",
    `*${"a?".repeat(90)}c*`,
    `${"?".repeat(190)}*#*c`,
    "*#*#*#*#*#*#*#*#*#*",
  ]) {
    const engine = engineWith({ matches: ["obj.title", pattern] });
    const answers = titles.map(
      (title) => engine.may(nobody, "read", { type: "contract", attributes: { title } }, noon).allowed,
    );
    expect(answers).toEqual([false, false, false, pattern.startsWith("*#")]);
  }
});
