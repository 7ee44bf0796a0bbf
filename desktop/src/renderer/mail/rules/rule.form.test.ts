import { describe, expect, it } from "vitest";
import type { RuleDoc } from "@kontor/shared/mail";
import {
  actionKinds,
  conditionFields,
  moved,
  newAction,
  newCondition,
  newRule,
  problemOf,
  withField,
} from "./rule.form.ts";

const rule = (id: string, position: number): RuleDoc => ({ ...newRule(position), id, mailboxId: "m", name: id });
const ID = "018f0000-0000-7000-8000-000000000001";

describe("a rule's form", () => {
  it("says what is missing from the top", () => {
    const empty = newRule(0);
    expect(problemOf(empty)).toBe("name");
    expect(problemOf({ ...empty, name: "A" })).toBe("condition");
    const said = { ...empty, name: "A", conditions: [{ field: "from", test: "contains", value: "x" }] } as const;
    expect(problemOf(said)).toBe("action");
    expect(problemOf({ ...said, actions: [] })).toBe("noAction");
    expect(problemOf({ ...said, actions: [{ do: "move", folderId: ID }] })).toBeUndefined();
    expect(problemOf({ ...said, actions: [{ do: "label", label: "x".repeat(500) }] })).toBe("tooMuch");
  });

  it("finishes every kind of condition and action", () => {
    const conditions = conditionFields.map((field) => {
      const made = newCondition(field);
      return typeof made.value === "string" ? { ...made, value: "x" } : made;
    });
    const actions = actionKinds.map((kind) =>
      Object.fromEntries(
        Object.entries(newAction(kind)).map(([key, value]) => [
          key,
          value === "" ? (key.endsWith("Id") ? ID : "x") : value,
        ]),
      ),
    );
    expect(problemOf({ ...newRule(0), name: "All", conditions, actions } as never)).toBeUndefined();
  });

  it("keeps what was typed when only the field is another one", () => {
    const typed = { field: "from", test: "startsWith", value: "news@" } as const;
    expect(withField(typed, "subject")).toEqual({ field: "subject", test: "startsWith", value: "news@" });
    expect(withField(typed, "size")).toMatchObject({ field: "size", test: "above" });
    expect(withField({ field: "internal", test: "is", value: false }, "hasAttachment")).toMatchObject({ value: false });
  });

  it("moves by writing only those that change their place", () => {
    const places = (found: ReturnType<typeof moved>) => found.map(({ id, rule: { position } }) => [id, position]);
    expect(places(moved([rule("a", 0), rule("b", 1), rule("c", 2)], "b", 1))).toEqual([
      ["c", 1],
      ["b", 2],
    ]);
    expect(moved([rule("a", 0)], "a", -1)).toEqual([]);
    expect(places(moved([rule("a", 0), rule("b", 0)], "b", -1))).toEqual([["a", 1]]);
  });
});
