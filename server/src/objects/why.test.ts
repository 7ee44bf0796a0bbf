import { expect, it } from "vitest";
import { createAccessEngine, nobody, parsePolicies, type Subject } from "@kontor/shared/access";
import { attributesOf, defineType } from "@kontor/shared/objects";
import type { RecordRow } from "./objects.repo.ts";
import { projectRecord } from "./projectRecord.ts";

const label = (en: string) => ({ en, ru: en });
const text = (section: string) => ({ kind: "text", label: label("Text"), section }) as const;

const card = defineType({
  name: "card",
  label: label("Card"),
  plural: label("Cards"),
  icon: "id",
  sections: [
    { key: "main", label: label("Main") },
    { key: "bank", label: label("Bank") },
    { key: "pay", label: label("Pay") },
  ],
  fields: {
    name: { ...text("main"), required: true },
    phone: text("main"),
    account: text("bank"),
    salary: text("pay"),
  },
  titleField: "name",
  states: {
    initial: "open",
    list: [
      { key: "open", label: label("Open"), tone: "neutral" },
      { key: "closed", label: label("Closed"), tone: "good" },
    ],
    transitions: [{ key: "close", label: label("Close"), from: ["open"], to: "closed" }],
  },
  list: { columns: ["name"], summary: [], sort: { field: "name", direction: "asc" }, filters: [] },
});

const engine = (() => {
  const resources = [attributesOf(card, [card])];
  const policies = [
    {
      id: "everybody",
      effect: "allow",
      actions: ["read"],
      sections: ["main", "bank"],
      mask: { "bank.account": { redact: "all" } },
    },
    { id: "hr", effect: "allow", actions: ["*"], when: { has: ["sub.groups", "hr"] }, contact: "hr" },
    { id: "clerks", effect: "allow", actions: ["edit"], sections: ["main"], when: { has: ["sub.groups", "clerks"] } },
    { id: "final", effect: "deny", actions: ["edit", "delete"], when: { eq: ["obj.state", "closed"] } },
  ].map((policy) => ({ title: policy.id, resource: "card", ...policy }));
  const parsed = parsePolicies(policies, resources);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.faults));
  return createAccessEngine({ policies: parsed.policies, resources, rev: "1" });
})();

const rowIn = (state: string): RecordRow => ({
  id: "1",
  type: "card",
  fields: { name: "Anna", account: "4417", salary: "5" },
  field_meta: {},
  conflicts: {},
  state,
  state_meta: null,
  owner: null,
  department: null,
  created_at: "2026-11-21T09:00:00.000Z",
  created_by: "1",
  deleted_at: null,
  deleted_by: null,
});

function canOf(groups: readonly string[], state: string, deleted_at: string | null = null) {
  const subject: Subject = { ...nobody, id: "anna", groups };
  const row = { ...rowIn(state), deleted_at };
  const resource = { type: "card", attributes: { ...row.fields, state } };
  const access = engine.accessTo(subject, resource, { time: "2026-11-21T09:00:00.000Z", channel: "desktop" });
  return projectRecord(row, card, access)?.can;
}

it("[POL-5] each refused act and each hidden or redacted section names its policy, and nothing else", () => {
  expect(canOf([], "open")).toEqual({
    edit: [],
    actions: [],
    hidden: ["pay"],
    why: { hr: ["delete", "attach", "transition:close", "edit", "read:pay"], everybody: ["read:bank"] },
  });
});

it("[POL-5] a deny is named for what it takes away, and sections by themselves where the answers differ", () => {
  expect(canOf(["hr"], "closed")).toEqual({
    edit: [],
    actions: ["attach"],
    why: { final: ["delete", "edit"] },
  });
  expect(canOf(["clerks"], "open")?.edit).toEqual(["name", "phone"]); // and not "pay", which they do not see
});

it("says nothing where nothing is refused, and of a record in the trash what concerns the trash", () => {
  expect(canOf(["hr"], "open")).toEqual({ edit: "*", actions: ["delete", "attach", "transition:close"] });
  expect(canOf([], "open", "2026-11-21T09:00:00.000Z")).toEqual({
    edit: [],
    actions: [],
    hidden: ["pay"],
    why: { hr: ["restore", "read:pay"], everybody: ["read:bank"] },
  });
});
