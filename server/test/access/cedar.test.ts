import { preparsePolicySet, statefulIsAuthorized, type EntityJson } from "@cedar-policy/cedar-wasm/nodejs";
import {
  type AttributeKind,
  type Context,
  createAccessEngine,
  faultsToText,
  nobody,
  parsePolicies,
  type Policy,
  type ResourceType,
  type Subject,
} from "@kontor/shared/access";
import type { Json } from "@kontor/shared/base";
import fc from "fast-check";
import { expect, it } from "vitest";
import { toCedar } from "./cedar.ts";

/**
 * The engine against Cedar, on all that both can say: and, or, not, exists; equality, order and `between` of whole numbers
 * and moments; lists; parts and patterns of texts; attributes of subject, record, context and of a related record; deny
 * before allow, and what is missing or of another kind. Not in Cedar, and so left to the other evaluator: dates, amounts,
 * fractions, order of texts, `?` and `#`, windows, durations, sections and masks; and addresses, since Cedar does not take
 * an IPv4 address written as IPv6 for what it is.
 */
const PAIRS = Number(process.env.KONTOR_ACCESS_CEDAR_PAIRS ?? 3_000);
const seed = Number(process.env.KONTOR_SEED ?? Date.now() % 2 ** 31);
const timeout = Math.max(300_000, PAIRS * 20); // far above what it takes, also on a busy machine

const own: Readonly<Record<string, AttributeKind>> = {
  owner: "id",
  state: "text",
  level: "number",
  cost: "number",
  urgent: "boolean",
  seen: "dateTime",
  tags: "texts",
  readers: "ids",
};
const thing: ResourceType = {
  name: "thing",
  sections: { main: ["title"] },
  attributes: {
    ...own,
    link: "id",
    ...Object.fromEntries(Object.entries(own).map(([name, kind]) => [`link.${name}`, kind])),
  },
  relations: { link: "thing" },
  actions: ["view", "change", "end"],
};
const subjectAttributes = { clearance: "number", region: "text", since: "dateTime" } as const;

/* ---------- values ---------- */

const TEXTS = ["", "a", "ab", "A", "b a", "ä", "a\u0308", "😀", "*", "a*b", "%", "draft", "signed"];
const MOMENTS = ["2025-12-31T23:59:59.999Z", "2026-01-01T00:00:00.000Z", "2026-01-01T00:00:00.001Z"];
const PATTERNS = ["*", "a*", "*b", "*a*", "a", "", "d*t", "a*b*"];
const valueOfKind: Readonly<Record<string, fc.Arbitrary<Json>>> = {
  text: fc.constantFrom(...TEXTS),
  id: fc.constantFrom("ann", "bob", "eve"),
  number: fc.integer({ min: -2, max: 3 }),
  boolean: fc.boolean(),
  dateTime: fc.constantFrom(...MOMENTS),
  texts: fc.array(fc.constantFrom(...TEXTS), { maxLength: 3 }),
  ids: fc.array(fc.constantFrom("ann", "bob", "eve"), { maxLength: 2 }),
};
/** Missing, null and of another kind among them: all three are nothing to both (POL-3). */
const cellOf = (kind: AttributeKind): fc.Arbitrary<Json | undefined> =>
  fc.oneof(
    { weight: 8, arbitrary: valueOfKind[kind] as fc.Arbitrary<Json> },
    { weight: 2, arbitrary: fc.constantFrom<Json | undefined>(undefined, null, { a: 1 }) },
  );
const recordOf = (kinds: Readonly<Record<string, AttributeKind>>) =>
  fc.record(Object.fromEntries(Object.entries(kinds).map(([name, kind]) => [name, cellOf(kind)])));

const rowArbitrary = fc.record({
  fields: recordOf(own),
  link: fc.oneof(fc.nat({ max: 9 }), fc.constantFrom(undefined, 999)),
  type: fc.constantFrom("thing", "thing", "thing", "other"),
  deleted: fc.constantFrom(false, false, false, true),
});
type Row = { fields: Record<string, Json | undefined>; link: number | undefined; type: string; deleted: boolean };

const subjectArbitrary: fc.Arbitrary<Subject> = fc.record({
  id: fc.constantFrom("ann", "bob"),
  login: fc.constantFrom("a", "ab"),
  groups: fc.subarray(["a", "b", "draft"]),
  department: fc.option(fc.constantFrom("ann", "x")),
  departments: fc.subarray(["ann", "bob"]),
  subtree: fc.constant([]),
  positions: fc.constant([]),
  managers: fc.subarray(["bob", "eve"]),
  isAdmin: fc.boolean(),
  attributes: recordOf(subjectAttributes).map((all) => JSON.parse(JSON.stringify(all)) as Subject["attributes"]),
});
const contextArbitrary: fc.Arbitrary<Context> = fc.record({
  time: valueOfKind["dateTime"] as fc.Arbitrary<string>,
  channel: fc.constantFrom("desktop", "api"),
  deviceTrusted: fc.option(fc.boolean(), { nil: undefined }),
  factorLevel: fc.constantFrom(undefined, 1, 2),
  secondFactorAt: fc.option(valueOfKind["dateTime"] as fc.Arbitrary<string>, { nil: undefined }),
});

