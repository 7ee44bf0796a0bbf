import { expect, it } from "vitest";
import { defineType } from "@kontor/shared/objects";
import { replicaSchemas } from "#contract";
import { defaultSort, departmentsBelow, queryOf, type ListChoice } from "./list.query.ts";

const label = { en: "x", ru: "x" };
const contract = defineType({
  name: "contract",
  label,
  plural: label,
  icon: "file",
  sections: [{ key: "main", label }],
  titleField: "subject",
  fields: { subject: { kind: "text", label, required: true }, amount: { kind: "money", label, currencies: ["EUR"] } },
  list: { columns: ["subject", "amount"], summary: [], sort: { field: "amount", direction: "desc" }, filters: [] },
});
const me = { id: "me", departments: ["d1", "d2"] };
const choice: ListChoice = { type: "contract", trashed: false, scope: "all", ...defaultSort(contract) };

it("asks only what an index of the replica begins with, whatever is chosen", () => {
  const indexes = replicaSchemas.records.indexes.map((index) => index.join());
  for (const sort of ["updatedAt", "subject", "amount"]) {
    const [term] = queryOf({ ...choice, sort }, contract, me).sort ?? [];
    expect(indexes).toContain(`type,trashed,${Object.keys(term ?? {})[0]}`);
  }
  for (const key of ["state", "owner", "department"]) expect(indexes).toContain(`type,trashed,${key},updatedAt`);
});

it("sorts as the type says, and by the last change where it names nothing that can be sorted", () => {
  expect(queryOf(choice, contract, me).sort).toEqual([{ k2: "desc" }]);
  const other = { ...contract, list: { ...contract.list, sort: { field: "nothing", direction: "asc" as const } } };
  expect(defaultSort(other)).toEqual({ sort: "updatedAt", direction: "desc" });
});

it("filters by state, by me, and by my department with those below it", () => {
  expect(queryOf({ ...choice, state: "draft", scope: "mine" }, contract, me).selector).toEqual({
    type: "contract",
    trashed: false,
    state: "draft",
    owner: "me",
  });
  expect(queryOf({ ...choice, scope: "department" }, contract, me).selector).toMatchObject({
    department: { $in: ["d1", "d2"] },
  });
});

it("knows the departments below one, also when the tree is not one", () => {
  const tree = [
    { id: "a", name: label },
    { id: "b", name: label, parentId: "a" },
    { id: "c", name: label, parentId: "b" },
    { id: "d", name: label, parentId: "d" },
  ];
  expect(departmentsBelow("a", tree)).toEqual(["a", "b", "c"]);
  expect(departmentsBelow("d", tree)).toEqual(["d"]);
  expect(departmentsBelow(undefined, tree)).toEqual([]);
});
