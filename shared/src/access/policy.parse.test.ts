import { describe, expect, it } from "vitest";
import { contract, policy, system } from "../../test/access/contract.ts";
import { type Condition, createAccessEngine, faultsToText, parsePolicies, type ResourceType } from "./index.ts";

const resources = [contract, system];
const faultsOf = (...written: readonly unknown[]) => {
  const parsed = parsePolicies(written, resources, { subjectAttributes: { clearance: "number" } });
  return parsed.ok ? [] : parsed.faults.map(({ path, words }) => `${path} ${words}`);
};
const when = (condition: unknown) => faultsOf(policy({ when: condition as Condition }));

/** With what stands one relation away: partners point to partners, and deals to deals. */
const deal: ResourceType = {
  name: "deal",
  sections: { main: ["title"] },
  attributes: {
    owner: "id",
    partner: "id",
    partners: "ids",
    parent: "id",
    "partner.country": "text",
    "partner.parent": "id",
    "parent.owner": "id",
    "parent.partner": "id",
  },
  relations: { partner: "partner", parent: "deal" },
  actions: ["read"],
};

describe("[POL-8] each fault has its place and words", () => {
  it("for what is no policy at all", () => {
    expect(parsePolicies({}, resources)).toMatchObject({
      ok: false,
      faults: [{ path: "", words: "must be a list of policies" }],
    });
    expect(faultsOf(null)[0]).toMatch(/^\[0\] /);
    expect(faultsOf({ ...policy({}), colour: "red" })[0]).toMatch(/colour/);
    expect(faultsOf(policy({ actions: [] }))[0]).toMatch(/^\[0\]\.actions /);
    expect(faultsOf(policy({ sections: [] }))[0]).toMatch(/^\[0\]\.sections/);
    expect(faultsOf(policy({ id: "Ä" }))[0]).toMatch(/^\[0\]\.id must be lowercase/);
    expect(faultsOf(policy({ mask: { "main.phone": { redact: "some" as never } } }))[0]).toMatch(
      /^\[0\]\.mask\.main\.phone/,
    );
  });

  it.each([
    [{ resource: "contrakt" }, '[0].resource is the unknown type "contrakt"; known: contract, system, *'],
    [{ actions: ["read", "fly"] }, '[0].actions[1] is the unknown action "fly"; known: read, create'],
    [{ actions: ["transit:*"] }, '[0].actions[0] is the unknown action "transit:*"'],
    [{ sections: ["main", "pya"] }, '[0].sections[1] is the unknown section "pya"; contract has: main, terms, pay'],
    [
      { mask: { "main.iban": "omit" } },
      '[0].mask["main.iban"] must be "section.field"; section main has: title, phone',
    ],
    [
      { mask: { iban: "omit" } },
      '[0].mask["iban"] must be "section.field"; contract has the sections: main, terms, pay',
    ],
    [{ effect: "deny", mask: { "pay.iban": "omit" } }, "[0].mask has no meaning in a deny"],
    [
      { resource: "*", when: { exists: "obj.owner" } },
      '[0].when.exists names obj.owner, and the type "system" has only: ',
    ],
    [
      { examples: [{ subject: { idd: "a" }, action: "read", expect: "deny" }] },
      '[0].examples[0].subject has the unknown "idd"; known: id',
    ],
    [
      { examples: [{ subject: {}, resource: { ownr: "a" }, action: "read", expect: "deny" }] },
      '[0].examples[0].resource has the unknown "ownr"; known: owner',
    ],
    [
      { resource: "*", examples: [{ subject: {}, action: "read", expect: "deny" }] },
      '[0].examples[0].type must name a type, and "*" is none',
    ],
    [
      { examples: [{ subject: {}, action: "fly", expect: "deny" }] },
      '[0].examples[0].action has the unknown "fly"; known: read',
    ],
    [
      { examples: [{ subject: {}, action: "read", field: "salary", expect: "deny" }] },
      '[0].examples[0].field has the unknown "salary"; known: title',
    ],
  ] as const)("for %j", (changes, fault) => {
    expect(faultsOf(policy(changes as never))[0]).toContain(fault);
  });

  it.each([
    [{ equals: ["obj.owner", "sub.id"] }, '.when has the unknown operator "equals"; known: and, or, not'],
    [{ matches: ["obj.state", "(a+)+$"] }, ".when.matches[1] reads like a regular expression"],
    [{ regex: ["obj.state", "a*"] }, '.when has the unknown operator "regex"'],
    [{ eq: ["obj.owner", "sub.id"], ne: ["obj.owner", "sub.id"] }, ".when must have exactly one operator, and has 2"],
    [{}, ".when must have exactly one operator, and has 0"],
    [[], ".when must be an object such as"],
    [{ and: [] }, ".when.and must be a list of conditions"],
    [
      { and: [{ not: { eq: ["obj.ownr", "sub.id"] } }] },
      '.when.and[0].not.eq[0] names obj.ownr, and the type "contract" has only: owner, state',
    ],
    [{ eq: ["sub.attributes", "x"] }, ".when.eq[0] names sub.attributes, and the subject has only: clearance, id"],
    [{ eq: ["ctx.constructor", "x"] }, ".when.eq[0] names ctx.constructor, and the context has only: time"],
    [{ eq: ["obj.owner"] }, ".when.eq takes a list of two operands"],
    [{ eq: ["obj.owner", null] }, '.when.eq[1] is null, with which every comparison is unknown; use { "exists": … }'],
    [{ eq: ["obj.level", "3"] }, ".when.eq[1] must be a number"],
    [{ eq: ["obj.state", "a\0"] }, ".when.eq[1] must be a text"],
    [{ eq: ["obj.state", "\ud800"] }, ".when.eq[1] must be a text"],
    [{ lt: ["obj.until", "2026-13-01"] }, ".when.lt[1] must be a date such as"],
    [{ lt: ["obj.signedAt", "2026-01-01T00:00:00"] }, ".when.lt[1] must be a moment with time zone"],
    [{ lt: ["obj.amount", 3] }, ".when.lt[1] must be an amount such as"],
    [{ lt: ["obj.urgent", true] }, '.when.lt "lt" has no meaning for yes and no'],
    [{ eq: ["obj.level", "sub.login"] }, ".when.eq compares obj.level (number) with sub.login (text)"],
    [{ eq: [1, 1] }, ".when.eq compares two literals"],
    [{ in: ["obj.department", "sub.department"] }, '.when.in[1] must be a list for "in"'],
    [{ eq: ["obj.tags", "a"] }, '.when.eq[0] must be one value and not a list for "eq"'],
    [{ in: ["obj.level", [1, "2"]] }, ".when.in[1][1] must be a number"],
    [{ in: ["obj.urgent", [true]] }, '.when.in "in" has no meaning for boolean'],
    [{ startsWith: ["obj.level", 1] }, '.when.startsWith "startsWith" compares texts, and this is number'],
    [{ between: ["obj.level", 1] }, ".when.between takes a value, the lowest and the highest"],
    [{ between: ["obj.level", 1, "2"] }, ".when.between[2] must be a number"],
    [{ exists: "owner" }, '.when.exists takes an attribute such as "obj.owner"'],
    [{ eq: ["obj.state", { $ne: "" }] }, ".when.eq[1] must be an attribute, a text"],
  ])("for the condition %j", (condition, fault) => {
    expect(when(condition)[0]).toContain(fault);
  });

  it.each([
    [
      { exists: "obj.partner.country.code" },
      ".when.exists names obj.partner.country.code, and what a condition asks for is one relation away at most",
    ],
    [{ exists: "obj.partner.parent.country" }, "one relation away at most"],
    [
      { eq: ["obj.parent.parent.state", "open"] },
      ".when.eq[0] names obj.parent.parent.state, and what a condition asks for is one relation away at most",
    ],
    [{ eq: ["sub.id", "obj.parent.parent.parent.parent.owner"] }, ".when.eq[1] names obj.parent.parent"],
    [
      { exists: "obj.partner.cuontry" },
      ".when.exists names obj.partner.cuontry, and the record in obj.partner has only: country, parent",
    ],
    [{ exists: "obj.partners.country" }, "obj.partners is a list: only a relation to one record can be followed"],
    [
      { exists: "obj.owner.department" },
      ".when.exists names obj.owner.department, and obj.owner is no relation to a record",
    ],
    [
      { exists: "obj.nobody.country" },
      '.when.exists names obj.nobody.country, and the type "deal" has only: owner, partner, partners, parent',
    ],
    [{ exists: "obj.partner." }, "has only: country, parent"],
    [{ exists: "obj.partner.__proto__" }, "has only: country, parent"],
    [{ lt: ["obj.partner.country", 3] }, ".when.lt[1] must be a text"],
    [
      { exists: "sub.department.parent" },
      ".when.exists names sub.department.parent, and the subject has only: id, login",
    ],
  ])("for the relation in %j", (condition, fault) => {
    const parsed = parsePolicies([policy({ resource: "deal", when: condition as never })], [deal]);
    expect(parsed.ok ? "" : faultsToText(parsed.faults)).toContain(fault);
  });

  it("for several at once, and for an id used twice", () => {
    const faults = faultsOf(policy({ actions: ["fly"] }), policy({ when: { exists: "obj.x" } }));
    expect(faults.map((fault) => fault.split(" ")[0])).toEqual(["[0].actions[0]", "[1].id", "[1].when.exists"]);
  });

  it("as lines for a terminal", () => {
    expect(faultsToText([{ path: "[0].when", words: "is wrong" }])).toBe("policies[0].when is wrong");
  });
});

