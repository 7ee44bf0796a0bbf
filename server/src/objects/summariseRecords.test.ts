import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Json } from "@kontor/shared/base";
import { createTestDatabase, type TestDatabase } from "#testing";
import { actor, createDeal, departments, people, seedPeople, types } from "./objects.fixture.ts";
import { summariseRecords, summaryQuerySchema } from "./summariseRecords.ts";
import { saveTypes } from "./typeRegistry.ts";

const euro = (amount: string) => ({ amount, currency: "EUR" });

let test: TestDatabase;
beforeAll(async () => {
  test = await createTestDatabase();
  await seedPeople(test.db);
  await saveTypes(test.db, types);
  const values: readonly Record<string, Json>[] = [
    { subject: "One", amount: euro("0.10"), count: 3 },
    { subject: "Two", amount: euro("0.20"), count: -1 },
    { subject: "Three", amount: { amount: "100", currency: "RUB" } },
    { subject: "Four" },
  ];
  for (const fields of values.slice(0, 1)) await createDeal(test.db, "ann", fields);
  for (const fields of values.slice(2)) await createDeal(test.db, "bob", fields);
  await createDeal(test.db, "ann", { subject: "Two", amount: euro("0.20"), count: 1 });
  // Law's: ann and bob see neither these records nor the section "pay".
  await createDeal(test.db, "boss", { subject: "Law's own", bonus: euro("7") });
  await createDeal(test.db, "boss", { subject: "Sold", unit: departments.sales, bonus: euro("3") });
});
afterAll(() => test.drop());

const summary = (login: Parameters<typeof actor>[0], asked: Record<string, string> = {}) =>
  summariseRecords(test.db, summaryQuerySchema.parse({ type: "deal", ...asked }), actor(login), types);

describe("summaries", () => {
  it("[POL-4] count what the reader may see, and nothing else", async () => {
    expect((await summary("ann")).count).toBe(5);
    expect((await summary("boss")).count).toBe(6);
    expect((await summary("ann", { filter: JSON.stringify({ count: { gte: 1 } }) })).count).toBe(2);
  });

  it("group by a person and add up amounts by currency, exactly", async () => {
    const { groups, more } = await summary("ann", { groupBy: "responsible", measure: "amount" });
    expect(more).toBe(false);
    expect(groups).toHaveLength(3);
    expect(groups).toContainEqual({
      value: people.ann,
      count: 2,
      measures: [{ currency: "EUR", count: 2, sum: "0.30", min: "0.10", max: "0.20" }],
    });
    expect(groups).toContainEqual({
      value: people.bob,
      count: 2,
      measures: [{ currency: "RUB", count: 1, sum: "100.00", min: "100.00", max: "100.00" }],
    });
  });

  it("[POL-7] add up a field only where the reader sees it plain", async () => {
    const seen = await summary("boss", { measure: "bonus" });
    expect(seen.groups[0]?.measures).toEqual([{ currency: "EUR", count: 2, sum: "10.00", min: "3.00", max: "7.00" }]);
    const unseen = await summary("ann", { measure: "bonus" });
    expect(unseen.groups).toEqual([{ value: null, count: 5, measures: [] }]);
  });

  it("[VIS-3] do not tell a hidden value from an empty one, by group or by filter", async () => {
    const filter = JSON.stringify({ bonus: { gte: 1 } });
    expect((await summary("ann", { filter })).count).toBe(0);
    expect((await summary("ann", { filter: JSON.stringify({ bonus: { empty: false } }) })).count).toBe(0);
    expect((await summary("boss", { filter })).count).toBe(2);
  });

  it("refuse a field that cannot be grouped or added up, and name those that can", async () => {
    await expect(summary("ann", { groupBy: "related" })).rejects.toMatchObject({
      code: "invalid",
      message: expect.stringContaining("state, responsible, unit, partner"),
    });
    await expect(summary("ann", { measure: "subject" })).rejects.toMatchObject({
      code: "invalid",
      message: expect.stringContaining("amount, count, bonus"),
    });
    await expect(summary("ann", { groupBy: "constructor" })).rejects.toMatchObject({ code: "invalid" });
  });
});
