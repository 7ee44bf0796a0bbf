import type { AttributeKind, Condition, Context, Policy, Subject } from "@kontor/shared/access";
import type { Json } from "@kontor/shared/base";
import fc from "fast-check";
import { type Column, columns, idOfRow, relatedColumns, resourceType, type Row } from "./columns.ts";
import { ADDRESSES, PATTERNS, RANGES, UUIDS, VALID, valuesOf } from "./nasty.ts";

/** Policies, subjects, contexts and rows at random, of few and nasty values, so that comparisons are often true. */

/* ---------- values ---------- */

const text = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom("a", "B", "\uFFFD", "😀", "10", "true") },
  { weight: 4, arbitrary: fc.constantFrom(...VALID.text) },
  { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 4 }).map((value) => value.replaceAll("\0", "")) },
) as fc.Arbitrary<string>;
const id = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...UUIDS) },
  { weight: 1, arbitrary: fc.constantFrom(...VALID.id) },
) as fc.Arbitrary<string>;
const number = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...VALID.number) },
  { weight: 1, arbitrary: fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0) },
);
const listOf = (element: fc.Arbitrary<string>) => fc.array(element, { maxLength: 4 });

const valueOfKind: Readonly<Record<AttributeKind, fc.Arbitrary<Json>>> = {
  text,
  id,
  number,
  boolean: fc.boolean(),
  date: fc.constantFrom(...VALID.date),
  dateTime: fc.constantFrom(...VALID.dateTime),
  money: fc.constantFrom(...VALID.money),
  ids: listOf(id),
  texts: listOf(text),
};

function cell({ kind, stored }: Column): fc.Arbitrary<Json | undefined> {
  const listed = fc.constantFrom(...valuesOf(kind, stored));
  const takesAnyOfKind = stored !== "uuid" && stored !== "uuid[]";
  return takesAnyOfKind ? fc.oneof(listed, valueOfKind[kind]) : listed;
}

/** To a row, to itself, to one that is gone or not there, and what is no id. */
const link = fc.oneof(
  { weight: 8, arbitrary: fc.nat({ max: 15 }).map(idOfRow) },
  {
    weight: 1,
    arbitrary: fc.constantFrom<Json | undefined>(undefined, null, 7, "", "x", idOfRow(9_999), [idOfRow(1)]),
  },
  { weight: 1, arbitrary: fc.constantFrom(idOfRow(1).toUpperCase(), `${idOfRow(1)} `, `{${idOfRow(1)}}`) },
);

const rowArbitrary: fc.Arbitrary<Row> = fc
  .record({
    ...Object.fromEntries(columns.map((column) => [column.name, cell(column)])),
    link,
    "#type": fc.constantFrom("thing", "thing", "thing", "thing", "other"),
    "#deleted": fc.constantFrom(false, false, false, false, true),
  })
  .map((row) => JSON.parse(JSON.stringify(row)) as Row);

/* ---------- who and where ---------- */

export const subjectAttributes = {
  code: "text",
  level: "number",
  external: "boolean",
  since: "date",
  lastSeen: "dateTime",
  limit: "money",
  labels: "texts",
} as const satisfies Record<string, AttributeKind>;

const UNSTORABLE: readonly Json[] = ["\0", "\ud800", ["a", "\0"]];
const customOf = (kind: AttributeKind) =>
  fc.oneof(
    { weight: 4, arbitrary: valueOfKind[kind] },
    { weight: 1, arbitrary: fc.constantFrom(...valuesOf(kind, "jsonb")) },
    { weight: 1, arbitrary: fc.constantFrom(undefined, ...UNSTORABLE) },
  );
const custom = fc
  .record(Object.fromEntries(Object.entries(subjectAttributes).map(([name, kind]) => [name, customOf(kind)])))
  .map(
    (all) =>
      Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)) as Subject["attributes"],
  );

const ids = fc.array(fc.constantFrom(...UUIDS), { maxLength: 3 });
export const subjectArbitrary: fc.Arbitrary<Subject> = fc.record({
  id: fc.constantFrom(...UUIDS),
  login: fc.constantFrom("a", "ab"),
  groups: fc.array(fc.constantFrom("a", "b", "x"), { maxLength: 2 }),
  department: fc.option(fc.constantFrom(...UUIDS)),
  departments: ids,
  subtree: ids,
  positions: fc.array(fc.constantFrom("a", "b"), { maxLength: 2 }),
  managers: ids,
  isAdmin: fc.boolean(),
  attributes: custom,
});

