import type {
  AttributeKind,
  Condition,
  Context,
  Policy,
  ResourceType,
  StoredKind,
  Subject,
} from "@kontor/shared/access";
import type { Json } from "@kontor/shared/base";
import fc from "fast-check";

/**
 * Types, policies, subjects, contexts and rows at random, from small pools of nasty values, so that comparisons are often
 * true and never tidy: wrong kinds, nulls, missing keys, numbers as text, text beyond U+FFFF, and what only looks alike.
 */

/* ---------- values ---------- */

const UUIDS = [1, 2, 3, 4].map((digit) => `0190aaaa-0000-7000-8000-00000000000${digit}`);
const FIRST_UUID = UUIDS[0] as string;
const TEXTS = [
  "",
  "a",
  "A",
  "b",
  "ab",
  "aB",
  "ä",
  "a\u0308",
  "ß",
  "ss",
  "Ж",
  "ё",
  "е",
  "İ",
  "i",
  "ı",
  "\uFFFD",
  "\uE000",
  "\u{10000}",
  "😀",
  "😀a",
  "a😀",
].concat([
  "%",
  "_",
  "a%",
  "\\",
  "'",
  "''",
  "$1",
  "10",
  "9",
  "1e1",
  "null",
  "true",
  " a",
  "a ",
  "2026-01-01",
  "obj.text",
  ...UUIDS,
  FIRST_UUID.toUpperCase(),
]);
const text = fc.oneof(
  { weight: 9, arbitrary: fc.constantFrom(...TEXTS) },
  { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 4 }).map((value) => value.replaceAll("\0", "")) },
);
const id = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...UUIDS) },
  { weight: 1, arbitrary: fc.constantFrom("", "x", FIRST_UUID.toUpperCase()) },
);
const number = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(0, 1, 2, 3, 10, -1, 2.5, 0.1, 0.3, 0.1 + 0.2) },
  { weight: 1, arbitrary: fc.constantFrom(1e21, -1e-7, 5e-324, Number.MAX_VALUE, Number.MAX_SAFE_INTEGER + 1) },
  { weight: 1, arbitrary: fc.double({ noNaN: true, noDefaultInfinity: true }) },
);
const date = fc.constantFrom("2025-12-31", "2026-01-01", "2026-01-02", "2026-02-28", "0001-01-01", "9999-12-31");
const dateTime = fc.constantFrom(
  "2025-12-31T23:59:59.999Z",
  "2026-01-01T00:00:00.000Z",
  "2026-01-01T00:00:00.001Z",
  "2026-06-30T12:00:00.500Z",
);
const money = fc.record({
  amount: fc.constantFrom("0", "-0.0", "1", "1.0", "1.0000", "10", "9", "2.5", "-3.25", "999999999999999999.9999"),
  currency: fc.constantFrom("EUR", "RUB"),
});
const listOf = (element: fc.Arbitrary<string>) => fc.array(element, { maxLength: 4 });

const valueOfKind: Record<AttributeKind, fc.Arbitrary<Json>> = {
  text,
  id,
  number: number.map((value) => (Object.is(value, -0) ? 0 : value)),
  boolean: fc.boolean(),
  date,
  dateTime,
  money,
  ids: listOf(id),
  texts: listOf(text),
};

/** What JSON may hold instead of the right thing. */
const wrong: fc.Arbitrary<Json> = fc.oneof(
  fc.constantFrom<Json>(
    null,
    "12",
    "",
    true,
    7,
    "2026-1-1",
    "2026-01-01T00:00:00Z",
    "2026-01-01\n",
    [],
    {},
    [null, 1, "a", ["a"], {}],
    { a: 1 },
  ),
  fc.constantFrom<Json>(
    { amount: 1, currency: "EUR" },
    { amount: "1", currency: "eur" },
    { amount: "1", currency: "EUR", note: 1 },
    { amount: "1.00000", currency: "EUR" },
    { amount: "1\n", currency: "EUR" },
    { currency: "EUR" },
    { amount: "1" },
  ),
  ...Object.values(valueOfKind),
);

/* ---------- the type ---------- */

const STORED: Record<AttributeKind, readonly StoredKind[]> = {
  text: ["jsonb", "text"],
  id: ["jsonb", "text", "uuid"],
  number: ["jsonb", "numeric"],
  boolean: ["jsonb", "boolean"],
  date: ["jsonb", "date", "text"],
  dateTime: ["jsonb", "timestamptz", "text"],
  money: ["jsonb"],
  ids: ["jsonb", "text[]", "uuid[]"],
  texts: ["jsonb", "text[]"],
};

interface Column {
  readonly name: string;
  readonly kind: AttributeKind;
  readonly stored: StoredKind;
}

