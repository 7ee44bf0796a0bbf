import { expect, it } from "vitest";
import { createAccessEngine, nobody, parsePolicies, type ResourceType, type Subject } from "./index.ts";

const paper: ResourceType = {
  name: "paper",
  sections: { main: ["title"], pay: ["salary", "account"], notes: ["note"] },
  attributes: { id: "id", owner: "id", state: "text" },
  actions: ["read", "edit", "delete", "attach"],
};

const policies = [
  { id: "directory", effect: "allow", actions: ["read", "edit"], sections: ["main"] },
  {
    id: "accounts",
    effect: "allow",
    actions: ["read"],
    sections: ["pay"],
    mask: { "pay.salary": "omit", "pay.account": { redact: "keep-last-2" } },
  },
  { id: "owners", effect: "allow", actions: ["*"], when: { eq: ["obj.owner", "sub.id"] }, contact: "hr" },
  {
    id: "closed",
    effect: "deny",
    actions: ["edit", "delete"],
    when: { eq: ["obj.state", "closed"] },
    contact: "legal",
  },
  { id: "own-pay", effect: "deny", actions: ["edit"], sections: ["pay"], when: { eq: ["obj.owner", "sub.id"] } },
].map((policy) => ({ title: policy.id, resource: "paper", ...policy }));

const engine = (() => {
  const parsed = parsePolicies(policies, [paper]);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.faults));
  return createAccessEngine({ policies: parsed.policies, resources: [paper], rev: "1" });
})();

const anna: Subject = { ...nobody, id: "anna" };
const at = { time: "2026-11-21T09:00:00.000Z", channel: "desktop" } as const;
const access = (owner: string, state = "open") =>
  engine.accessTo(anna, { type: "paper", attributes: { id: "1", owner, state } }, at);

it("[POL-5] names the deny that stands against an act", () => {
  expect(access("anna", "closed").why("delete")).toBe("closed");
  expect(access("anna", "closed").why("edit", "title")).toBe("closed");
  expect(access("anna").why("edit", "salary")).toBe("own-pay");
});

it("[POL-5] names the allow that redacts or leaves out a field", () => {
  expect(access("boris").why("read", "account")).toBe("accounts");
  expect(access("boris").why("edit", "salary")).toBe("accounts");
});

it("[POL-5] where nothing allows it, names the first policy that says whom to ask, and else none", () => {
  expect(access("boris").why("read", "note")).toBe("owners");
  expect(access("boris").why("delete")).toBe("owners");
  expect(access("boris").why("fly")).toBeUndefined();
});

it("[POL-5] names what explain names, for every act that is refused", () => {
  const questions = ["anna", "boris"].flatMap((owner) =>
    ["open", "closed"].flatMap((state) => ["edit", "delete", "attach"].map((action) => ({ owner, state, action }))),
  );
  const named = questions.map(({ owner, state, action }) => {
    const resource = { type: "paper", attributes: { id: "1", owner, state } };
    const { allowed, decidedBy } = engine.explain(anna, action, resource, at);
    return { allowed, explained: decidedBy?.id, why: engine.accessTo(anna, resource, at).why(action) };
  });
  const refused = named.filter(({ allowed }) => !allowed);
  expect(refused.length).toBeGreaterThan(3);
  expect(refused.map(({ why }) => why)).toEqual(refused.map(({ explained }) => explained));
});

it("[POL-2] names the same policy in whatever order they stand", () => {
  const more = [
    { id: "a-second-contact", effect: "allow", actions: ["delete"], contact: "it", when: { eq: ["sub.id", "nobody"] } },
    { id: "also-closed", effect: "deny", actions: ["edit"], when: { eq: ["obj.state", "closed"] } },
  ].map((policy) => ({ title: policy.id, resource: "paper", ...policy }));
  const named = [
    [...policies, ...more],
    [...more, ...policies.toReversed()],
  ].map((list) => {
    const parsed = parsePolicies(list, [paper]);
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.faults));
    const other = createAccessEngine({ policies: parsed.policies, resources: [paper], rev: "1" });
    const of = (owner: string, state: string) =>
      other.accessTo(anna, { type: "paper", attributes: { id: "1", owner, state } }, at);
    return [
      of("boris", "open").why("delete"),
      of("anna", "closed").why("edit", "title"),
      of("boris", "open").why("read", "note"),
    ];
  });
  expect(named[0]).toEqual(["a-second-contact", "also-closed", "owners"]);
  expect(named[1]).toEqual(named[0]);
});