export const contextArbitrary: fc.Arbitrary<Context> = fc.record({
  time: valueOfKind.dateTime as fc.Arbitrary<string>,
  ip: fc.constantFrom(undefined, "10\0", "a", ...ADDRESSES.slice(0, 16)),
  deviceId: fc.option(fc.constantFrom(...UUIDS), { nil: undefined }),
  deviceTrusted: fc.option(fc.boolean(), { nil: undefined }),
  factorLevel: fc.constantFrom(undefined, 1, 2),
  secondFactorAt: fc.option(valueOfKind.dateTime as fc.Arbitrary<string>, { nil: undefined }),
  channel: fc.constantFrom("desktop", "console", "api", "job"),
  offline: fc.option(fc.boolean(), { nil: undefined }),
});

/* ---------- policies ---------- */

const FAMILY: Record<AttributeKind, string> = {
  text: "text",
  id: "text",
  ids: "texts",
  texts: "texts",
  number: "number",
  boolean: "boolean",
  date: "date",
  dateTime: "dateTime",
  money: "money",
};
const BUILT_IN: readonly (readonly [string, AttributeKind])[] = [
  ["sub.id", "id"],
  ["sub.login", "text"],
  ["sub.groups", "ids"],
  ["sub.department", "id"],
  ["sub.departments", "ids"],
  ["sub.subtree", "ids"],
  ["sub.positions", "ids"],
  ["sub.managers", "ids"],
  ["sub.isAdmin", "boolean"],
  ["ctx.time", "dateTime"],
  ["ctx.ip", "text"],
  ["ctx.deviceId", "text"],
  ["ctx.deviceTrusted", "boolean"],
  ["ctx.factorLevel", "number"],
  ["ctx.secondFactorAt", "dateTime"],
  ["ctx.channel", "text"],
  ["ctx.offline", "boolean"],
];
const custom_ = Object.entries(subjectAttributes).map(([name, kind]) => [`sub.${name}`, kind] as const);
const objects = [
  ...columns.map(({ name, kind }) => [`obj.${name}`, kind] as const),
  ...relatedColumns.map(({ name, kind }) => [`obj.link.${name}`, kind] as const),
  ["obj.link", "id"] as const,
];

const namesOf = (all: readonly (readonly [string, AttributeKind])[], family: string) =>
  all.filter(([, kind]) => FAMILY[kind] === family).map(([name]) => name);
const objectOf = (family: string) => fc.constantFrom(...namesOf(objects, family));
const otherOf = (family: string) => {
  const names = namesOf([...BUILT_IN, ...custom_], family);
  return names.length > 0 ? fc.constantFrom(...names) : objectOf(family);
};
const attributeOf = (family: string) =>
  fc.oneof({ weight: 4, arbitrary: objectOf(family) }, { weight: 1, arbitrary: otherOf(family) });
const literalOf = (family: string): fc.Arbitrary<unknown> => {
  if (family === "text")
    return fc.oneof(text, id).map((value) => (/^(sub|obj|ctx)\./.test(value) ? { text: value } : value));
  if (family === "texts") return listOf(fc.oneof(text, id));
  return valueOfKind[family as AttributeKind];
};
const operandOf = (family: string): fc.Arbitrary<unknown> =>
  fc.oneof(attributeOf(family), otherOf(family), literalOf(family));

const inAnyOrder = (left: fc.Arbitrary<unknown>, right: fc.Arbitrary<unknown>) =>
  fc.tuple(left, right, fc.boolean()).map(([a, b, swapped]) => (swapped ? [b, a] : [a, b]));
const node = (op: fc.Arbitrary<string>, operands: fc.Arbitrary<unknown>) =>
  fc.tuple(op, operands).map(([name, of]) => ({ [name]: of }));
const equality = fc.constantFrom("eq", "ne");
const comparison = fc.constantFrom("eq", "ne", "lt", "lte", "gt", "gte");
const ordered = ["text", "number", "date", "dateTime", "money"];
const compared = (family: string, op: fc.Arbitrary<string>) =>
  node(op, inAnyOrder(attributeOf(family), operandOf(family)));
const elementLists = (family: string) => fc.array(valueOfKind[family as AttributeKind], { maxLength: 3 });

const oneOrMore = (all: readonly string[]) =>
  fc.oneof(fc.constantFrom(...all), fc.subarray([...all], { maxLength: 3 }));
const windows = fc
  .record({
    range: fc.constantFrom(
      {},
      { from: "00:00", to: "12:00" },
      { from: "22:30", to: "05:30" },
      { from: "03:00", to: "24:00" },
    ),
    days: fc.constantFrom({}, { days: ["thu"] }, { days: ["mon", "wed", "fri"] }),
    zone: fc.constantFrom("UTC", "Europe/Moscow", "America/New_York", "Asia/Kolkata"),
  })
  .filter(({ range, days }) => "from" in range || "days" in days)
  .map(({ range, days, zone }) => ({ ...range, ...days, zone }));
