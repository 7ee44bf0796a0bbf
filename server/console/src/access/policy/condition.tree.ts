import type { Condition } from "@kontor/shared/access";

/**
 * Changes to a condition tree, each giving a new tree. A place in it is a path of indexes from the root: `[]` is the
 * root, `[1, 0]` the first part of the root's second. Groups that lose their last part go with it, since a policy
 * cannot say "all of nothing".
 */
export type TreePath = readonly number[];
export type GroupOp = "and" | "or";

export const isGroup = (condition: Condition): condition is Extract<Condition, { and: unknown } | { or: unknown }> =>
  "and" in condition || "or" in condition;
export const groupOpOf = (condition: Condition): GroupOp | undefined =>
  "and" in condition ? "and" : "or" in condition ? "or" : undefined;

export function partsOf(condition: Condition): readonly Condition[] {
  if ("and" in condition) return condition.and;
  if ("or" in condition) return condition.or;
  return "not" in condition ? [condition.not] : [];
}

export const groupOf = (op: GroupOp, parts: readonly Condition[]): Condition =>
  op === "and" ? { and: parts } : { or: parts };

/** Undefined: nothing is left of it. */
function withParts(condition: Condition, parts: readonly Condition[]): Condition | undefined {
  const [first] = parts;
  if (!first) return undefined;
  if ("not" in condition) return { not: parts.length === 1 ? first : { and: parts } };
  const op = groupOpOf(condition);
  return op ? groupOf(op, parts) : condition;
}

export function partAt(root: Condition, path: TreePath): Condition | undefined {
  let found: Condition | undefined = root;
  for (const index of path) found = found && partsOf(found)[index];
  return found;
}

/** Puts zero, one or several conditions where one was. */
function replaceBy(root: Condition, path: TreePath, by: readonly Condition[]): Condition | undefined {
  const [index, ...rest] = path;
  if (index === undefined) return by.length > 1 ? { and: by } : by[0];
  const parts = partsOf(root);
  const part = parts[index];
  if (!part) return root;
  const changed = rest.length === 0 ? by : listOf(replaceBy(part, rest, by));
  return withParts(root, parts.toSpliced(index, 1, ...changed));
}

const listOf = (condition: Condition | undefined): readonly Condition[] => (condition ? [condition] : []);

export const replaceAt = (root: Condition, path: TreePath, by: Condition): Condition =>
  replaceBy(root, path, [by]) ?? by;

export const removeAt = (root: Condition, path: TreePath): Condition | undefined => replaceBy(root, path, []);

/** At the end of the group there; what is not a group becomes one, of all that hold. */
export function appendTo(
  root: Condition | undefined,
  path: TreePath,
  added: Condition,
): { readonly root: Condition; readonly path: TreePath } {
  if (!root) return { root: added, path: [] };
  const target = partAt(root, path) ?? root;
  const parts = isGroup(target) ? partsOf(target) : [target];
  const group = groupOf(groupOpOf(target) ?? "and", [...parts, added]);
  return { root: replaceAt(root, path, group), path: [...path, parts.length] };
}

export function wrapAt(root: Condition, path: TreePath, op: GroupOp | "not"): Condition {
  const part = partAt(root, path);
  if (!part) return root;
  return replaceAt(root, path, op === "not" ? { not: part } : groupOf(op, [part]));
}

/** A group's parts take its place; of `not`, what it denied. At the root only where one part is left to stand there. */
export function unwrapAt(root: Condition, path: TreePath): Condition {
  const part = partAt(root, path);
  if (!part || !canUnwrap(root, path)) return root;
  return replaceBy(root, path, partsOf(part)) ?? root;
}

export function canUnwrap(root: Condition, path: TreePath): boolean {
  const part = partAt(root, path);
  if (!part || partsOf(part).length === 0) return false;
  const parent = path.length > 0 ? partAt(root, path.slice(0, -1)) : undefined;
  return partsOf(part).length === 1 || (parent !== undefined && isGroup(parent));
}

export const turnGroup = (root: Condition, path: TreePath, op: GroupOp): Condition => {
  const part = partAt(root, path);
  return part && isGroup(part) ? replaceAt(root, path, groupOf(op, partsOf(part))) : root;
};

export interface Moved {
  readonly root: Condition;
  readonly path: TreePath;
}

/**
 * One step up or down in reading order: past a neighbour, or, at the end of its group, out of the group. Undefined
 * where there is nowhere to go.
 */
export function moveBy(root: Condition, path: TreePath, step: -1 | 1): Moved | undefined {
  const index = path.at(-1);
  const parentPath = path.slice(0, -1);
  const parent = path.length > 0 ? partAt(root, parentPath) : undefined;
  const moved = partAt(root, path);
  if (index === undefined || !parent || !moved) return undefined;
  const to = index + step;
  if (isGroup(parent) && to >= 0 && to < partsOf(parent).length) {
    const parts = partsOf(parent).toSpliced(index, 1).toSpliced(to, 0, moved);
    return { root: replaceAt(root, parentPath, groupOf(groupOpOf(parent) ?? "and", parts)), path: [...parentPath, to] };
  }
  return outOf(root, path, moved, step);
}

/** Into the group that is its neighbour in this direction. */
export function moveInto(root: Condition, path: TreePath, step: -1 | 1): Moved | undefined {
  const index = path.at(-1);
  const parentPath = path.slice(0, -1);
  const parent = path.length > 0 ? partAt(root, parentPath) : undefined;
  const moved = partAt(root, path);
  if (index === undefined || !parent || !isGroup(parent) || !moved) return undefined;
  const neighbour = partsOf(parent)[index + step];
  if (!neighbour || !isGroup(neighbour)) return undefined;
  const inside = partsOf(neighbour);
  const grown = groupOf(groupOpOf(neighbour) ?? "and", step < 0 ? [...inside, moved] : [moved, ...inside]);
  const parts = partsOf(parent)
    .with(index + step, grown)
    .toSpliced(index, 1);
  const group = groupOf(groupOpOf(parent) ?? "and", parts);
  const at = step < 0 ? [index - 1, inside.length] : [index, 0];
  return { root: replaceAt(root, parentPath, group), path: [...parentPath, ...at] };
}

/** Beside the nearest group above that has a group around it: what stands in `not` cannot step between two parts. */
function outOf(root: Condition, path: TreePath, moved: Condition, step: -1 | 1): Moved | undefined {
  for (let depth = path.length - 1; depth > 0; depth--) {
    const groupPath = path.slice(0, depth - 1);
    const group = partAt(root, groupPath);
    const index = path[depth - 1] as number;
    if (!group || !isGroup(group)) continue;
    const left = removeAt(partsOf(group)[index] as Condition, path.slice(depth));
    const kept = partsOf(group).toSpliced(index, 1, ...listOf(left));
    const to = step < 0 ? index : index + (left ? 1 : 0);
    const parts = kept.toSpliced(to, 0, moved);
    return {
      root: replaceAt(root, groupPath, groupOf(groupOpOf(group) ?? "and", parts)),
      path: [...groupPath, to],
    };
  }
  return undefined;
}

/** As the server names places in a policy: `.when.and[0].not`. */
export function placeAt(root: Condition, path: TreePath): string {
  let place = ".when";
  let at: Condition | undefined = root;
  for (const index of path) {
    if (!at) break;
    const op = groupOpOf(at);
    place += op ? `.${op}[${index}]` : ".not";
    at = partsOf(at)[index];
  }
  return place;
}

export const conditionCount = (condition: Condition | undefined): number =>
  condition ? 1 + partsOf(condition).reduce((sum, part) => sum + conditionCount(part), 0) : 0;
