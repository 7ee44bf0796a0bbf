import { describe, expect, it } from "vitest";
import { aContract, anna, contract, engineOf, noon, policy, system } from "../../test/access/contract.ts";
import { type Condition, createAccessEngine, runExamples } from "./index.ts";

const isOwner: Condition = { eq: ["obj.owner", "sub.id"] };
const mine = aContract({ owner: "anna", state: "draft" });
const other = aContract({ owner: "boris", state: "draft" });

describe("what is granted", () => {
  it("[POL-1] nothing without a policy, and the reason says so", () => {
    const engine = engineOf({ actions: ["edit"] });
    expect(engine.may(anna, "read", mine, noon)).toEqual({ allowed: false, reason: "no-policy" });
    const access = engine.accessTo(anna, mine, noon);
    expect([access.readable, access.field("title"), access.visibleFields(), access.may("edit")]).toEqual([
      false,
      "absent",
      [],
      false,
    ]);
  });

  it("[POL-1] a field that no section lists is absent, also to whoever may read everything", () => {
    expect(engineOf({}).accessTo(anna, mine, noon).field("unlisted")).toBe("absent");
  });

  it("[POL-1] unknown types and actions are refused, also when their names are those of an object's own members", () => {
    const engine = engineOf({ resource: "*", actions: ["*"] });
    expect(engine.may(anna, "read", { type: "constructor", attributes: {} }, noon).reason).toBe("unknown-type");
    expect(engine.may(anna, "toString", mine, noon).reason).toBe("unknown-action");
    expect(engine.accessTo(anna, { type: "__proto__", attributes: {} }, noon).readable).toBe(false);
  });

  it("[POL-1] a policy for every type does not open what must be named", () => {
    const server = { ...system, onlyByName: true };
    const everything = policy({ resource: "*", actions: ["*"] });
    const engine = createAccessEngine({ policies: [everything], resources: [contract, server], rev: "1" });
    expect(engine.may(anna, "read", mine, noon).allowed).toBe(true);
    expect(engine.may(anna, "administer", { type: "system", attributes: {} }, noon).reason).toBe("no-policy");
  });

  it("[POL-2] a deny wins, whichever comes first", () => {
    const allow = { actions: ["*"] };
    const deny = { effect: "deny" as const, actions: ["read"], when: { eq: ["obj.state", "draft"] } as const };
    for (const engine of [engineOf(allow, deny), engineOf(deny, allow)]) {
      expect(engine.may(anna, "read", mine, noon)).toMatchObject({ allowed: false, reason: "denied" });
      expect(engine.may(anna, "read", aContract({ state: "signed" }), noon).allowed).toBe(true);
    }
  });

  it("[POL-3] a missing, null or wrong attribute keeps an allow from applying and a deny from not applying", () => {
    const allow = engineOf({ when: isOwner });
    const deny = engineOf({}, { effect: "deny", when: isOwner });
    for (const attributes of [{}, { owner: null }, { owner: 7 }, { owner: ["anna"] }]) {
      expect(allow.may(anna, "read", aContract(attributes), noon).allowed).toBe(false);
      expect(deny.may(anna, "read", aContract(attributes), noon).allowed).toBe(false);
    }
    expect(deny.may(anna, "read", other, noon).allowed).toBe(true);
  });

  it("[POL-3] not does not turn unknown into true", () => {
    const engine = engineOf({ when: { not: { gt: ["obj.level", 3] } } });
    expect(engine.may(anna, "read", aContract({ level: null }), noon).allowed).toBe(false);
    expect(engine.may(anna, "read", aContract({ level: 3 }), noon).allowed).toBe(true);
  });

  it("needs read for everything but creating, where the type can be read", () => {
    const engine = engineOf(
      { actions: ["create", "edit", "transition:*"] },
      { resource: "system", actions: ["administer"] },
    );
    expect(engine.may(anna, "edit", mine, noon)).toEqual({ allowed: false, reason: "not-readable" });
    expect(engine.may(anna, "transition:sign", mine, noon).reason).toBe("not-readable");
    expect(engine.may(anna, "create", mine, noon).allowed).toBe(true);
    expect(engine.may(anna, "administer", { type: "system", attributes: {} }, noon).allowed).toBe(true);
  });

  it("takes transition:* for every transition and nothing else", () => {
    const engine = engineOf({ actions: ["read", "transition:*"] });
    const access = engine.accessTo(anna, mine, noon);
    expect(["transition:sign", "transition:end", "delete"].map((action) => access.may(action))).toEqual([
      true,
      true,
      false,
    ]);
  });
});

