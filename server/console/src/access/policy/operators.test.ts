import { expect, it } from "vitest";
import { likelyLeaf, literalText, operatorsFor, withOperator } from "./operators.ts";

it("offers the operators that fit an attribute, the likely ones first", () => {
  expect(operatorsFor("obj.department", "id")).toEqual(["eq", "ne", "in", "nin", "exists"]);
  expect(operatorsFor("sub.groups", "ids")).toEqual(["has", "any", "all", "exists"]);
  expect(operatorsFor("ctx.ip", "text")[0]).toBe("cidr");
  expect(operatorsFor("ctx.time", "dateTime")[0]).toBe("within");
  expect(operatorsFor("obj.createdAt", "dateTime")).not.toContain("within"); // the server asks windows of the context only
});

it("keeps of the operands what another operator can still say", () => {
  const leaf = { op: "ne", operands: ["obj.state", "draft"] } as const;
  const list = withOperator(leaf, "nin", "text");
  expect(list).toEqual({ op: "nin", operands: ["obj.state", ["draft"]] });
  expect(withOperator(list, "eq", "text")).toEqual({ op: "eq", operands: ["obj.state", "draft"] });
  expect(withOperator(leaf, "exists", "text")).toEqual({ op: "exists", operands: ["obj.state"] });
  expect(withOperator({ op: "gte", operands: ["obj.n", 5] }, "between", "number").operands).toEqual(["obj.n", 5, 5]);
  expect(withOperator({ op: "in", operands: ["obj.d", "sub.departments"] }, "eq", "id").operands).toEqual([
    "obj.d",
    "",
  ]);
});

it("begins a condition with what most policies say of the attribute", () => {
  expect(likelyLeaf("obj.owner", "id", "person")).toEqual({ op: "eq", operands: ["obj.owner", "sub.id"] });
  expect(likelyLeaf("obj.department", "id", "department")).toEqual({
    op: "in",
    operands: ["obj.department", "sub.departments"],
  });
  expect(likelyLeaf("obj.amount", "number")).toEqual({ op: "eq", operands: ["obj.amount", 0] });
});

it("writes a text that looks like an attribute as a text", () => {
  expect([literalText("obj.owner"), literalText("draft")]).toEqual([{ text: "obj.owner" }, "draft"]);
});