/* ---------- policies ---------- */

const NAMES: readonly (readonly [string, AttributeKind])[] = [
  ...Object.entries(thing.attributes).map(([name, kind]) => [`obj.${name}`, kind] as const),
  ["sub.id", "id"],
  ["sub.login", "text"],
  ["sub.groups", "texts"],
  ["sub.department", "id"],
  ["sub.departments", "ids"],
  ["sub.managers", "ids"],
  ["sub.isAdmin", "boolean"],
  ["sub.clearance", "number"],
  ["sub.region", "text"],
  ["sub.since", "dateTime"],
  ["ctx.time", "dateTime"],
  ["ctx.channel", "text"],
  ["ctx.deviceTrusted", "boolean"],
  ["ctx.factorLevel", "number"],
  ["ctx.secondFactorAt", "dateTime"],
];
const SAME: Readonly<Record<string, readonly AttributeKind[]>> = {
  text: ["text", "id"],
  texts: ["texts", "ids"],
};
const attribute = (family: string) =>
  fc.constantFrom(
    ...NAMES.filter(([, kind]) => (SAME[family] ?? [family]).includes(kind)).map(([name]) => name),
  ) as fc.Arbitrary<unknown>;
const operand = (family: string) => fc.oneof(attribute(family), valueOfKind[family] as fc.Arbitrary<unknown>);
const node = (ops: readonly string[], ...operands: readonly fc.Arbitrary<unknown>[]) =>
  fc.tuple(fc.constantFrom(...ops), fc.tuple(...operands)).map(([op, of]) => ({ [op]: of }));

const leaf: fc.Arbitrary<unknown> = fc.oneof(
  node(["eq", "ne"], attribute("text"), operand("text")),
  node(["eq", "ne"], attribute("boolean"), operand("boolean")),
  ...["number", "dateTime"].flatMap((family) => [
    node(["eq", "ne", "lt", "lte", "gt", "gte"], attribute(family), operand(family)),
    node(["between"], attribute(family), operand(family), operand(family)),
  ]),
  node(["before", "after"], attribute("dateTime"), operand("dateTime")),
  node(["in", "nin"], attribute("text"), operand("texts")),
  node(["in", "nin"], attribute("number"), fc.array(fc.integer({ min: -1, max: 2 }), { maxLength: 3 })),
  node(["has"], attribute("texts"), operand("text")),
  node(["any", "all"], attribute("texts"), operand("texts")),
  node(["startsWith", "endsWith", "contains"], attribute("text"), valueOfKind["text"] as fc.Arbitrary<unknown>),
  node(["matches"], attribute("text"), fc.constantFrom(...PATTERNS)),
  fc.constantFrom(...NAMES.map(([name]) => ({ exists: name }))),
);
const condition = fc.letrec<{ tree: unknown }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 3 },
    { weight: 3, arbitrary: leaf },
    {
      weight: 1,
      arbitrary: fc
        .tuple(fc.constantFrom("and", "or"), fc.array(tie("tree"), { minLength: 1, maxLength: 3 }))
        .map(([op, of]) => ({ [op]: of })),
    },
    { weight: 1, arbitrary: tie("tree").map((of) => ({ not: of })) },
  ),
})).tree;
const policiesArbitrary = fc
  .array(
    fc.record({
      title: fc.constant("t"),
      effect: fc.constantFrom("allow", "allow", "deny"),
      resource: fc.constantFrom("thing", "*"),
      actions: fc.oneof(fc.constant(["*"]), fc.subarray([...thing.actions], { minLength: 1 })),
      when: condition,
    }),
    { minLength: 1, maxLength: 5 },
  )
  .map((policies) => policies.map((policy, index) => ({ id: `p${index}`, ...policy })));

/* ---------- both worlds ---------- */

const idOf = (position: number) => `r${position}`;
const liveTarget = (rows: readonly Row[], { link }: Row): Row | undefined => {
  const target = link === undefined ? undefined : rows[link];
  return target?.type === "thing" && !target.deleted ? target : undefined;
};

function instanceOf(rows: readonly Row[], row: Row) {
  const target = liveTarget(rows, row);
  const related = Object.keys(target ? own : {}).map((name) => [`link.${name}`, target?.fields[name]]);
  const link = row.link === undefined ? undefined : idOf(row.link);
  return { type: "thing", attributes: { ...row.fields, link, ...Object.fromEntries(related) } };
}

