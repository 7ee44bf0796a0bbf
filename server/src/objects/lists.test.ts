import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { newId, type Json } from "@kontor/shared/base";
import { sortKeysOf } from "@kontor/shared/objects";
import { createTestDatabase, type TestDatabase } from "#testing";
import { actor, apply, createDeal, departments, people, rowOf, seedPeople, types } from "./objects.fixture.ts";
import { listRecords, pageQuery } from "./listRecords.ts";
import { listQuerySchema } from "./records.query.ts";
import { createTypeRegistry, saveTypes, typeOf } from "./typeRegistry.ts";

let test: TestDatabase;
beforeAll(async () => {
  test = await createTestDatabase();
  await seedPeople(test.db);
  await saveTypes(test.db, types);
});
afterAll(() => test.drop());

type Asked = Partial<Record<"type" | "filter" | "sort" | "cursor" | "limit" | "deleted", string>>;
const list = (login: Parameters<typeof actor>[0], asked: Asked = {}) =>
  listRecords(test.db, listQuerySchema.parse({ type: "deal", ...asked }), actor(login), types);
const titles = async (login: Parameters<typeof actor>[0], asked: Asked = {}) =>
  (await list(login, asked)).records.map(({ title }) => title);
const euro = (amount: string) => ({ amount, currency: "EUR" });

describe("lists", () => {
  beforeAll(async () => {
    const values: readonly Record<string, Json>[] = [
      { subject: "Order 9", amount: euro("9"), count: 3, end: "2030-01-01" },
      { subject: "Order 10", amount: euro("100"), count: 1, end: "2029-01-01" },
      { subject: "Ёлка", amount: euro("20"), count: 2 },
      { subject: "Жук", count: 2 },
    ];
    for (const fields of values) await createDeal(test.db, "ann", fields);
    await createDeal(test.db, "boss", { subject: "Law's own", bonus: euro("7") });
    await createDeal(test.db, "boss", { subject: "Sold", unit: departments.sales, bonus: euro("3") });
  });

  it("[POL-4] hold what the reader may see, in the type's own order", async () => {
    expect(await titles("ann")).toEqual(["Order 9", "Order 10", "Sold", "Ёлка", "Жук"]);
    expect(await titles("boss")).toEqual(["Law's own", "Order 9", "Order 10", "Sold", "Ёлка", "Жук"]);
  });

  it("sort by value, both ways, empty ones first", async () => {
    expect(await titles("ann", { sort: "amount" })).toEqual([
      expect.any(String),
      expect.any(String),
      "Order 9",
      "Ёлка",
      "Order 10",
    ]);
    expect((await titles("ann", { sort: "-amount" })).slice(0, 3)).toEqual(["Order 10", "Ёлка", "Order 9"]);
  });

  it("filter by equality, range, text, list and emptiness", async () => {
    const by = (filter: object) => titles("ann", { filter: JSON.stringify(filter) });
    expect(await by({ count: 2 })).toEqual(["Ёлка", "Жук"]);
    expect(await by({ count: [1, 3] })).toEqual(["Order 9", "Order 10"]);
    expect(await by({ count: { in: [1, 3] } })).toEqual(["Order 9", "Order 10"]);
    expect(await by({ amount: { gte: "10", lte: 50 } })).toEqual(["Ёлка"]);
    expect(await by({ end: { gte: "2029-06-01" } })).toEqual(["Order 9"]);
    expect(await by({ subject: { contains: "ORDER" } })).toEqual(["Order 9", "Order 10"]);
    expect(await by({ subject: { contains: "ЁЛК" } })).toEqual(["Ёлка"]);
    expect(await by({ amount: { empty: true } })).toEqual(["Sold", "Жук"]);
    expect(await by({ state: "signed" })).toEqual([]);
    expect(await by({ responsible: people.boss })).toEqual(["Sold"]);
  });

  it("filter by what a record points to, one or many", async () => {
    const target = await createDeal(test.db, "ann", { subject: "Target" });
    const pointing = await createDeal(test.db, "ann", { subject: "Pointing", related: [target] });
    const filter = JSON.stringify({ related: target });
    expect(await titles("ann", { filter })).toEqual(["Pointing"]);
    expect(await titles("ann", { filter: JSON.stringify({ related: [pointing] }) })).toEqual([]);
    for (const id of [target, pointing]) await apply(test.db, actor("ann"), "record.delete", id, {});
  });

  it("[POL-7] neither filter nor sort tells what a hidden field holds", async () => {
    const filter = JSON.stringify({ bonus: { gte: 1 } });
    expect(await titles("boss", { filter })).toEqual(["Law's own", "Sold"]);
    expect(await titles("ann", { filter })).toEqual([]);
    expect(await titles("ann", { filter: JSON.stringify({ bonus: { empty: false } }) })).toEqual([]);
    expect((await titles("boss", { sort: "-bonus" })).slice(0, 2)).toEqual(["Law's own", "Sold"]);
    // To ann all bonuses are empty: the order is that of the ids, newest first.
    expect(await titles("ann", { sort: "-bonus" })).toEqual(["Sold", "Жук", "Ёлка", "Order 10", "Order 9"]);
  });

  it("page to the end without a gap or a double, under every sort", async () => {
    for (const sort of [undefined, "subject", "-amount", "bonus", "createdAt", "-createdAt"]) {
      const asked = { limit: "2", ...(sort && { sort }) };
      const whole = await titles("ann", sort ? { sort } : {});
      const paged: string[] = [];
      let cursor: string | undefined;
      do {
        const page = await list("ann", { ...asked, ...(cursor && { cursor }) });
        paged.push(...page.records.map(({ title }) => title));
        cursor = page.nextCursor;
      } while (cursor);
      expect(paged).toEqual(whole);
    }
  });

  it("say what is wrong with a question", async () => {
    const wrong: readonly [Asked, RegExp][] = [
      [{ filter: "{" }, /filter does not fit/],
      [{ filter: '{"nonsense":1}' }, /unknown field: nonsense/],
      [{ filter: '{"amount":{"gte":"a lot"}}' }, /amount is compared with a number/],
      [{ filter: '{"papers":"x"}' }, /papers cannot be filtered by eq/],
      [{ sort: "partner" }, /cannot be sorted by partner; choose of: subject, amount, end, bonus, createdAt/],
      [{ cursor: "rubbish" }, /cursor does not belong/],
      [{ type: "nonsense" }, /no type "nonsense"/],
    ];
    for (const [asked, message] of wrong) await expect(list("ann", asked)).rejects.toThrow(message);
    const { nextCursor } = await list("ann", { limit: "1" });
    await expect(
      list("ann", { limit: "1", sort: "-amount", ...(nextCursor && { cursor: nextCursor }) }),
    ).rejects.toThrow(/cursor does not belong/);
    expect(() => listQuerySchema.parse({ type: "deal", limit: "201" })).toThrow(/200/);
  });

  it("show the trash apart", async () => {
    const id = await createDeal(test.db, "ann", { subject: "Thrown away" });
    await apply(test.db, actor("ann"), "record.delete", id, {});
    expect(await titles("ann")).not.toContain("Thrown away");
    expect(await titles("ann", { deleted: "true" })).toContain("Thrown away");
  });
});

