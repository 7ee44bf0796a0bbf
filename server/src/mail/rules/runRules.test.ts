import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { RuleAction, RuleCondition, RuleDoc } from "@kontor/shared/mail";
import { NOTHING_DECIDED, runRules, type RuleFacts } from "./runRules.ts";

const facts: RuleFacts = {
  from: [{ address: "olga@partner.example", name: "Ольга Королёва" }],
  to: [{ address: "sales@kontor.example" }],
  cc: [],
  recipients: ["sales@kontor.example"],
  subject: "Offer CTR-2026-0147",
  text: "Please find the offer attached.",
  list: "<news.partner.example>",
  attachmentNames: ["offer.pdf"],
  size: 20_000,
  internal: false,
};
const rule = (over: Partial<RuleDoc>): RuleDoc => ({
  id: "r",
  mailboxId: "m",
  name: "r",
  enabled: true,
  position: 0,
  match: "all",
  conditions: [],
  actions: [{ do: "flag" }],
  stop: false,
  ...over,
});
const takes = (...conditions: RuleCondition[]) => runRules([rule({ conditions })], facts).flagged;

describe("conditions of rules", () => {
  it.each<[RuleCondition, boolean]>([
    [{ field: "from", test: "contains", value: "PARTNER" }, true],
    [{ field: "from", test: "is", value: "olga@partner.example" }, true],
    [{ field: "from", test: "is", value: "ольга королева" }, true],
    [{ field: "from", test: "endsWith", value: "@partner.example" }, true],
    [{ field: "from", test: "endsWith", value: "@other.example" }, false],
    [{ field: "from", test: "notContains", value: "partner" }, false],
    [{ field: "cc", test: "notContains", value: "anybody" }, true],
    [{ field: "cc", test: "contains", value: "anybody" }, false],
    [{ field: "recipient", test: "is", value: "Sales@kontor.example" }, true],
    [{ field: "subject", test: "startsWith", value: "offer" }, true],
    [{ field: "text", test: "contains", value: "attached" }, true],
    [{ field: "list", test: "contains", value: "news.partner" }, true],
    [{ field: "attachmentName", test: "endsWith", value: ".pdf" }, true],
    [{ field: "hasAttachment", test: "is", value: true }, true],
    [{ field: "hasAttachment", test: "is", value: false }, false],
    [{ field: "internal", test: "is", value: true }, false],
    [{ field: "size", test: "above", value: 10_000 }, true],
    [{ field: "size", test: "below", value: 20_000 }, false],
  ])("%j is %s", (condition, expected) => expect(takes(condition)).toBe(expected));

  it("are all needed, or one of them", () => {
    const yes: RuleCondition = { field: "subject", test: "contains", value: "offer" };
    const no: RuleCondition = { field: "subject", test: "contains", value: "invoice" };
    expect(takes(yes, no)).toBe(false);
    expect(runRules([rule({ match: "any", conditions: [no, yes] })], facts).flagged).toBe(true);
    expect(runRules([rule({ match: "any", conditions: [no, no] })], facts).flagged).toBe(false);
    expect(runRules([rule({ match: "any", conditions: [] })], facts).flagged).toBe(true);
  });
});

describe("rules", () => {
  const doing = (id: string, position: number, actions: RuleAction[], over: Partial<RuleDoc> = {}) =>
    rule({ id, position, actions, ...over });

  it("run in their order; the last folder stands, and marks add up", () => {
    const decision = runRules(
      [
        doing("b", 2, [
          { do: "move", folderId: "second" },
          { do: "label", label: "y" },
        ]),
        doing("a", 1, [{ do: "move", folderId: "first" }, { do: "label", label: "x" }, { do: "markSeen" }]),
        doing("c", 3, [
          { do: "label", label: "x" },
          { do: "assign", userId: "u" },
          { do: "link", recordId: "d" },
          { do: "forward", to: "else@where.example" },
        ]),
      ],
      facts,
    );
    expect(decision).toEqual({
      folder: { id: "second" },
      seen: true,
      flagged: false,
      labels: ["x", "y"],
      assigneeId: "u",
      recordIds: ["d"],
      forwardTo: ["else@where.example"],
      ruleIds: ["a", "b", "c"],
    });
  });

  it("end where one that took the message says so, and are skipped where they are off", () => {
    const ids = (rules: RuleDoc[]) => runRules(rules, facts).ruleIds;
    const never: RuleCondition[] = [{ field: "subject", test: "is", value: "never" }];
    expect(ids([doing("a", 1, [{ do: "trash" }], { stop: true }), doing("b", 2, [{ do: "flag" }])])).toEqual(["a"]);
    expect(
      ids([doing("a", 1, [{ do: "trash" }], { stop: true, conditions: never }), doing("b", 2, [{ do: "flag" }])]),
    ).toEqual(["b"]);
    expect(ids([doing("a", 1, [{ do: "trash" }], { enabled: false })])).toEqual([]);
  });

  it("decide the same whatever order they come in, and nothing without any", () => {
    expect(runRules([], facts)).toEqual(NOTHING_DECIDED);
    const action = fc.constantFrom<RuleAction>(
      { do: "archive" },
      { do: "trash" },
      { do: "flag" },
      { do: "label", label: "a" },
      { do: "label", label: "b" },
      { do: "move", folderId: "f" },
    );
    const some = fc.array(fc.record({ position: fc.nat(3), stop: fc.boolean(), actions: fc.array(action) }));
    fc.assert(
      fc.property(some, fc.nat(), (drafts, turn) => {
        const rules = drafts.map((draft, index) => rule({ id: `r${index}`, ...draft }));
        const at = rules.length === 0 ? 0 : turn % rules.length;
        expect(runRules([...rules.slice(at), ...rules.slice(0, at)], facts)).toEqual(runRules(rules, facts));
      }),
    );
  });
});
