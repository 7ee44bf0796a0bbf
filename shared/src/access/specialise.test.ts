import { describe, expect, it } from "vitest";
import { aContract, anna, contract, engineOf, noon } from "../../test/access/contract.ts";
import type { Condition, Context, Decision, Subject } from "./index.ts";

/** Enough questions that the engine makes plans for this subject; each of them is also asked of a subject it never met. */
const QUESTIONS = 200;

function askedOften(
  engine: ReturnType<typeof engineOf>,
  subject: Subject,
  context: Context,
  states: readonly string[],
) {
  const answers: (readonly [Decision, Decision])[] = [];
  for (let index = 0; index < QUESTIONS; index++) {
    const resource = aContract({ state: states[index % states.length], owner: index % 3 ? "anna" : undefined });
    const action = contract.actions[index % contract.actions.length] ?? "";
    answers.push([
      engine.may(subject, action, resource, context),
      engine.may({ ...subject }, action, resource, { ...context }),
    ]);
  }
  return answers;
}

describe("a subject that goes on asking", () => {
  const conditions: readonly Condition[] = [
    { eq: ["obj.owner", "sub.id"] },
    { and: [{ eq: ["sub.login", "anna"] }, { ne: ["obj.state", "draft"] }] },
    { or: [{ has: ["sub.groups", "legal"] }, { in: ["obj.state", ["signed", "draft"]] }] },
    { not: { and: [{ eq: ["sub.department", "x"] }, { eq: ["obj.state", "signed"] }] } },
    { or: [{ eq: ["sub.department", "x"] }, { nin: ["obj.state", ["signed"]] }] },
    { in: ["obj.owner", "sub.departments"] },
    { and: [{ cidr: ["ctx.ip", "10.0.0.0/8"] }, { exists: "obj.owner" }] },
    { has: ["sub.departments", "obj.state"] },
  ];

  it("gets the answers, reasons and policies that a new one gets", () => {
    const kinds = conditions.flatMap((when) => [
      { actions: ["*"], when },
      { effect: "deny" as const, actions: ["edit", "read"], when },
      { effect: "deny" as const, actions: ["*"], sections: ["pay", "terms"], when },
    ]);
    const outcomes = new Set<string>();
    for (const first of kinds) {
      for (const second of kinds) {
        const engine = engineOf({ actions: ["read"], sections: ["main"] }, first, second);
        for (const [often, once] of askedOften(engine, anna, { ...noon, ip: "10.1.1.1" }, ["draft", "signed", "x"])) {
          expect(often).toEqual(once);
          outcomes.add(`${often.reason} ${often.policyId}`);
        }
      }
    }
    expect(outcomes.size).toBeGreaterThan(5);
  });

  it("is asked anew in another context, and by the clock", () => {
    const when: Condition = {
      and: [{ cidr: ["ctx.ip", "10.0.0.0/8"] }, { before: ["ctx.time", "2026-11-21T13:00:00Z"] }],
    };
    const engine = engineOf({ when }, { actions: ["edit"], when: { eq: ["ctx.channel", "console"] } });
    const reads = (context: Context) => engine.may(anna, "read", aContract(), context).allowed;
    const office = { ...noon, ip: "10.1.1.1" };
    for (let index = 0; index < QUESTIONS; index++) expect(reads(office)).toBe(true);
    expect(reads({ ...office, time: "2026-11-21T12:59:59.999Z" })).toBe(true);
    expect(reads({ ...office, time: "2026-11-21T13:00:00.000Z" })).toBe(false);
    expect(reads({ ...office, ip: "192.0.2.1" })).toBe(false);
    expect(reads(office)).toBe(true);
  });

  it.each([
    ["ip", "10.1.1.1", "192.0.2.1", { cidr: ["ctx.ip", "10.0.0.0/8"] }],
    ["channel", "desktop", "api", { eq: ["ctx.channel", "desktop"] }],
    ["deviceId", "a", "b", { eq: ["ctx.deviceId", "a"] }],
    ["deviceTrusted", true, false, { eq: ["ctx.deviceTrusted", true] }],
    ["factorLevel", 2, 1, { gte: ["ctx.factorLevel", 2] }],
    ["secondFactorAt", noon.time, "2026-01-01T00:00:00.000Z", { after: ["ctx.secondFactorAt", "-P1D"] }],
    ["offline", false, true, { eq: ["ctx.offline", false] }],
  ] as const)("sees each change of ctx.%s", (name, before, after, when) => {
    const engine = engineOf({ when });
    const allowed = (value: unknown) =>
      engine.may(anna, "read", aContract(), { ...noon, [name]: value } as Context).allowed;
    for (let index = 0; index < QUESTIONS; index++) allowed(before);
    expect([allowed(before), allowed(after), allowed(before)]).toEqual([true, false, true]);
  });
});
