import { expect, it } from "vitest";
import { contract, policy, system } from "../../test/access/contract.ts";
import {
  attributesOfSubjectUsed,
  createAccessEngine,
  type Policy,
  type ResourceType,
  typesConcerned,
} from "./index.ts";

const invoice: ResourceType = { ...contract, name: "invoice" };
const server: ResourceType = { ...system, onlyByName: true };
const engineOf = (policies: readonly Policy[], resources: readonly ResourceType[] = [contract, invoice, server]) =>
  createAccessEngine({ policies, resources, rev: "1", subjectAttributes: { region: "text" } });

const everyone = policy({ id: "everyone", resource: "*", actions: ["read"] });
const owner = policy({ id: "owner", resource: "contract", when: { eq: ["obj.owner", "sub.id"] } });
const region = policy({
  id: "region",
  resource: "invoice",
  actions: ["edit"],
  when: { and: [{ eq: ["obj.state", "sub.region"] }, { not: { any: ["sub.groups", ["temps"]] } }] },
});

const concerned = (before: readonly Policy[], after: readonly Policy[]) =>
  [...typesConcerned(engineOf(before), engineOf(after))].sort();

it("names the types of policies that were added, removed or changed", () => {
  expect(concerned([everyone, owner], [everyone, owner])).toEqual([]);
  expect(concerned([everyone], [everyone, owner])).toEqual(["contract"]);
  expect(concerned([everyone, region], [everyone])).toEqual(["invoice"]);
  expect(concerned([owner], [{ ...owner, effect: "deny" }])).toEqual(["contract"]);
  expect(concerned([owner], [{ ...owner, when: { ne: ["obj.owner", "sub.id"] } }])).toEqual(["contract"]);
  expect(concerned([owner], [{ ...owner, mask: { "main.phone": "omit" } }])).toEqual(["contract"]);
  expect(concerned([owner], [{ ...owner, resource: "invoice" }])).toEqual(["contract", "invoice"]);
});

it("a policy for every type concerns all that it means", () => {
  expect(concerned([], [everyone])).toEqual(["contract", "invoice"]);
});

it("[POL-2] order, words and examples are nothing that a decision depends on", () => {
  expect(concerned([everyone, owner], [owner, everyone])).toEqual([]);
  const asked = { ...owner, contact: "hr" };
  expect(concerned([asked], [{ ...asked, title: "Anew", contact: "it@example.org", examples: [] }])).toEqual([]);
});

it("[POL-5] whether a policy names somebody to ask decides where it is named itself", () => {
  expect(concerned([owner], [{ ...owner, contact: "hr" }])).toEqual(["contract"]);
});

it("a type that has changed is concerned, and so is one that is new", () => {
  const before = engineOf([everyone], [contract]);
  const wider = { ...contract, sections: { ...contract.sections, notes: ["note"] } };
  expect([...typesConcerned(before, engineOf([everyone], [wider, invoice]))].sort()).toEqual(["contract", "invoice"]);
});

it("an attribute that has become another kind is another condition", () => {
  const numbers = createAccessEngine({
    policies: [policy({ when: { eq: ["obj.level", "sub.rank"] } })],
    resources: [contract],
    rev: "1",
    subjectAttributes: { rank: "number" },
  });
  const texts = createAccessEngine({
    policies: [policy({ when: { eq: ["obj.level", "sub.rank"] } })],
    resources: [{ ...contract, attributes: { ...contract.attributes, level: "text" } }],
    rev: "1",
    subjectAttributes: { rank: "text" },
  });
  expect([...typesConcerned(numbers, texts)]).toEqual(["contract"]);
});

it("names what of the subject the policies of a type ask for", () => {
  const engine = engineOf([everyone, owner, region]);
  expect([...attributesOfSubjectUsed(engine, "contract")]).toEqual(["id"]);
  expect([...attributesOfSubjectUsed(engine, "invoice")].sort()).toEqual(["groups", "region"]);
  expect(attributesOfSubjectUsed(engine, "system").size).toBe(0);
  expect(attributesOfSubjectUsed(engine, "unheard-of").size).toBe(0);
});
