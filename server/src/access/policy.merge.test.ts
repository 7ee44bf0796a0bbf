import fc from "fast-check";
import { expect, it } from "vitest";
import { diffPolicies } from "./policy.diff.ts";
import { mergePolicies } from "./policy.merge.ts";

const policies = fc.uniqueArray(
  fc.record({
    id: fc.constantFrom("a", "b", "c", "d", "e"),
    title: fc.constantFrom("x", "y", "z"),
    when: fc.jsonValue(),
  }),
  { selector: ({ id }) => id, maxLength: 5 },
);
const byId = (list: readonly unknown[]) =>
  Object.fromEntries((list as { id: string }[]).map((policy) => [policy.id, policy]));

it("merging with a side that changed nothing gives the other one, without conflicts", () => {
  fc.assert(
    fc.property(policies, policies, (base, changed) => {
      const mine = mergePolicies(base, changed, base);
      const theirs = mergePolicies(base, base, changed);
      expect(mine).toEqual({ policies: changed, conflicts: [] });
      expect(theirs.conflicts).toEqual([]);
      expect(byId(theirs.policies)).toEqual(byId(changed));
      expect(mergePolicies(base, changed, changed)).toEqual({ policies: changed, conflicts: [] });
    }),
  );
});

it("nothing of mine is lost: each policy is mine, or theirs where I changed nothing", () => {
  fc.assert(
    fc.property(policies, policies, policies, (base, mine, theirs) => {
      const { policies: merged, conflicts } = mergePolicies(base, mine, theirs);
      const [old, own, other, result] = [base, mine, theirs, merged].map(byId);
      for (const id of ["a", "b", "c", "d", "e"]) {
        const [before, kept, offered] = [old?.[id], own?.[id], other?.[id]].map((policy) => JSON.stringify(policy));
        const isMineChanged = before !== kept;
        expect(JSON.stringify(result?.[id])).toBe(isMineChanged ? kept : offered);
        expect(conflicts.includes(id)).toBe(isMineChanged && before !== offered && kept !== offered);
      }
    }),
  );
});

it("policies without an id, and all but the first with the same one, stay where they are", () => {
  const mine = [{ title: "nameless" }, { id: "a", title: "first" }, { id: "a", title: "second" }, 7];
  expect(mergePolicies([], mine, [{ id: "b" }])).toEqual({ policies: [...mine, { id: "b" }], conflicts: [] });
});

it("a difference is empty exactly where both say the same, and its places lead from one to the other", () => {
  fc.assert(
    fc.property(policies, policies, (before, after) => {
      const { added, removed, changed } = diffPolicies(before, after);
      const same = JSON.stringify(byId(before)) === JSON.stringify(byId(after));
      const [old, now] = [byId(before), byId(after)];
      expect(added.map(({ id }) => id).every((id) => old[id] === undefined)).toBe(true);
      expect(removed.map(({ id }) => id).every((id) => now[id] === undefined)).toBe(true);
      expect(changed.every(({ places }) => places.length > 0)).toBe(true);
      expect(same && added.length + removed.length + changed.length > 0).toBe(false);
      const kept = Object.keys(now).filter((id) => old[id] !== undefined && !changed.some((each) => each.id === id));
      for (const id of kept) expect(now[id]).toEqual(old[id]);
    }),
  );
});

it("an element that is put into a list is one change, and the same for one taken out", () => {
  const policy = (...actions: readonly string[]) => [{ id: "a", actions }];
  expect(diffPolicies(policy("read", "edit"), policy("delete", "read", "edit")).changed[0]?.places).toEqual([
    { place: ".actions[0]", after: "delete" },
  ]);
  expect(diffPolicies(policy("read", "delete", "edit"), policy("read", "edit")).changed[0]?.places).toEqual([
    { place: ".actions[1]", before: "delete" },
  ]);
  const mask = (rule: string) => [{ id: "a", mask: { "main.phone": rule } }];
  expect(diffPolicies(mask("omit"), mask("x")).changed[0]?.places[0]?.place).toBe('.mask["main.phone"]');
});
