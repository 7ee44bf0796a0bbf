import {
  type Condition,
  createAccessEngine,
  faultsToText,
  nobody,
  parsePolicies,
  type SqlPredicate,
} from "@kontor/shared/access";
import type { Json } from "@kontor/shared/base";
import type pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTestDatabase, type TestDatabase } from "#testing";
import { type Column, columns, createTableSql, insertRowsSql, resourceType, type Row, rowsToJson } from "./columns.ts";
import { naiveMay } from "./naive.ts";
import { ADDRESSES, FITTING, NO_ADDRESSES, PATTERNS, RANGES, VALID, valuesOf } from "./nasty.ts";

/**
 * POL-4 where it is decided: every operator, on every way an attribute can be stored, over all pairs of nasty values.
 * Each condition is asked as it is and negated, which tells false from unknown. `filter.test.ts` does the compositions.
 */
const order = ["eq", "ne", "lt", "lte", "gt", "gte"];
const parts = ["startsWith", "endsWith", "contains"];
const operatorsOf: Readonly<Record<string, readonly string[]>> = {
  text: [...order, ...parts],
  number: order,
  date: order,
  dateTime: order,
  money: order,
  boolean: ["eq", "ne"],
  texts: ["any", "all"],
};
const familyOf = ({ kind }: Column) => ({ id: "text", ids: "texts" })[kind as string] ?? kind;
const firsts = columns.filter(({ name }) => name.endsWith("_1"));
const seconds = columns.filter(({ name }) => name.endsWith("_2"));
const inFamily = (all: readonly Column[], family: string) => all.filter((column) => familyOf(column) === family);

const context = { time: "2026-01-01T00:00:00.000Z", channel: "desktop" } as const;

let database: TestDatabase;
let client: pg.PoolClient;
beforeAll(async () => {
  database = await createTestDatabase();
  client = await database.pool.connect();
  await client.query("set timezone = 'Asia/Kolkata'"); // a connection's time zone must not matter
  await client.query(createTableSql);
});
afterAll(async () => {
  client?.release();
  await database?.drop();
});

const CHUNK = 50; // questions in one statement: fewer round trips, and far below the most parameters it may have

/** The conditions, as they are or negated, for which SQL, engine and the evaluator written apart choose different rows. */
async function disagreements(rows: readonly Row[], conditions: readonly Condition[]): Promise<readonly unknown[]> {
  if (conditions.length === 0) throw new Error("nothing was asked");
  const asked = conditions.flatMap((condition) => [condition, { not: condition }]);
  await client.query("begin");
  try {
    await client.query(insertRowsSql, [rowsToJson(rows)]);
    const found: unknown[] = [];
    for (let at = 0; at < asked.length; at += CHUNK)
      found.push(...(await disagreementsOn(asked.slice(at, at + CHUNK), rows)));
    return found;
  } finally {
    await client.query("rollback");
  }
}

async function disagreementsOn(conditions: readonly Condition[], rows: readonly Row[]): Promise<readonly unknown[]> {
  const questions = conditions.map((when) => {
    const written = [{ id: "p", title: "p", effect: "allow", resource: "thing", actions: ["read"], when }];
    const parsed = parsePolicies(written, [resourceType]);
    if (!parsed.ok) throw new Error(faultsToText(parsed.faults));
    const { policies } = parsed;
    return { when, policies, engine: createAccessEngine({ policies, resources: [resourceType], rev: "1" }) };
  });
  const selected = await selectAll(questions.map(({ engine }) => engine.filter(nobody, "read", "thing", context)));
  return questions.flatMap(({ when, policies, engine }, question) => {
    const wrong = rows.filter((object, position) => {
      const decided = engine.may(nobody, "read", { type: "thing", attributes: object }, context).allowed;
      const situation = { policies, type: resourceType, subjectAttributes: {}, subject: nobody, context, object };
      return decided !== naiveMay(situation, "read") || decided !== selected[position]?.[question];
    });
    return wrong.length > 0 ? [{ when, wrong }] : [];
  });
}

