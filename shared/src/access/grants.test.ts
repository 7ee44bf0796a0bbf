import { expect, it } from "vitest";
import {
  createAccessEngine,
  grantAttributes,
  grantPolicies,
  nobody,
  parsePolicies,
  withGrants,
  withoutGrants,
  type ActiveGrant,
  type ResourceType,
  type Subject,
} from "./index.ts";

const deal: ResourceType = {
  name: "deal",
  sections: { main: ["subject"], pay_terms: ["bonus"], papers: ["scan"] },
  attributes: { id: "id", owner: "id" },
  actions: ["read", "edit", "delete", "attach", "transition:sign"],
};
const deny = {
  id: "secret",
  title: "Secret",
  effect: "deny",
  resource: "deal",
  actions: ["edit"],
  sections: ["papers"],
};

const engineWith = (policies: readonly unknown[]) => {
  const subjectAttributes = grantAttributes([deal]);
  const parsed = parsePolicies([...policies, ...grantPolicies([deal])], [deal], { subjectAttributes });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.faults));
  return createAccessEngine({ policies: parsed.policies, resources: [deal], rev: "1", subjectAttributes });
};

const fileSections = () => ["papers"];
const at = { time: "2026-11-21T09:00:00.000Z", channel: "desktop" } as const;
const grant = (change: Partial<ActiveGrant>): ActiveGrant => ({
  recordId: "r1",
  type: "deal",
  level: "read",
  sections: ["main"],
  until: "2027-01-01T00:00:00.000Z",
  ...change,
});
const subjectWith = (...grants: readonly ActiveGrant[]): Subject => ({
  ...nobody,
  id: "anna",
  attributes: withGrants({}, grants, fileSections) as Subject["attributes"],
});
const accessTo = (subject: Subject, id = "r1", policies: readonly unknown[] = []) =>
  engineWith(policies).accessTo(subject, { type: "deal", attributes: { id } }, at);

it("[VIS-2] a grant opens its sections of its record, and nothing else", () => {
  const granted = accessTo(subjectWith(grant({})));
  expect(granted.visibleFields()).toEqual(["subject"]);
  expect(granted.editable("subject")).toBe(false);
  expect(accessTo(subjectWith(grant({})), "r2").readable).toBe(false);
  expect(accessTo({ ...nobody, id: "anna" }).readable).toBe(false);
});

it("a grant to edit includes reading, and never deleting, a step, or the files of a section that it does not cover", () => {
  const granted = accessTo(subjectWith(grant({ level: "edit", sections: ["main", "pay_terms"] })));
  expect([granted.field("bonus"), granted.editable("bonus")]).toEqual(["visible", true]);
  expect(["delete", "transition:sign", "attach"].map((action) => granted.may(action))).toEqual([false, false, false]);
  expect(accessTo(subjectWith(grant({ level: "edit", sections: ["papers"] }))).may("attach")).toBe(true);
});

it("[POL-2] a deny wins over a grant", () => {
  const granted = accessTo(subjectWith(grant({ level: "edit", sections: ["main", "papers"] })), "r1", [deny]);
  expect([granted.editable("subject"), granted.editable("scan")]).toEqual([true, false]);
  expect(granted.why("edit", "scan")).toBe("secret");
});

it("[POL-4] the filter selects granted records and no others", () => {
  const engine = engineWith([]);
  expect(engine.couldEver({ ...nobody, id: "anna" }, "read", "deal", at)).toBe(false);
  expect(engine.couldEver(subjectWith(grant({})), "read", "deal", at)).toBe(true);
});

it("no attribute from a directory passes for a grant", () => {
  const forged = { "granted.deal.main.read": ["r2"], clearance: 3 };
  expect(withGrants(forged, [], fileSections)).toEqual({ clearance: 3 });
  expect(withoutGrants(subjectWith(grant({})).attributes)).toEqual({});
});
