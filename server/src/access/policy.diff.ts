import type { Policy, PolicyDiff } from "@kontor/shared/access";
import { canonicalJson, isObject, type Json } from "@kontor/shared/base";
import { idOf } from "./policy.check.ts";

type PlaceOfChange = PolicyDiff["changed"][number]["places"][number];

/** By the id of the policy; within one, every place at which it became another, with what stood there and what stands now. */
export function diffPolicies(before: readonly unknown[], after: readonly unknown[]): PolicyDiff {
  const [old, now] = [keyed(before), keyed(after)];
  const changed = [...now].flatMap(([key, policy]) => {
    const earlier = old.get(key);
    const places = earlier === undefined ? [] : placesOf(earlier as Json, policy as Json, "");
    return places.length === 0 ? [] : [{ id: key, before: earlier as Policy, after: policy as Policy, places }];
  });
  return {
    added: [...now].flatMap(([key, policy]) => (old.has(key) ? [] : [policy as Policy])),
    removed: [...old].flatMap(([key, policy]) => (now.has(key) ? [] : [policy as Policy])),
    changed,
  };
}

/** A draft may have policies without an id, or several with one: those are told apart by what they say. */
function keyed(policies: readonly unknown[]): ReadonlyMap<string, unknown> {
  const found = new Map<string, unknown>();
  for (const policy of policies) {
    const id = idOf(policy);
    const isNamed = typeof id === "string" && id !== "" && !found.has(id);
    found.set(isNamed ? id : `\u0000${canonicalJson(policy as Json)}`, policy);
  }
  return found;
}

function placesOf(before: Json | undefined, after: Json | undefined, place: string): PlaceOfChange[] {
  if (same(before, after)) return [];
  if (Array.isArray(before) && Array.isArray(after)) return placesInList(before, after, place);
  if (isObject(before) && isObject(after)) {
    const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
    return [...keys].flatMap((key) => placesOf(before[key], after[key], place + step(key)));
  }
  return [{ place, ...(before !== undefined && { before }), ...(after !== undefined && { after }) }];
}

/** What is equal at both ends stays in place, so that an inserted element is one change and not a change of all after it. */
function placesInList(before: readonly Json[], after: readonly Json[], place: string): PlaceOfChange[] {
  const shorter = Math.min(before.length, after.length);
  let head = 0;
  while (head < shorter && same(before[head], after[head])) head++;
  let tail = 0;
  while (tail < shorter - head && same(before.at(-1 - tail), after.at(-1 - tail))) tail++;
  const [left, right] = [before.slice(head, before.length - tail), after.slice(head, after.length - tail)];
  return Array.from({ length: Math.max(left.length, right.length) }, (_, at) =>
    placesOf(left[at], right[at], `${place}[${head + at}]`),
  ).flat();
}

const step = (key: string): string => (/^[a-zA-Z_]\w*$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`);
const same = (a: Json | undefined, b: Json | undefined): boolean =>
  (a === undefined) === (b === undefined) && canonicalJson(a) === canonicalJson(b);