describe("sections and masks", () => {
  it("[VIS-2] an allow with sections grants these and no others", () => {
    const access = engineOf({ sections: ["main"] }).accessTo(anna, mine, noon);
    expect(access.visibleFields()).toEqual(["title", "phone"]);
    expect(access.field("iban")).toBe("absent");
  });

  it("a mask concerns what its own policy grants: plain beats redacted beats absent", () => {
    const masked = { mask: { "main.phone": { redact: "keep-last-2" }, "pay.iban": "omit" } } as const;
    const weaker = { mask: { "main.phone": { redact: "all" }, "pay.iban": { redact: "all" } } } as const;
    const field = (engine: ReturnType<typeof engineOf>, name: string) => engine.accessTo(anna, mine, noon).field(name);
    expect(field(engineOf(masked), "phone")).toEqual({ redact: "keep-last-2" });
    expect(field(engineOf(masked), "iban")).toBe("absent");
    expect(field(engineOf(masked, weaker), "phone")).toEqual({ redact: "keep-last-2" });
    expect(field(engineOf(weaker, masked), "iban")).toEqual({ redact: "all" });
    expect(field(engineOf(masked, { sections: ["main"] }), "phone")).toBe("visible");
    expect(field(engineOf(masked, { when: { eq: ["sub.id", "boris"] } }), "phone")).toEqual({ redact: "keep-last-2" });
  });

  it("a deny with sections takes these away, one without takes all", () => {
    const pay = engineOf({}, { effect: "deny", sections: ["pay"] }).accessTo(anna, mine, noon);
    expect([pay.readable, pay.field("title"), pay.field("iban")]).toEqual([true, "visible", "absent"]);
    const all = engineOf({}, { effect: "deny" }).accessTo(anna, mine, noon);
    expect([all.readable, all.field("title")]).toEqual([false, "absent"]);
  });

  it("what is left of no section is not readable", () => {
    const engine = engineOf({ sections: ["pay"] }, { effect: "deny", sections: ["pay"] });
    expect(engine.accessTo(anna, mine, noon).readable).toBe(false);
    expect(engine.may(anna, "read", mine, noon)).toEqual({ allowed: false, policyId: "p1", reason: "denied" });
  });

  it("equal masks have equal keys, different ones and different types do not", () => {
    const engine = engineOf(
      { when: isOwner },
      { sections: ["main"] },
      { actions: ["read"], sections: ["main"], when: isOwner },
    );
    const key = (attributes: Record<string, unknown>) => engine.accessTo(anna, aContract(attributes), noon).maskKey;
    expect(key({ owner: "anna" })).toBe(key({ owner: "anna", state: "signed" }));
    expect(key({ owner: "anna" })).not.toBe(key({ owner: "boris" }));
    expect(key({ owner: "boris" })).toBe(key({}));
  });
});

describe("editing", () => {
  it("[POL-7] is decided per field", () => {
    const access = engineOf(
      {},
      { actions: ["edit"], sections: ["main", "terms"], mask: { "terms.until": "omit" } },
    ).accessTo(anna, mine, noon);
    const editable = ["title", "amount", "until", "iban", "unlisted"].filter((field) => access.editable(field));
    expect(editable).toEqual(["title", "amount"]);
  });

  it("[POL-7] what cannot be read plain cannot be edited", () => {
    const reading = { mask: { "main.phone": { redact: "all" }, "pay.iban": "omit" } } as const;
    const access = engineOf(reading, { actions: ["edit"] }).accessTo(anna, mine, noon);
    expect(["title", "phone", "iban"].filter((field) => access.editable(field))).toEqual(["title"]);
  });

  it("[POL-7] a new record may come with the fields that creating grants and reading does not hide", () => {
    const creating = { actions: ["create"], sections: ["main", "pay"] };
    const fillable = (engine: ReturnType<typeof engineOf>) =>
      ["title", "amount", "iban"].filter((field) => engine.accessTo(anna, mine, noon).fillable(field));
    expect(fillable(engineOf(creating))).toEqual(["title", "iban"]);
    expect(fillable(engineOf(creating, { sections: ["main"] }))).toEqual(["title"]);
  });
});

