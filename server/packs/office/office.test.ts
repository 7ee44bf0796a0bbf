import { describe, expect, it } from "vitest";
import { createAccessEngine, faultsToText, parsePolicies, runExamples, type Policy } from "@kontor/shared/access";
import { locales } from "@kontor/shared/base";
import { systemResource } from "#access";
import { mailResources } from "#mail";
import { objectTypeResource, resourceTypesOf } from "#objects";
import { peopleResources } from "#people";
import { office } from "./index.ts";

const resources = [
  ...resourceTypesOf(office.types),
  ...peopleResources,
  objectTypeResource,
  systemResource,
  ...mailResources,
];
const subjectAttributes = Object.fromEntries(
  Object.entries(office.subjectAttributes ?? {}).map(([name, { kind }]) => [name, kind]),
);
const engineOf = (policies: readonly Policy[]) => {
  const parsed = parsePolicies(policies, resources, { subjectAttributes });
  if (!parsed.ok) throw new Error(faultsToText(parsed.faults));
  return createAccessEngine({ policies: parsed.policies, resources, rev: "office", subjectAttributes });
};

describe("the office pack", () => {
  it("[POL-8] has policies that fit its types and examples that hold", () => {
    expect(runExamples(engineOf(office.policies))).toEqual([]);
    expect(office.policies.flatMap((policy) => policy.examples ?? []).length).toBeGreaterThanOrEqual(8);
  });

  it.each(["contract-department-read", "contract-heads", "employee-self", "invoice-accounting", "employee-hr-own-pay"])(
    "[POL-8] has examples that fail without the policy that they are for: %s",
    (id) => {
      const never = { eq: ["sub.login", "nobody at all"] } as const;
      const without = office.policies.map((policy) => (policy.id === id ? { ...policy, when: never } : policy));
      expect(runExamples(engineOf(without)).map(({ policyId }) => policyId)).toContain(id);
    },
  );

  it("says everything in both languages, and in Russian letters", () => {
    const russian = [...JSON.stringify(office.types).matchAll(/"ru":"([^"]*)"/g)].map((match) => match[1] ?? "");
    expect(locales).toEqual(["en", "ru"]);
    expect(russian.filter((words) => !/[а-яё]/i.test(words) && !/^[\d %]+$|^IBAN$/.test(words))).toEqual([]);
  });

  it("[POL-1] gives nothing to somebody without department and groups but what is for everybody", () => {
    const engine = engineOf(office.policies);
    const nobody = {
      id: "n",
      login: "n",
      groups: [],
      department: null,
      departments: [],
      subtree: [],
      positions: [],
      managers: [],
      isAdmin: false,
      attributes: {},
    };
    const context = { time: "2026-03-02T10:00:00.000Z", channel: "desktop" } as const;
    const readable = resources
      .map(({ name }) => name)
      .filter(
        (type) =>
          engine.accessTo(
            nobody,
            { type, attributes: { id: "x", state: "signed", owner: "y", createdBy: "y", department: "z" } },
            context,
          ).readable,
      );
    expect(readable.sort()).toEqual([
      "counterparty",
      "department",
      "employee",
      "group",
      "objectType",
      "person",
      "position",
    ]);
  });
});
