import { expect, it } from "vitest";
import type { Policy } from "@kontor/shared/access";
import { changesOf } from "./draft.changes.ts";

const policy = (id: string, title = id): Policy => ({
  id,
  title,
  effect: "allow",
  resource: "contract",
  actions: ["read"],
});

it("says what a draft added, changed and removed, whatever the order of keys", () => {
  const { title, ...rest } = policy("same");
  const items = [
    { key: "1", policy: { title, ...rest } },
    { key: "2", policy: policy("changed", "Other words") },
    { key: "3", policy: policy("new") },
  ];
  const changes = changesOf(items, [policy("same"), policy("changed"), policy("gone")]);
  expect([...changes.ofItem.values()]).toEqual(["same", "changed", "added"]);
  expect(changes.removed.map(({ id }) => id)).toEqual(["gone"]);
  expect(changes.count).toBe(3);
});