describe("conditions", () => {
  const holds = (when: Condition, attributes: Record<string, unknown>, context = noon) =>
    engineOf({ when }).may(anna, "read", aContract(attributes), context).allowed;

  it("[POL-4] text is ordered by code points: U+1F600 comes after U+FFFD, though its UTF-16 units do not", () => {
    expect(["\uFFFD", "😀"].sort()).toEqual(["😀", "\uFFFD"]);
    expect(holds({ gt: ["obj.state", "\uFFFD"] }, { state: "😀" })).toBe(true);
    expect(holds({ lt: ["obj.state", "a"] }, { state: "B" })).toBe(true);
  });

  it("amounts are exact, and of different currencies neither is more", () => {
    const amount = (value: string, currency = "EUR") => ({ amount: { amount: value, currency } });
    const limit = { amount: "999999999999999999.0001", currency: "EUR" };
    expect(holds({ gte: ["obj.amount", limit] }, amount("999999999999999999.0001"))).toBe(true);
    expect(holds({ gte: ["obj.amount", limit] }, amount("999999999999999999.0000"))).toBe(false);
    expect(holds({ eq: ["obj.amount", { amount: "1.0", currency: "EUR" }] }, amount("1"))).toBe(true);
    for (const op of ["lt", "gte"])
      expect(holds({ [op]: ["obj.amount", limit] } as never, amount("1", "RUB"))).toBe(false);
    expect(holds({ ne: ["obj.amount", limit] }, amount("1", "RUB"))).toBe(true);
  });

  it("a moment in a policy may have any time zone", () => {
    const when: Condition = { gte: ["obj.signedAt", "2026-01-01T03:00:00+03:00"] };
    expect(holds(when, { signedAt: "2026-01-01T00:00:00.000Z" })).toBe(true);
    expect(holds(when, { signedAt: "2025-12-31T23:59:59.999Z" })).toBe(false);
  });

  it("between includes both ends", () => {
    const when: Condition = { between: ["obj.until", "2026-01-01", "2026-01-31"] };
    const days = ["2025-12-31", "2026-01-01", "2026-01-31", "2026-02-01"];
    expect(days.filter((until) => holds(when, { until }))).toEqual(["2026-01-01", "2026-01-31"]);
  });

  it("a list may be empty, and an element may be missing", () => {
    expect(holds({ all: ["obj.tags", []] }, { tags: [] })).toBe(true);
    expect(holds({ all: ["obj.tags", []] }, {})).toBe(false);
    expect(holds({ nin: ["obj.state", []] }, {})).toBe(false);
    expect(holds({ any: ["obj.readers", "sub.departments"] }, { readers: ["x", "sales"] })).toBe(true);
    expect(holds({ has: ["obj.tags", "urgent"] }, { tags: "urgent" })).toBe(false);
  });

  it("a text that looks like an attribute is written as { text }", () => {
    expect(holds({ eq: ["obj.state", { text: "sub.id" }] }, { state: "sub.id" })).toBe(true);
  });

  it("the context counts", () => {
    const when: Condition = { in: ["ctx.channel", ["desktop", "console"]] };
    expect([holds(when, {}), holds(when, {}, { ...noon, channel: "api" })]).toEqual([true, false]);
  });
});

describe("examples", () => {
  it("[POL-8] failing ones are named with their place", () => {
    const engine = engineOf({
      when: isOwner,
      examples: [
        { subject: { id: "a" }, action: "read", resource: { owner: "a" }, expect: "allow" },
        { name: "strangers", subject: { id: "b" }, action: "read", resource: { owner: "a" }, expect: "allow" },
        { subject: { id: "a" }, action: "read", resource: { owner: "a" }, field: "iban", expect: "deny" },
      ],
    });
    expect(runExamples(engine)).toEqual([
      { policyId: "p0", at: ".examples[1]", name: "strangers", expected: "allow" },
      { policyId: "p0", at: ".examples[2]", expected: "deny" },
    ]);
  });
});

it("refuses a type whose field stands in two sections: its mask would have two answers", () => {
  const type = { ...contract, sections: { main: ["title"], pay: ["title"] } };
  expect(() => createAccessEngine({ policies: [], resources: [type], rev: "1" })).toThrow(
    /"title" stands in two sections/,
  );
});

it("couldEver is false only where no resource could be allowed", () => {
  const engine = engineOf(
    { actions: ["create"], when: { and: [{ eq: ["sub.id", "boris"] }, isOwner] } },
    { when: isOwner },
  );
  expect(engine.couldEver(anna, "create", "contract", noon)).toBe(false);
  expect(engine.couldEver(anna, "read", "contract", noon)).toBe(true);
  expect(engine.couldEver(anna, "edit", "contract", noon)).toBe(false);
});
