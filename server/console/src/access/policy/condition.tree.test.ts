import fc from "fast-check";
import { expect, it } from "vitest";
import type { Condition } from "@kontor/shared/access";
import { anyCondition } from "./policy.arbitrary.ts";
import {
  appendTo,
  canUnwrap,
  moveBy,
  moveInto,
  partAt,
  partsOf,
  placeAt,
  removeAt,
  replaceAt,
  type TreePath,
  turnGroup,
  unwrapAt,
  wrapAt,
} from "./condition.tree.ts";

const a: Condition = { eq: ["obj.owner", "sub.id"] };
const b: Condition = { ne: ["obj.state", "draft"] };
const c: Condition = { exists: "obj.department" };

const pathsOf = (root: Condition, at: TreePath = []): readonly TreePath[] => [
  at,
  ...partsOf(root).flatMap((part, index) => pathsOf(part, [...at, index])),
];
const leavesOf = (root: Condition): readonly string[] =>
  partsOf(root).length === 0 ? [JSON.stringify(root)] : partsOf(root).flatMap(leavesOf);
const treeAndPath = anyCondition.chain((root) => fc.tuple(fc.constant(root), fc.constantFrom(...pathsOf(root))));

it("removes a condition, and the groups that are left empty", () => {
  expect(removeAt({ and: [a, { or: [{ not: b }] }] }, [1, 0, 0])).toEqual({ and: [a] });
  expect(removeAt({ and: [a] }, [0])).toBeUndefined();
});

it("adds to a group, and makes one of what is none", () => {
  expect(appendTo(undefined, [], a)).toEqual({ root: a, path: [] });
  expect(appendTo(a, [], b)).toEqual({ root: { and: [a, b] }, path: [1] });
  expect(appendTo({ and: [a, { or: [b] }] }, [1], c)).toEqual({ root: { and: [a, { or: [b, c] }] }, path: [1, 1] });
});

it("moves within a group, out of it and into the next one", () => {
  expect(moveBy({ and: [a, b] }, [0], 1)).toEqual({ root: { and: [b, a] }, path: [1] });
  expect(moveBy({ and: [a, b] }, [0], -1)).toBeUndefined();
  expect(moveBy({ and: [{ or: [a, b] }, c] }, [0, 1], 1)).toEqual({ root: { and: [{ or: [a] }, b, c] }, path: [1] });
  expect(moveBy({ and: [{ or: [a] }, c] }, [0, 0], -1)).toEqual({ root: { and: [a, c] }, path: [0] });
  expect(moveBy({ and: [c, { not: a }] }, [1, 0], -1)).toEqual({ root: { and: [c, a] }, path: [1] });
  expect(moveInto({ and: [{ or: [a] }, c] }, [1], -1)).toEqual({ root: { and: [{ or: [a, c] }] }, path: [0, 1] });
  expect(moveInto({ and: [c, { or: [a] }] }, [0], 1)).toEqual({ root: { and: [{ or: [c, a] }] }, path: [0, 0] });
});

it("wraps and unwraps, and turns all into any", () => {
  expect(wrapAt({ and: [a, b] }, [1], "not")).toEqual({ and: [a, { not: b }] });
  expect(unwrapAt({ and: [a, { or: [b, c] }] }, [1])).toEqual({ and: [a, b, c] });
  expect(canUnwrap({ and: [a, b] }, [])).toBe(false);
  expect(unwrapAt({ not: a }, [])).toEqual(a);
  expect(turnGroup({ and: [a, b] }, [], "or")).toEqual({ or: [a, b] });
});

it("names places as the server does", () => {
  expect(placeAt({ and: [a, { not: { or: [b, c] } }] }, [1, 0, 1])).toBe(".when.and[1].not.or[1]");
});

it("unwraps what it wrapped, in any tree at any place", () => {
  fc.assert(
    fc.property(treeAndPath, fc.constantFrom("and" as const, "or" as const, "not" as const), ([root, path], op) => {
      expect(unwrapAt(wrapAt(root, path, op), path)).toEqual(root);
    }),
  );
});

it("loses no condition by moving, and finds what it moved where it says", () => {
  fc.assert(
    fc.property(treeAndPath, fc.constantFrom(-1 as const, 1 as const), fc.boolean(), ([root, path], step, into) => {
      const moved = (into ? moveInto : moveBy)(root, path, step);
      fc.pre(moved !== undefined);
      expect(leavesOf(moved.root).toSorted()).toEqual(leavesOf(root).toSorted());
      expect(partAt(moved.root, moved.path)).toEqual(partAt(root, path));
    }),
  );
});

it("puts back what it replaced", () => {
  fc.assert(
    fc.property(treeAndPath, ([root, path]) => {
      const part = partAt(root, path) as Condition;
      expect(replaceAt(replaceAt(root, path, a), path, part)).toEqual(root);
    }),
  );
});
