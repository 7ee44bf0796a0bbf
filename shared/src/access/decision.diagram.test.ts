import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { aContract, anna, contract, engineOf, noon } from "../../test/access/contract.ts";
import type { Condition, Policy } from "./index.ts";

/** As many questions as it takes until the engine makes diagrams; further ones are answered by them. */
const QUESTIONS = 256;

/** Whether anna may, by the policies one after the other and, when she goes on asking, by their diagrams. */
function bothAnswers(engine: ReturnType<typeof engineOf>, records: readonly Record<string, unknown>[]) {
  const access = engine.accessOf(anna, noon);
  for (const action of contract.actions)
    for (let asked = 0; asked < QUESTIONS; asked++) access.may(action, aContract(records[0]));
  return records.flatMap((record) =>
    contract.actions.map((action) => ({
      record,
      action,
      policies: engine.may({ ...anna }, action, aContract(record), noon).allowed,
      diagrams: [access.may(action, aContract(record)), access.to(aContract(record)).may(action)],
    })),
  );
}

/* ---------- at random, of few values, so that conditions ask for the same things ---------- */

const texts = ["anna", "boris", "sales", "draft", "signed", ""];
const oneText = fc.constantFrom(...texts);
const someTexts = fc.uniqueArray(oneText, { maxLength: 4 });
const textAttribute = fc.constantFrom("obj.owner", "obj.state", "obj.department", "sub.id", "sub.department");
const text = fc.oneof(textAttribute, oneText);
const list = fc.oneof(someTexts, fc.constantFrom("sub.departments", "sub.groups", "obj.readers"));
const pairOf = (left: fc.Arbitrary<unknown>, right: fc.Arbitrary<unknown>) => fc.tuple(left, right);
const leaf = fc.oneof(
  fc.record({ eq: pairOf(textAttribute, text) }),
  fc.record({ ne: pairOf(textAttribute, text) }),
  fc.record({ in: pairOf(textAttribute, list) }),
  fc.record({ nin: pairOf(textAttribute, list) }),
  fc.record({ has: pairOf(fc.constantFrom("sub.departments", "obj.readers"), text) }),
  fc.record({ any: pairOf(fc.constant("obj.readers"), list) }),
  fc.record({ gt: pairOf(fc.constant("obj.level"), fc.constantFrom(1, 3)) }),
  fc.record({ startsWith: pairOf(textAttribute, oneText) }),
  fc.record({ before: fc.constant(["ctx.time", "2026-11-21T13:00:00Z"]) }),
  fc.record({ exists: fc.constantFrom("obj.owner", "obj.level", "sub.department") }),
);
const condition = fc.letrec<{ node: Condition; parts: Condition[] }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 3 },
    leaf as unknown as fc.Arbitrary<Condition>,
    fc.record({ and: tie("parts") }),
    fc.record({ or: tie("parts") }),
    fc.record({ not: tie("node") }),
  ),
  parts: fc.array(tie("node"), { minLength: 1, maxLength: 3 }),
})).node;
const policies: fc.Arbitrary<Partial<Policy>[]> = fc.array(
  fc.record(
    {
      effect: fc.constantFrom("allow", "allow", "deny"),
      actions: fc.constantFrom(["*"], ["read"], ["edit", "delete"], ["read", "create"]),
      sections: fc.constantFrom<Policy["sections"]>("*", ["main"], ["terms", "pay"]),
      when: condition,
    },
    { requiredKeys: ["effect", "actions"] },
  ),
  { minLength: 1, maxLength: 6 },
);
const value = fc.oneof(oneText, fc.constantFrom(undefined, null, 7));
const record = fc.record({
  owner: value,
  state: value,
  department: value,
  level: fc.constantFrom(undefined, null, 0, 2, 4, "2"),
  readers: fc.oneof(someTexts, fc.constantFrom(undefined, null, "anna", [7, "anna"])),
});

