import { getQueryMatcher, getSortComparator, normalizeMangoQuery, type MangoQuery, type RxJsonSchema } from "rxdb";
import { expect, it } from "vitest";
import type { Row, StoredRow } from "./columns.ts";
import { createQueryRunner, type Query } from "./query.ts";
import { ScanRefused } from "./storage.errors.ts";
import { openScratch, randomFrom, seedOfRun } from "./testing/scratch.ts";

const DOCUMENTS = 400;
const QUERIES = 4_600;
const TEST_MS = 180_000; // 10 s alone on a small machine, most of it in RxDB's matcher

const schema: RxJsonSchema<Row> = {
  version: 0,
  primaryKey: "id",
  type: "object",
  properties: {
    id: { type: "string", maxLength: 10 },
    s: { type: "string", maxLength: 20 },
    n: { type: "number", minimum: -100, maximum: 100, multipleOf: 0.5 },
    b: { type: "boolean" },
    o: { type: "object", properties: { x: { type: "string" }, k: { type: "integer" }, f: { type: "boolean" } } },
    arr: { type: "array", items: { type: "string" } },
    free: { type: "string" },
    maybe: { type: ["string", "null"] as unknown as "string" },
  },
  required: ["s", "n", "b"],
  indexes: [["s", "n"], ["b", "n"], ["maybe"]] as never,
} as RxJsonSchema<Row>;

// Cases, Cyrillic, quotes, wildcards, control characters, and both sides of the gap between UTF-8 and UTF-16 order.
const TEXTS = [
  "",
  "a",
  "A",
  "ab",
  "я",
  "Я",
  "ё",
  "z",
  "\uFF5E",
  "\uE000",
  "😀",
  "𝒳",
  "\u{10FFFF}",
  "0",
  "q'x",
  'a"b',
  "a%",
  "a\0b",
  "a\u0001",
  "\uFFFD",
];

it(
  "finds and sorts exactly what RxDB's own matcher and comparator do, for random selectors",
  async () => {
    const seed = seedOfRun();
    console.info(`selector fuzz: KONTOR_SEED=${seed}`);
    const random = randomFrom(seed);
    const pick = <T>(list: readonly T[]): T => list[random(list.length)] as T;
    const text = (): string => pick(TEXTS);
    const half = (): number => random(9) - 4 + (random(2) ? 0.5 : 0);

    const documents: StoredRow[] = Array.from({ length: DOCUMENTS }, (_, at) => {
      const document: StoredRow = {
        id: `d${at}`,
        s: text(),
        n: half(),
        b: random(2) === 0,
        _deleted: random(8) === 0,
        _attachments: {},
        _rev: "1-a",
        _meta: { lwt: 1_700_000_000_000 + at },
      };
      if (random(3))
        document.o = {
          ...(random(4) ? { x: text() } : {}),
          ...(random(3) ? { k: random(5) } : {}),
          ...(random(3) ? { f: random(2) === 0 } : {}),
        };
      if (random(2)) document.arr = [text(), text()];
      if (random(9) === 0) document.loose = pick([null, 1, "x"]);
      if (random(3)) document.free = text();
      if (random(3)) document.maybe = pick([null, text()]);
      return document;
    });
    const collection = openScratch().collection<Row>("fuzz", schema);
    await collection.bulkWrite(
      documents.map((document) => ({ document })),
      "test",
    );

    const values: Record<string, () => unknown> = {
      s: text,
      n: half,
      b: () => random(2) === 0,
      "o.x": text,
      "o.k": () => random(5),
      "o.f": () => random(2) === 0,
      arr: text,
      _deleted: () => random(2) === 0,
      id: () => `d${random(DOCUMENTS)}`,
      loose: () => pick([null, 1, "x"]),
      free: text,
      maybe: () => pick([null, text()]),
    };
    const condition = (value: () => unknown): unknown => {
      const operator = pick([
        "$eq",
        "$ne",
        "$gt",
        "$gte",
        "$lt",
        "$lte",
        "$in",
        "$nin",
        "$exists",
        "$not",
        "$regex",
        "null",
        "wrong",
        "range",
        "bare",
      ]);
      switch (operator) {
        case "$in":
        case "$nin":
          return { [operator]: Array.from({ length: random(4) }, value) };
        case "$exists":
          return { $exists: random(2) === 0 };
        case "$not":
          return { $not: pick([{ $eq: value() }, { $gt: value() }, { $in: [value(), value()] }]) };
        case "$regex":
          return { $regex: pick(["a", "^я", "x$"]) };
        case "null":
          return pick([{ $eq: null }, { $ne: null }]);
        case "wrong":
          return { [pick(["$gt", "$eq", "$lte", "$ne"])]: pick([3, "a", true]) };
        case "range":
          return { $gte: value(), $lt: value() };
        case "bare":
          return value();
        default:
          return { [operator]: value() };
      }
    };
    const leaf = (): Row => {
      const path = pick(Object.keys(values));
      return { [path]: condition(values[path] as () => unknown) };
    };
    const selector = (depth: number): Row => {
      if (depth > 2 || random(10) < 5) return { ...leaf(), ...(random(2) ? leaf() : {}) };
      const parts = Array.from({ length: 1 + random(3) }, () => selector(depth + 1));
      return { [pick(["$and", "$or", "$nor"])]: parts, ...(random(3) ? {} : leaf()) };
    };

    const { queries, database, table } = collection.internals.store;
    // The same rows as a big table would be treated: every answer that is not refused must be right as well.
    const bounded = createQueryRunner(database, table, { maxExamined: DOCUMENTS / 2, maxResults: DOCUMENTS });
    let answered = 0;
    let compared = 0;
    for (let at = 0; at < QUERIES; at++) {
      const asked: MangoQuery<Row> = { selector: selector(0) as never };
      if (random(3))
        asked.sort = [{ [pick(["s", "n", "b", "o.x", "o.k", "free", "maybe", "id"])]: pick(["asc", "desc"] as const) }];
      if (random(2)) asked.skip = random(5);
      if (random(2)) asked.limit = random(12);
      let expected: StoredRow[];
      let query: Query;
      try {
        query = normalizeMangoQuery(collection.schema, asked as never) as Query;
        expected = documents
          .filter(getQueryMatcher(collection.schema, query))
          .toSorted(getSortComparator(collection.schema, query));
      } catch {
        continue; // a selector that RxDB itself refuses
      }
      const page = expected.slice(query.skip, query.limit === undefined ? undefined : query.skip + query.limit);
      const found = queries.findJson(query).map((json) => (JSON.parse(json) as Row).id);
      const label = `KONTOR_SEED=${seed} query ${at}: ${JSON.stringify(asked)}`;
      expect({ label, found }).toEqual({ label, found: page.map((document) => document.id) });
      expect({ label, count: queries.count(query) }).toEqual({ label, count: expected.length });
      compared++;
      try {
        expect({ label, found: bounded.findJson(query) }).toEqual({ label, found: queries.findJson(query) });
        answered++;
      } catch (error) {
        if (!(error instanceof ScanRefused)) throw error;
      }
    }
    expect(compared).toBeGreaterThan(4_000);
    expect(answered).toBeGreaterThan(200);
    expect(answered).toBeLessThan(compared);
  },
  TEST_MS,
);