const SHIFTS = {
  date: ["now", "P1D", "-P1M", { days: 58 }, { days: 1, zone: "Asia/Tokyo" }, { zone: "America/New_York" }],
  dateTime: ["now", "PT1H", "-P1D", { days: 180, hours: 12 }],
};
const relative = (["date", "dateTime"] as const).map((family) =>
  node(
    fc.constantFrom("before", "after"),
    fc.oneof(
      fc.tuple(
        attributeOf(family).filter((name) => name !== "ctx.time"),
        fc.oneof(fc.constantFrom<unknown>(...SHIFTS[family]), literalOf(family)),
      ),
      fc.tuple(attributeOf(family), attributeOf(family)),
    ),
  ),
);

const leaf: fc.Arbitrary<unknown> = fc.oneof(
  ...relative,
  node(fc.constant("cidr"), fc.tuple(fc.oneof(fc.constant("ctx.ip"), attributeOf("text")), oneOrMore(RANGES))),
  node(fc.constant("matches"), fc.tuple(attributeOf("text"), oneOrMore(PATTERNS))),
  node(fc.constant("within"), fc.tuple(fc.constantFrom("ctx.time", "sub.lastSeen"), windows)),
  ...ordered.map((family) => compared(family, comparison)),
  compared("boolean", equality),
  ...ordered.map((family) =>
    fc.tuple(attributeOf(family), operandOf(family), operandOf(family)).map((of) => ({ between: of })),
  ),
  node(fc.constantFrom("startsWith", "endsWith", "contains"), inAnyOrder(attributeOf("text"), operandOf("text"))),
  node(
    fc.constantFrom("in", "nin"),
    fc.oneof(fc.tuple(attributeOf("text"), operandOf("texts")), fc.tuple(operandOf("text"), attributeOf("texts"))),
  ),
  ...["number", "date", "dateTime"].map((family) =>
    node(fc.constantFrom("in", "nin"), fc.tuple(attributeOf(family), elementLists(family))),
  ),
  node(
    fc.constant("has"),
    fc.oneof(fc.tuple(attributeOf("texts"), operandOf("text")), fc.tuple(operandOf("texts"), attributeOf("text"))),
  ),
  node(fc.constantFrom("any", "all"), inAnyOrder(attributeOf("texts"), operandOf("texts"))),
  fc.oneof(...[...new Set(Object.values(FAMILY))].map(attributeOf)).map((name) => ({ exists: name })),
);

const conditionArbitrary: fc.Arbitrary<Condition> = fc.letrec<{ tree: unknown }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    { weight: 3, arbitrary: leaf },
    { weight: 1, arbitrary: node(fc.constantFrom("and", "or"), fc.array(tie("tree"), { minLength: 1, maxLength: 3 })) },
    { weight: 1, arbitrary: tie("tree").map((of) => ({ not: of })) },
  ),
})).tree as fc.Arbitrary<Condition>;

const sectionNames = Object.keys(resourceType.sections);
const places = sectionNames.flatMap((section) =>
  (resourceType.sections[section] ?? []).map((field) => `${section}.${field}`),
);
const rule = fc.constantFrom(
  "omit" as const,
  { redact: "all" as const },
  { redact: "keep-last-2" as const },
  { redact: "keep-last-4" as const },
);

const policyArbitrary: fc.Arbitrary<Omit<Policy, "id">> = fc
  .record({
    title: fc.constant("generated"),
    effect: fc.constantFrom<Policy["effect"]>("allow", "allow", "allow", "deny"),
    resource: fc.constantFrom("thing", "*"),
    actions: fc.oneof(
      fc.constantFrom(["*"], ["read"], ["edit"], ["transition:*"], ["read", "edit"]),
      fc.subarray([...resourceType.actions], { minLength: 1 }),
    ),
    sections: fc.oneof(fc.constantFrom(undefined, "*" as const), fc.subarray(sectionNames, { minLength: 1 })),
    mask: fc.option(fc.dictionary(fc.constantFrom(...places), rule, { maxKeys: 3 }), { nil: undefined }),
    when: fc.option(conditionArbitrary, { nil: undefined, freq: 8 }),
  })
  .map(({ mask, ...policy }) => (policy.effect === "allow" ? { ...policy, mask } : policy));

export const policiesArbitrary: fc.Arbitrary<readonly Policy[]> = fc
  .array(policyArbitrary, { minLength: 1, maxLength: 6 })
  .map((policies) =>
    policies.map((policy, index) => JSON.parse(JSON.stringify({ id: `p${index}`, ...policy })) as Policy),
  );

export const rowsArbitrary = fc
  .array(rowArbitrary, { minLength: 60, maxLength: 120, size: "max" })
  .map((rows) => rows.map((row, position): Row => ({ ...row, "#id": idOfRow(position) })));