/** By row, then by predicate. As a template tag does, it numbers the parameters itself. */
async function selectAll(predicates: readonly SqlPredicate[]): Promise<readonly (readonly boolean[])[]> {
  let count = 0;
  const answers = predicates.map(({ strings }) => {
    const text = strings.reduce((left, right) => `${left}$${(count += 1)}${right}`);
    return `(${text}) is true`;
  });
  const statement = `select array[${answers.join(", ")}] as answers from record order by position`;
  const params = predicates.flatMap((predicate) => predicate.params);
  return (await client.query<{ answers: boolean[] }>(statement, params)).rows.map((row) => row.answers);
}

const rowOf = (cells: readonly (readonly [Column, Json | undefined])[]): Row =>
  Object.fromEntries(cells.flatMap(([{ name }, value]) => (value === undefined ? [] : [[name, value]])));

/** Row n holds the nth value of every column. */
const everyValue: readonly Row[] = Array.from(
  { length: Math.max(...firsts.map(({ kind, stored }) => valuesOf(kind, stored).length)) },
  (_, position) => rowOf(firsts.map((column) => [column, valuesOf(column.kind, column.stored)[position]])),
);
const everyPair = (left: Column, right: Column): readonly Row[] =>
  valuesOf(left.kind, left.stored).flatMap((a) =>
    valuesOf(right.kind, right.stored).map((b) =>
      rowOf([
        [left, a],
        [right, b],
      ]),
    ),
  );

/** As a policy writes it. */
const literal = (value: Json): Json =>
  typeof value === "string" && /^(sub|obj|ctx)\./.test(value) ? { text: value } : value;
const literalsOf = (family: string): readonly Json[] => [
  ...new Set([
    ...VALID[family as keyof typeof VALID],
    ...(family === "text" ? VALID.id : family === "texts" ? VALID.ids : []),
  ]),
];
const condition = (op: string, ...operands: readonly unknown[]) => ({ [op]: operands }) as unknown as Condition;
const obj = ({ name }: Column) => `obj.${name}`;

describe.each(Object.entries(operatorsOf))("[POL-4] %s", (family, operators) => {
  it("against constants, on either side", async () => {
    const conditions = inFamily(firsts, family).flatMap((column) =>
      literalsOf(family).flatMap((value) =>
        operators.flatMap((op) => [
          condition(op, obj(column), literal(value)),
          condition(op, literal(value), obj(column)),
        ]),
      ),
    );
    expect(await disagreements(everyValue, conditions)).toEqual([]);
  }, 120_000);

  it("against another attribute, stored in the same way or another", async () => {
    for (const left of inFamily(firsts, family)) {
      for (const right of inFamily(seconds, family)) {
        const conditions = operators.map((op) => condition(op, obj(left), obj(right)));
        expect(await disagreements(everyPair(left, right), conditions)).toEqual([]);
      }
    }
  }, 120_000);
});

describe("[POL-4] membership", () => {
  it("of an attribute in constants", async () => {
    const conditions = ["text", "number", "date", "dateTime"].flatMap((family) => {
      const all = literalsOf(family);
      const lists = [[], all.slice(0, 1), all.slice(1), all];
      return inFamily(firsts, family).flatMap((column) =>
        lists.flatMap((list) => [
          condition("in", obj(column), list),
          condition("nin", obj(column), list),
          condition("has", list, obj(column)),
        ]),
      );
    });
    expect(await disagreements(everyValue, conditions)).toEqual([]);
  }, 120_000);

  it("of constants in an attribute", async () => {
    const conditions = inFamily(firsts, "texts").flatMap((column) =>
      literalsOf("text").flatMap((value) => [
        condition("has", obj(column), literal(value)),
        condition("in", literal(value), obj(column)),
        condition("nin", literal(value), obj(column)),
      ]),
    );
    expect(await disagreements(everyValue, conditions)).toEqual([]);
  }, 120_000);

  it("of an attribute in an attribute", async () => {
    for (const element of inFamily(firsts, "text")) {
      for (const list of inFamily(seconds, "texts")) {
        const conditions = [
          condition("in", obj(element), obj(list)),
          condition("nin", obj(element), obj(list)),
          condition("has", obj(list), obj(element)),
        ];
        expect(await disagreements(everyPair(element, list), conditions)).toEqual([]);
      }
    }
  }, 120_000);
});