/** Cedar follows the relation itself: what is in the trash is no entity, and what is of another type has another one. */
const entitiesOf = (rows: readonly Row[], subject: Subject): EntityJson[] => [
  {
    uid: { type: "User", id: subject.id },
    attrs: attributesOf(
      { ...subject, ...subject.attributes },
      { ...Object.fromEntries(NAMES.map(([name, kind]) => [name.slice(4), kind])), groups: "texts" },
    ),
    parents: [],
  },
  ...rows.flatMap((row, position) => (row.deleted ? [] : [entityOf(rows, row, position, row.type)])),
];

function entityOf(rows: readonly Row[], row: Row, position: number, type: string): EntityJson {
  const target = row.link === undefined ? undefined : rows[row.link];
  const link = row.link === undefined ? {} : { link: idOf(row.link) };
  const record = { __entity: { type: target?.type ?? "thing", id: idOf(row.link ?? 0) } };
  return {
    uid: { type, id: idOf(position) },
    attrs: { ...attributesOf(row.fields, own), ...link, ...(row.link !== undefined && { linkRecord: record }) },
    parents: [],
  };
}

type CedarValue = string | number | boolean | string[];
function attributesOf(values: object, kinds: Readonly<Record<string, AttributeKind>>): Record<string, CedarValue> {
  const known = Object.entries(values).filter(([name]) => name in kinds && !name.includes("."));
  return Object.fromEntries(
    known.flatMap(([name, value]: [string, unknown]) => {
      const given = cedarValue(value, kinds[name] ?? "text");
      return given === undefined ? [] : [[name, given]];
    }),
  );
}

function cedarValue(value: unknown, kind: AttributeKind): CedarValue | undefined {
  if (value === null || value === undefined || (typeof value === "object" && !Array.isArray(value))) return undefined;
  return kind === "dateTime" ? Date.parse(String(value)) : (value as CedarValue);
}

const contextOf = (context: Context) =>
  attributesOf(context, Object.fromEntries(NAMES.map(([name, kind]) => [name.slice(4), kind])));

it(
  "[POL-1..3] decides like Cedar, where both can say it",
  () => {
    let [pairs, allowed, asked] = [0, 0, 0];
    const everything = fc.record({
      written: policiesArbitrary,
      subject: subjectArbitrary,
      context: contextArbitrary,
      rows: fc.array(rowArbitrary, { minLength: 5, maxLength: 12, size: "max" }) as fc.Arbitrary<Row[]>,
    });
    fc.assert(
      fc.property(everything, ({ written, subject, context, rows }) => {
        const parsed = parsePolicies(written, [thing], { subjectAttributes });
        if (!parsed.ok) throw new Error(faultsToText(parsed.faults));
        const policies: readonly Policy[] = parsed.policies;
        const engine = createAccessEngine({ policies, resources: [thing], rev: "1", subjectAttributes });
        const staticPolicies = toCedar(policies, thing);
        const made = preparsePolicySet("oracle", { staticPolicies });
        if (made.type === "failure") throw new Error(`${JSON.stringify(made.errors)}\n${staticPolicies}`);
        const entities = entitiesOf(rows, { ...nobody, ...subject });
        for (const [position, row] of rows.entries()) {
          const action = thing.actions[position % thing.actions.length] ?? "";
          const object = entityOf(rows, row, position, "asked"); // asked of as it is, whatever it is to others
          const answer = statefulIsAuthorized({
            principal: { type: "User", id: subject.id },
            action: { type: "Action", id: action },
            resource: { type: "asked", id: idOf(position) },
            context: contextOf(context),
            preparsedPolicySetId: "oracle",
            entities: [...entities, object],
          });
          if (answer.type === "failure") throw new Error(JSON.stringify(answer.errors));
          const { decision, diagnostics } = answer.response;
          if (diagnostics.errors.length > 0) throw new Error(JSON.stringify(diagnostics.errors)); // a guard is missing
          const ours = engine.may(subject, action, instanceOf(rows, row), context).allowed;
          asked += 1;
          if (ours) allowed += 1;
          if (ours !== (decision === "allow"))
            throw new Error(`row ${position}, ${action}: ours ${ours}, Cedar ${decision}\n${staticPolicies}`);
        }
        pairs += rows.length;
      }),
      { numRuns: Math.ceil(PAIRS / 5), seed, interruptAfterTimeLimit: timeout - 30_000 },
    );
    console.info(`Cedar: ${pairs} pairs of policy set and row, seed ${seed}`);
    expect(pairs).toBeGreaterThanOrEqual(PAIRS);
    expect(allowed / asked).toBeGreaterThan(0.1);
    expect(allowed / asked).toBeLessThan(0.9);
  },
  timeout,
);