describe("the diagram of an action", () => {
  it("[POL-1..3] answers as its policies do", () => {
    const answered = { true: 0, false: 0 };
    fc.assert(
      fc.property(policies, fc.array(record, { minLength: 8, maxLength: 16 }), (written, records) => {
        for (const { policies: expected, diagrams, ...asked } of bothAnswers(engineOf(...written), records)) {
          expect({ ...asked, diagrams }).toEqual({ ...asked, diagrams: [expected, expected] });
          answered[`${expected}`] += 1;
        }
      }),
      { numRuns: 400 },
    );
    expect(Math.min(answered.true, answered.false)).toBeGreaterThan(1_000);
  });

  it("asks a record nothing twice, and nothing that cannot change the answer any more", () => {
    const isMine: Condition = { eq: ["obj.owner", "sub.id"] };
    const engine = engineOf(
      { when: { and: [isMine, { ne: ["obj.state", "signed"] }] } },
      { when: { and: [{ in: ["obj.department", "sub.departments"] }, { ne: ["obj.state", "draft"] }] } },
      { when: { and: [{ not: isMine }, { in: ["obj.state", ["x", "y"]] }] } },
      { effect: "deny", when: { eq: ["obj.state", "secret"] } },
    );
    const access = engine.accessOf(anna, noon);
    const asked: string[] = [];
    const attributes = new Proxy<Record<string, string>>(
      { owner: "anna", department: "sales", state: "draft" },
      {
        get: (record, name: string) => {
          asked.push(name);
          return record[name];
        },
      },
    );
    const ask = () => {
      asked.length = 0;
      return [access.may("read", { type: "contract", attributes }), [...asked].sort()] as const;
    };
    for (let index = 0; index < QUESTIONS; index++) ask();
    expect(ask()).toEqual([true, ["owner", "state"]]);
    attributes["state"] = "secret";
    expect(ask()).toEqual([false, ["state"]]);
  });

  it("[POL-6] asks the clock each time", () => {
    const engine = engineOf({
      when: { and: [{ before: ["ctx.time", "2026-11-21T13:00:00Z"] }, { eq: ["obj.owner", "sub.id"] }] },
    });
    const mine = aContract({ owner: "anna" });
    const access = engine.accessOf(anna, noon);
    for (let index = 0; index < QUESTIONS; index++) access.may("read", mine);
    const later = engine.accessOf(anna, { ...noon, time: "2026-11-21T13:00:00.000Z" });
    expect([access.may("read", mine), later.may("read", mine)]).toEqual([true, false]);
  });

  it("tells nothing of types and actions that are not there", () => {
    const access = engineOf({ actions: ["*"] }).accessOf(anna, noon);
    expect(access.may("read", aContract())).toBe(true);
    expect([access.may("toString", aContract()), access.may("read", { type: "constructor", attributes: {} })]).toEqual([
      false,
      false,
    ]);
    expect(access.to({ type: "__proto__", attributes: {} }).readable).toBe(false);
  });

  it("is given up where it would be too large, and the policies are asked one by one", () => {
    // Half of the readers' pairs, whichever they are: no order of questions settles that early.
    const names = Array.from({ length: 24 }, (_, index) => `n${index}`);
    const has = (name: string): Condition => ({ has: ["obj.readers", name] });
    const pairs = Array.from({ length: 12 }, (_, index): Condition => {
      const [a, b] = [has(`n${index}`), has(`n${index + 12}`)];
      return { or: [{ and: [a, { not: b }] }, { and: [{ not: a }, b] }] };
    });
    const engine = engineOf({ when: { and: pairs } });
    const records = [names.slice(0, 12), names.slice(6, 18), names].map((readers) => ({ readers }));
    const answers = bothAnswers(engine, records).filter(({ action }) => action === "read");
    expect(answers.map(({ policies: expected, diagrams }) => [expected, ...diagrams])).toEqual([
      [true, true, true],
      [true, true, true],
      [false, false, false],
    ]);
  });
});
