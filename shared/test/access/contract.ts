import {
  type Context,
  createAccessEngine,
  faultsToText,
  nobody,
  parsePolicies,
  type Policy,
  type ResourceType,
  type Subject,
} from "../../src/access/index.ts";

/** One type, as an office would have it, for tests that read like examples. */
export const contract: ResourceType = {
  name: "contract",
  sections: { main: ["title", "phone"], terms: ["amount", "until"], pay: ["iban"] },
  attributes: {
    owner: "id",
    state: "text",
    department: "id",
    amount: "money",
    until: "date",
    signedAt: "dateTime",
    level: "number",
    urgent: "boolean",
    tags: "texts",
    readers: "ids",
  },
  actions: ["read", "create", "edit", "delete", "attach", "transition:sign", "transition:end"],
};

export const system: ResourceType = { name: "system", sections: {}, attributes: {}, actions: ["administer"] };

export const noon: Context = { time: "2026-11-21T12:00:00.000Z", channel: "desktop" };
export const anna: Subject = { ...nobody, id: "anna", login: "anna", departments: ["sales", "company"] };

export const policy = (changes: Partial<Policy>): Policy => ({
  id: "a-policy",
  title: "A policy",
  effect: "allow",
  resource: "contract",
  actions: ["read"],
  ...changes,
});

/** Parses first, so that no test runs on what could not be published. */
export function engineOf(...policies: readonly Partial<Policy>[]) {
  const written = policies.map((changes, index) => policy({ id: `p${index}`, ...changes }));
  const resources = [contract, system];
  const parsed = parsePolicies(written, resources);
  if (!parsed.ok) throw new Error(faultsToText(parsed.faults));
  return createAccessEngine({ policies: parsed.policies, resources, rev: "1" });
}

export const aContract = (attributes: Record<string, unknown> = {}) =>
  ({ type: "contract", attributes }) as Parameters<ReturnType<typeof engineOf>["may"]>[2];