it("[POL-4] exists, of every kind in every way it is stored", async () => {
  const conditions = firsts.map((column) => ({ exists: obj(column) }));
  expect(await disagreements(everyValue, conditions)).toEqual([]);
});

describe("[POL-4] operators with a language of their own", () => {
  const textsToAsk = (texts: readonly string[]): readonly Row[] =>
    texts.map((text) =>
      rowOf(inFamily(firsts, "text").flatMap((column) => (column.stored === "uuid" ? [] : [[column, text]]))),
    );

  it("cidr, of every range alone and of all together", async () => {
    const rows = [...everyValue, ...textsToAsk([...ADDRESSES, ...NO_ADDRESSES])];
    const conditions = inFamily(firsts, "text").flatMap((column) =>
      [...RANGES, [], RANGES, RANGES.slice(0, 4)].map((ranges) => condition("cidr", obj(column), ranges)),
    );
    expect(await disagreements(rows, conditions)).toEqual([]);
  }, 120_000);

  it("matches, of every pattern alone and of all together", async () => {
    const rows = [...everyValue, ...textsToAsk([...FITTING, ...PATTERNS])];
    const conditions = inFamily(firsts, "text").flatMap((column) =>
      [...PATTERNS, [], PATTERNS, PATTERNS.slice(10, 14)].map((patterns) =>
        condition("matches", obj(column), patterns),
      ),
    );
    expect(await disagreements(rows, conditions)).toEqual([]);
  }, 120_000);

  it("before and after, relative to now and to another", async () => {
    const shifts: Readonly<Record<string, readonly unknown[]>> = {
      date: [
        "now",
        "P1D",
        "-P1D",
        "P2M",
        "-P1M",
        { days: 58 },
        { days: 0, zone: "Asia/Tokyo" },
        { zone: "America/New_York" },
        { months: 2, days: -1 },
      ],
      dateTime: ["now", "PT1H", "-P1D", { days: 180, hours: 12 }, { hours: -1 }],
    };
    const conditions = Object.entries(shifts).flatMap(([family, all]) =>
      inFamily(firsts, family).flatMap((column) =>
        [...all, ...literalsOf(family)].flatMap((other) => [
          condition("before", obj(column), other),
          condition("after", obj(column), other),
        ]),
      ),
    );
    expect(await disagreements(everyValue, conditions)).toEqual([]);
  }, 120_000);
});

it("[POL-4] a timestamptz is read to the millisecond, as the driver gives it", async () => {
  await client.query("begin");
  for (const time of ["2026-01-01 00:00:00.123999+00", "1969-12-31 23:59:59.999999+00"]) {
    await client.query("delete from record");
    const insert =
      "insert into record (position, datetime_timestamptz_1) values (0, $1) returning datetime_timestamptz_1 as at";
    const { rows } = await client.query<{ at: string }>(insert, [time]);
    const at = rows[0]?.at ?? "";
    expect(at).toMatch(/\.(123|999)Z$/);
    const policies = [
      {
        id: "p",
        title: "p",
        effect: "allow",
        resource: "thing",
        actions: ["read"],
        when: condition("eq", "obj.datetime_timestamptz_1", at),
      },
    ] as const;
    const engine = createAccessEngine({ policies, resources: [resourceType], rev: "1" });
    const { text, params } = engine.filter(nobody, "read", "thing", context);
    expect((await client.query(`select 1 from record where ${text}`, [...params])).rowCount).toBe(1);
  }
  await client.query("rollback");
});
