import type { Example, Policy } from "@kontor/shared/access";

/** As policies are written: what is added stands where people look for it, not at the end. */
const POLICY_ORDER = [
  "id",
  "title",
  "effect",
  "resource",
  "actions",
  "sections",
  "mask",
  "when",
  "contact",
  "examples",
];
const EXAMPLE_ORDER = ["name", "subject", "action", "type", "resource", "context", "field", "expect"];

/** Without the key rather than with an undefined one, so that the JSON shows what is said and nothing else. */
export const withPart = <Part extends keyof Policy>(policy: Policy, part: Part, value: Policy[Part]): Policy =>
  changed(policy, part, value, POLICY_ORDER);

export const withExamplePart = <Part extends keyof Example>(
  example: Example,
  part: Part,
  value: Example[Part],
): Example => changed(example, part, value, EXAMPLE_ORDER);

function changed<Whole extends object>(whole: Whole, part: string, value: unknown, order: readonly string[]): Whole {
  if (Object.hasOwn(whole, part) && value !== undefined) return { ...whole, [part]: value };
  const rankOf = (key: string) => (order.includes(key) ? order.indexOf(key) : order.length);
  const kept = Object.entries(whole).filter(([key]) => key !== part);
  const added = value === undefined ? kept : [...kept, [part, value] as const];
  return Object.fromEntries(added.toSorted(([a], [b]) => rankOf(a) - rankOf(b))) as Whole;
}
