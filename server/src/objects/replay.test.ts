import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { newId, type JsonObject } from "@kontor/shared/base";
import { replayIntent, type RecordDoc, type RecordIntentName } from "@kontor/shared/objects";
import { createTestDatabase, type TestDatabase } from "#testing";
import { accessOf, actor, apply, departments, people, rowOf, seedPeople, types } from "./objects.fixture.ts";
import { projectRecord } from "./projectRecord.ts";
import { saveTypes, typeOf } from "./typeRegistry.ts";

let test: TestDatabase;
beforeAll(async () => {
  test = await createTestDatabase();
  await seedPeople(test.db);
  await saveTypes(test.db, types);
});
afterAll(() => test.drop());

const deal = typeOf(types, "deal");

async function served(id: string): Promise<RecordDoc | undefined> {
  const row = await rowOf(test.db, id);
  return projectRecord(row, deal, await accessOf(test.db, "boss", row));
}

/** What only the server knows: revisions, hints and the number. */
function shown(doc: RecordDoc | undefined): object {
  const { revs: _, can: __, number: ___, fields, ...rest } = doc ?? ({} as RecordDoc);
  return { ...rest, fields: Object.fromEntries(Object.entries(fields).filter(([key]) => key !== "number")) };
}

const values = fc.record(
  {
    subject: fc.stringMatching(/^[a-zA-Zа-я ]{0,20}x$/),
    amount: fc.record({ amount: fc.nat().map(String), currency: fc.constantFrom("EUR", "RUB") }),
    count: fc.option(fc.nat()),
    start: fc.constantFrom("2020-01-01", "2021-12-31"),
    end: fc.option(fc.constantFrom("2026-05-05", "2027-01-01")),
    responsible: fc.option(fc.constantFrom(people.ann, people.boss)),
    bonus: fc.option(fc.constant({ amount: "1.5", currency: "EUR" })),
  },
  { requiredKeys: [] },
);
type Act = readonly [name: RecordIntentName, args: JsonObject];
const act: fc.Arbitrary<Act> = fc.oneof(
  { weight: 4, arbitrary: values.map((set): Act => ["record.edit", { set: set as JsonObject, base: {} }]) },
  fc.constant<Act>(["record.transition", { transition: "sign" }]),
  fc.constant<Act>(["record.delete", {}]),
  fc.constant<Act>(["record.restore", {}]),
);

describe("what a desktop shows before the server has answered", () => {
  it("[SYN-1] is what the server makes of it, whenever the server takes it", { timeout: 120_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(values, fc.array(act, { minLength: 3, maxLength: 8 }), async (first, acts) => {
        const id = newId();
        const create: Act = [
          "record.create",
          { type: "deal", fields: { subject: "First", unit: departments.law, ...(first as JsonObject) } },
        ];
        let doc: RecordDoc | undefined;
        for (const [name, args] of [create, ...acts]) {
          const who = actor("boss");
          const expected = replayIntent(
            doc,
            { mid: newId(), name, collection: "records", id, args, at: who.now },
            deal,
            { userId: who.subject.id, department: who.subject.department },
          );
          const isTaken = await apply(test.db, who, name, id, args).then(
            () => true,
            () => false,
          );
          if (!isTaken) continue;
          doc = await served(id);
          expect(shown(doc)).toEqual(shown(expected));
        }
      }),
      { numRuns: 80 },
    );
  });
});
