import { expect, it } from "vitest";
import { aContract, anna, engineOf, noon } from "../../test/access/contract.ts";
import { hintOf } from "./index.ts";

const secretLevel = { and: [{ eq: ["obj.owner", "sub.id"] }, { not: { gt: ["obj.level", 3] } }] } as const;
const record = aContract({ owner: "anna", level: 7, state: "draft" });

it("[POL-5] shows every policy that speaks of the action, each condition with its outcome, and the values", () => {
  const engine = engineOf(
    { when: secretLevel },
    { effect: "deny", sections: ["pay"], when: { eq: ["obj.until", "2026-01-01"] } },
    { actions: ["edit"] },
  );
  const { policies, ...decision } = engine.explain(anna, "read", record, noon);
  expect(decision).toEqual({ allowed: false, reason: "no-allow", action: "read", resource: "contract" });
  expect(policies.map(({ id, applies, outcome }) => [id, applies, outcome])).toEqual([
    ["p1", true, "unknown"],
    ["p0", false, "false"],
  ]);
  expect(policies[1]?.condition).toEqual({
    op: "and",
    at: ".when.and",
    outcome: "false",
    of: [
      {
        op: "eq",
        at: ".when.and[0].eq",
        outcome: "true",
        operands: [
          { attribute: "obj.owner", value: "anna" },
          { attribute: "sub.id", value: "anna" },
        ],
      },
      {
        op: "not",
        at: ".when.and[1].not",
        outcome: "false",
        of: [
          {
            op: "gt",
            at: ".when.and[1].not.gt",
            outcome: "true",
            operands: [{ attribute: "obj.level", value: 7 }, { value: 3 }],
          },
        ],
      },
    ],
  });
});

it("[POL-5] a hint holds the decision, the policy and whom to ask, and neither conditions nor values", () => {
  const engine = engineOf(
    {},
    { effect: "deny", actions: ["edit"], title: "Signed is signed", contact: "legal", when: { eq: ["obj.level", 7] } },
    { actions: ["edit"] },
  );
  const hint = hintOf(engine.explain(anna, "edit", record, noon, "title"));
  expect(hint).toEqual({
    allowed: false,
    reason: "denied",
    action: "edit",
    resource: "contract",
    decidedBy: { id: "p1", title: "Signed is signed", contact: "legal" },
    field: { name: "title", access: "absent" },
  });
});

it("[POL-5] where nothing was denied it names whoever could have allowed it", () => {
  const engine = engineOf(
    {},
    { actions: ["edit"], when: { eq: ["sub.id", "x"] } },
    { actions: ["edit"], contact: "legal", when: { eq: ["sub.id", "y"] } },
  );
  expect(hintOf(engine.explain(anna, "edit", record, noon)).decidedBy).toMatchObject({ id: "p2", contact: "legal" });
});

it("explains the reading where that is what is missing", () => {
  const engine = engineOf({ actions: ["edit"] }, { effect: "deny", contact: "security" });
  const explanation = engine.explain(anna, "edit", record, noon);
  expect(explanation).toMatchObject({
    reason: "not-readable",
    read: { reason: "denied", policyId: "p1" },
    decidedBy: { contact: "security" },
  });
});

it("says how a field is seen, and that it takes reading to edit it", () => {
  const engine = engineOf({ mask: { "main.phone": { redact: "all" } } }, { actions: ["edit"] });
  const access = (action: string) => engine.explain(anna, action, record, noon, "phone").field?.access;
  expect([access("read"), access("edit")]).toEqual([{ redact: "all" }, "absent"]);
});

it("explains an unknown action instead of failing", () => {
  expect(engineOf({}).explain(anna, "fly", record, noon)).toMatchObject({
    allowed: false,
    reason: "unknown-action",
    policies: [],
  });
});
