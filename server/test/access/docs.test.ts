import { readFile } from "node:fs/promises";
import {
  createAccessEngine,
  faultsToText,
  operators,
  parsePolicies,
  type ResourceType,
  runExamples,
} from "@kontor/shared/access";
import { beforeAll, expect, it } from "vitest";

/** The page for configuration developers says nothing that the engine would refuse. */
const contract: ResourceType = {
  name: "contract",
  sections: { main: ["title", "phone"], terms: ["amount"], pay: ["iban"] },
  attributes: {
    owner: "id",
    department: "id",
    state: "text",
    amount: "money",
    title: "text",
    createdAt: "dateTime",
    counterparty: "id",
    "counterparty.country": "text",
  },
  relations: { counterparty: "counterparty" },
  actions: ["read", "create", "edit", "delete", "transition:sign"],
};

let page: string;
beforeAll(async () => {
  page = await readFile(new URL("../../../docs/access.md", import.meta.url), "utf8");
});

it("[POL-8] the policies in docs/access.md parse, and their examples hold", () => {
  const written = [...page.matchAll(/^```json\n(.*?)^```$/gms)].map(([, json = ""]) => JSON.parse(json) as unknown);
  const parsed = parsePolicies(written, [contract]);
  expect(parsed.ok ? "" : faultsToText(parsed.faults)).toBe("");
  const policies = parsed.ok ? parsed.policies : [];
  expect(policies.length).toBeGreaterThan(3);
  expect(runExamples(createAccessEngine({ policies, resources: [contract], rev: "docs" }))).toEqual([]);
});

it("docs/access.md lists every operator", () => {
  expect(operators.filter((operator) => !page.includes(`\`${operator}\``))).toEqual([]);
});
