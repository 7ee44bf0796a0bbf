import { expect, it } from "vitest";
import { policyBehind } from "./question.ts";

const can = {
  edit: [],
  actions: [],
  why: { final: ["delete", "edit"], hr: ["read:pay", "transition:sign"], clerks: ["edit:terms"] },
};

it("[POL-5] finds the policy that came with the record for an act, a section, and a step", () => {
  const of = (act: string, section?: string) => policyBehind({ can }, { act, ...(section && { section }) });
  expect([of("delete"), of("edit", "main"), of("read", "pay"), of("transition:sign")]).toEqual([
    "final",
    "final",
    "hr",
    "hr",
  ]);
  expect([of("read", "main"), of("attach"), of("transition:close")]).toEqual([undefined, undefined, undefined]);
  expect(policyBehind({ can: { edit: [], actions: [], why: { clerks: ["edit:terms"] } } }, { act: "edit" })).toBe(
    "clerks",
  );
  expect(policyBehind({ can: { edit: "*", actions: [] } }, { act: "edit", section: "main" })).toBeUndefined();
});