describe("a type that changed in use", () => {
  it("gives its records new sort keys, and the replicas the new definition", async () => {
    const id = await createDeal(test.db, "ann", { subject: "Moved", count: 5 });
    const deal = typeOf(types, "deal");
    const changed = { ...deal, list: { ...deal.list, columns: ["count", "subject"] } };
    const others = types.all().filter(({ name }) => name !== "deal");
    expect(await saveTypes(test.db, createTypeRegistry([changed, ...others]))).toEqual({ changed: ["deal"] });
    const keys = await sql<{ sort1: string; sort2: string }>`select sort1, sort2 from record where id = ${id}`.execute(
      test.db,
    );
    const [sort1, sort2] = sortKeysOf(changed, { fields: (await rowOf(test.db, id)).fields });
    expect(keys.rows).toEqual([{ sort1, sort2 }]);
    expect(await saveTypes(test.db, createTypeRegistry([changed, ...others]))).toEqual({ changed: [] });
    await saveTypes(test.db, types);
  });
});

const MANY = 100_000;

describe(`at ${MANY} records`, () => {
  beforeAll(async () => {
    await insertMany(MANY);
    await sql`analyze record`.execute(test.db);
  });

  it.each(["subject", "-amount", "-end", "createdAt"])("a page sorted by %s is read from an index", async (sort) => {
    const plan = await planOf({ sort, limit: "50" });
    expect(plan).toMatch(/Index Scan( Backward)? using record_(sort\d|created)/);
    expect(plan).not.toMatch(/Sort Key|Seq Scan on record\b/);
  });
});

/** Straight into the table: what a list reads, without a second per thousand for checks that are tested above. */
async function insertMany(count: number): Promise<void> {
  const base = await rowOf(test.db, await createDeal(test.db, "ann", {}));
  const deal = typeOf(types, "deal");
  const rows = Array.from({ length: count }, (_, n) => {
    const fields = {
      ...base.fields,
      subject: `Deal ${(n * 7919) % count}`,
      amount: euro(`${n}.00`),
      end: `20${10 + (n % 80)}-01-01`,
    };
    return {
      id: newId(),
      fields,
      sort: sortKeysOf(deal, { state: "draft", fields }),
      unit: n % 3 === 0 ? departments.law : departments.sales,
    };
  });
  for (let from = 0; from < count; from += 5_000) {
    const batch = rows.slice(from, from + 5_000);
    await sql`insert into record (id, type, state, owner, department, created_by, created_at, fields, field_meta, sort1, sort2, sort3, sort4)
      select id, 'deal', 'draft', ${people.ann}, unit, ${people.ann}, now(), fields, '{}', s1, s2, s3, s4
      from unnest(${batch.map((row) => row.id)}::uuid[], ${batch.map((row) => row.unit)}::uuid[], ${batch.map((row) => JSON.stringify(row.fields))}::jsonb[],
        ${batch.map((row) => row.sort[0])}::text[], ${batch.map((row) => row.sort[1])}::text[], ${batch.map((row) => row.sort[2])}::text[], ${batch.map((row) => row.sort[3])}::text[])
      as t (id, unit, fields, s1, s2, s3, s4)`.execute(test.db);
  }
}

async function planOf(asked: Asked): Promise<string> {
  const query = listQuerySchema.parse({ type: "deal", ...asked });
  const plan = await pageQuery(test.db, query, actor("ann"), typeOf(types, "deal")).explain<
    Record<"QUERY PLAN", string>
  >();
  return plan.map((row) => row["QUERY PLAN"]).join("\n");
}