/** Two attributes of every kind in every way it can be stored. */
export const columns: readonly Column[] = (Object.keys(STORED) as AttributeKind[]).flatMap((kind) =>
  STORED[kind].flatMap((stored) =>
    [1, 2].map((copy) => ({ name: `${kind}_${stored.replace("[]", "s")}_${copy}`.toLowerCase(), kind, stored })),
  ),
);
const columnsByName = new Map(columns.map((column) => [column.name, column]));

export const resourceType: ResourceType = {
  name: "thing",
  sections: { main: ["title", "phone"], terms: ["amount"], pay: ["salary", "iban"] },
  attributes: Object.fromEntries(columns.map(({ name, kind }) => [name, kind])),
  actions: ["read", "create", "edit", "transition:sign", "transition:end"],
  attributeSql: (name) => {
    const stored = columnsByName.get(name)?.stored ?? "jsonb";
    return { sql: stored === "jsonb" ? `record.fields->'${name}'` : `record.${name}`, kind: stored };
  },
};

// The two copies of a text column sort differently, so an order that does not say COLLATE "C" gives wrong rows or an error.
const collationOf = ({ stored, name }: Column) =>
  stored.startsWith("text") ? ` collate "${name.endsWith("1") ? "en" : "sv"}-x-icu"` : "";

export const createTableSql = `create temporary table record (position int, fields jsonb, ${columns
  .filter(({ stored }) => stored !== "jsonb")
  .map((column) => `${column.name} ${column.stored}${collationOf(column)}`)
  .join(", ")})`;

export type Row = Readonly<Record<string, Json>>;

/** Attributes of one row; typed columns hold nothing but their type, JSON may hold anything. */
const rowArbitrary: fc.Arbitrary<Row> = fc
  .record(
    Object.fromEntries(columns.map((column) => [column.name, fc.option(cell(column), { nil: undefined, freq: 5 })])),
  )
  .map((row) => JSON.parse(JSON.stringify(row)) as Row);

function cell({ kind, stored }: Column): fc.Arbitrary<Json> {
  if (stored === "jsonb") return fc.oneof({ weight: 5, arbitrary: valueOfKind[kind] }, { weight: 1, arbitrary: wrong });
  if (stored === "uuid") return fc.constantFrom(...UUIDS);
  if (stored === "uuid[]") return fc.array(fc.option(fc.constantFrom(...UUIDS), { freq: 6 }), { maxLength: 4 });
  if (stored === "text[]") return fc.array(fc.option(kind === "ids" ? id : text, { freq: 6 }), { maxLength: 4 });
  if (stored === "text" && kind !== "text" && kind !== "id")
    return fc.oneof({ weight: 5, arbitrary: valueOfKind[kind] }, { weight: 1, arbitrary: text });
  return valueOfKind[kind];
}

/** As the table takes it: columns by name, everything else in `fields`. */
export const rowToColumns = (row: Row, position: number): Json => ({
  position,
  ...Object.fromEntries(
    columns.filter(({ stored }) => stored !== "jsonb").map(({ name }) => [name, row[name] ?? null]),
  ),
  fields: Object.fromEntries(
    columns
      .filter(({ name, stored }) => stored === "jsonb" && name in row)
      .map(({ name }) => [name, row[name] as Json]),
  ),
});

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

const custom = fc
  .record(
    Object.fromEntries(
      Object.entries(subjectAttributes).map(([name, kind]) => [
        name,
        fc.option(
          fc.oneof(
            { weight: 5, arbitrary: valueOfKind[kind] },
            { weight: 1, arbitrary: wrong },
            { weight: 1, arbitrary: fc.constantFrom<Json>("\0", "\ud800", ["a", "\0"]) },
          ),
          { nil: undefined, freq: 5 },
        ),
      ]),
    ),
  )
  .map(
    (attributes) =>
      Object.fromEntries(
        Object.entries(attributes).filter(([, value]) => value !== undefined),
      ) as Subject["attributes"],
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
  time: dateTime,
  ip: fc.constantFrom(undefined, "10.0.0.1", "10\0", "a"),
  deviceId: fc.option(fc.constantFrom(...UUIDS), { nil: undefined }),
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
  ["ctx.channel", "text"],
  ["ctx.offline", "boolean"],
];
const custom_ = Object.entries(subjectAttributes).map(([name, kind]) => [`sub.${name}`, kind] as const);
const objects = columns.map(({ name, kind }) => [`obj.${name}`, kind] as const);

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
  if (family === "text") return text.map((value) => (/^(sub|obj|ctx)\./.test(value) ? { text: value } : value));
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

const leaf: fc.Arbitrary<unknown> = fc.oneof(
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

export const conditionArbitrary: fc.Arbitrary<Condition> = fc.letrec<{ tree: unknown }>((tie) => ({
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

export const rowsArbitrary = fc.array(rowArbitrary, { minLength: 1, maxLength: 25 });