it("what stands one relation away can be asked for, and the engine says what that is", () => {
  const when = {
    and: [{ eq: ["obj.partner.country", "KZ"] }, { exists: "obj.parent.partner" }, { exists: "obj.owner" }],
  };
  const engine = createAccessEngine({
    policies: [policy({ resource: "deal", when: when as never })],
    resources: [deal, ...resources],
    rev: "1",
  });
  expect(engine.relatedAttributesOf("deal")).toEqual([
    { name: "parent.partner", relation: "parent", attribute: "partner", type: "deal" },
    { name: "partner.country", relation: "partner", attribute: "country", type: "partner" },
  ]);
  expect(engine.relatedAttributesOf("contract")).toEqual([]);
});

describe("what one policy may cost is bounded", () => {
  const leaf = { exists: "obj.owner" };

  it("by the number of conditions", () => {
    expect(when({ and: Array.from({ length: 499 }, () => leaf) })).toEqual([]);
    expect(when({ and: Array.from({ length: 10_000 }, () => leaf) })).toEqual([
      expect.stringContaining("has more than 500 conditions; split the policy"),
    ]);
  });

  it("by depth, without falling over a very deep one", () => {
    let deep: unknown = leaf;
    for (let level = 0; level < 100_000; level++) deep = { not: deep };
    expect(when(deep)).toEqual(["[0] is nested more than 40 deep"]);
    let condition: unknown = leaf;
    for (let level = 1; level < 16; level++) condition = level % 2 ? { and: [condition] } : { or: [condition] };
    expect(when(condition)).toEqual([]);
    expect(when({ and: [condition] })).toEqual([expect.stringContaining("is nested more than 16 deep")]);
  });

  it.each(["subject", "resource", "context"])("by the depth of the %s of an example", (part) => {
    let deep: unknown = 1;
    for (let level = 0; level < 100_000; level++) deep = level % 2 ? { a: deep } : [deep];
    const example = { subject: {}, action: "read", expect: "deny", [part]: { attributes: deep } };
    expect(faultsOf(policy({ examples: [example as never] }))).toEqual(["[0] is nested more than 40 deep"]);
  });

  it("by the length of a list and the number of policies", () => {
    const long = Array.from({ length: 1_001 }, (_, index) => index);
    expect(when({ in: ["obj.level", long] })[0]).toContain("has more than 1000 elements");
    expect(faultsOf(...Array.from({ length: 2_001 }, () => policy({})))).toEqual([" has more than 2000 policies"]);
  });
});

it("an engine refuses policies that were not parsed against its types", () => {
  const policies = [policy({ when: { exists: "obj.unknown" } })];
  expect(() => createAccessEngine({ policies, resources, rev: "1" })).toThrow(
    /policy "a-policy" cannot be used.*obj\.unknown/,
  );
});

it("declared attributes of subjects can be used", () => {
  expect(when({ gte: ["sub.clearance", 3] })).toEqual([]);
});
