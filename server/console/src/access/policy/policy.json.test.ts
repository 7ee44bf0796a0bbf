import fc from "fast-check";
import { expect, it } from "vitest";
import { anyCondition, anyPolicy } from "./policy.arbitrary.ts";
import { conditionOf, leafOf } from "./operators.ts";
import { printPolicy, readPolicy, stepsOf } from "./policy.json.ts";

it("form(JSON(p)) = p: the form shows exactly the policy that was printed, for every policy", () => {
  fc.assert(
    fc.property(anyPolicy, (policy) => {
      expect(readPolicy(printPolicy(policy))).toEqual({ ok: true, policy });
    }),
    { numRuns: 500 },
  );
});

it("a condition's row writes what it read, for every operator and operand", () => {
  fc.assert(
    fc.property(
      anyCondition.filter((condition) => leafOf(condition) !== undefined),
      (condition) => {
        expect(conditionOf(leafOf(condition) as NonNullable<ReturnType<typeof leafOf>>)).toEqual(condition);
      },
    ),
  );
});

it("takes no text for a policy that the form could not show, and says where it goes wrong", () => {
  const policy = { id: "a", title: "A", effect: "allow", resource: "contract", actions: ["read"] };
  const faultOf = (change: object) => {
    const read = readPolicy(JSON.stringify({ ...policy, ...change }));
    return read.ok ? "shown" : `${read.fault.place} ${read.fault.key}`;
  };
  expect(faultOf({})).toBe("shown");
  expect(faultOf({ effect: "maybe" })).toBe(".effect access.shape.effect");
  expect(faultOf({ when: { and: [{ eq: ["obj.owner"] }] } })).toBe(".when.and[0].eq access.shape.operands");
  expect(faultOf({ when: { and: [] } })).toBe(".when.and access.shape.parts");
  expect(faultOf({ when: { not: { smells: ["a", "b"] } } })).toBe(".when.not.smells access.shape.operator");
  expect(faultOf({ when: { eq: ["a", "b"], ne: ["a", "b"] } })).toBe(".when access.shape.condition");
  expect(faultOf({ mask: { "main.phone": { redact: 4 } } })).toBe('.mask["main.phone"] access.shape.mask');
  expect(faultOf({ examples: [{ action: "read" }] })).toBe(".examples[0] access.shape.example");
});

it("knows where a text stops being JSON", () => {
  expect(readPolicy('{ "id": "a", }')).toEqual({
    ok: false,
    fault: { place: "", key: "access.shape.json", offset: 13 },
  });
});

it("takes places apart", () => {
  expect(stepsOf('.mask["main.phone"]')).toEqual(["mask", "main.phone"]);
  expect(stepsOf(".when.and[0].eq[1]")).toEqual(["when", "and", 0, "eq", 1]);
});
