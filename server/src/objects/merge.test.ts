import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTestDatabase, type TestDatabase } from "#testing";
import { actor, apply, createDeal, people, rowOf, seedPeople, types } from "./objects.fixture.ts";
import { findHistory } from "./objects.repo.ts";
import { saveTypes } from "./typeRegistry.ts";

let test: TestDatabase;
beforeAll(async () => {
  test = await createTestDatabase();
  await seedPeople(test.db);
  await saveTypes(test.db, types);
});
afterAll(() => test.drop());

const authors = ["ann", "bob"] as const;
type Author = (typeof authors)[number];
type Field = "count" | "subject";
interface Edit {
  readonly author: Author;
  readonly field: Field;
  readonly value: number;
  /** How many of the changes of this field the author has not seen. */
  readonly behind: number;
}

const edits: fc.Arbitrary<Edit[]> = fc.array(
  fc.record({
    author: fc.constantFrom(...authors),
    field: fc.constantFrom("count" as const, "subject" as const),
    value: fc.nat({ max: 4 }),
    behind: fc.nat({ max: 3 }),
  }),
  { minLength: 1, maxLength: 12 },
);

const valueOf = ({ field, value }: Pick<Edit, "field" | "value">) => (field === "count" ? value : `Value ${value}`);

/** Written from docs/decisions/0006 and not from the code: what a field is after each edit. */
interface FieldModel {
  value: unknown;
  rev: number;
  by: string;
  conflict: { lost: unknown; lostBy: string } | undefined;
}

describe("merging edits", () => {
  it(
    "gives what the rules say, and loses no value that anybody wrote, in any schedule of two authors",
    { timeout: 120_000 },
    async () => {
      await fc.assert(
        fc.asyncProperty(edits, async (schedule) => {
          const id = await createDeal(test.db, "ann", { count: 0, subject: "Value 0" });
          const model: Record<Field, FieldModel> = {
            count: { value: 0, rev: 1, by: people.ann, conflict: undefined },
            subject: { value: "Value 0", rev: 1, by: people.ann, conflict: undefined },
          };
          for (const edit of schedule) {
            const field = model[edit.field];
            const base = Math.max(0, field.rev - edit.behind);
            const outcome = await apply(test.db, actor(edit.author), "record.edit", id, {
              set: { [edit.field]: valueOf(edit) },
              base: { [edit.field]: base },
            });
            expect(outcome.status).toBe(takeEdit(field, edit, base) ? "merged" : "applied");
          }
          await compare(id, model, schedule);
        }),
        { numRuns: 60 },
      );
    },
  );
});

/** True when somebody else's value lost. */
function takeEdit(field: FieldModel, edit: Edit, base: number): boolean {
  if (field.value === valueOf(edit)) return false;
  const isStale = base < field.rev;
  const isConflict = isStale && field.by !== people[edit.author];
  if (isConflict) field.conflict = { lost: field.value, lostBy: field.by };
  else if (!isStale) field.conflict = undefined;
  field.value = valueOf(edit);
  field.rev++;
  field.by = people[edit.author];
  return isConflict;
}

async function compare(
  id: string,
  model: Readonly<Record<Field, FieldModel>>,
  schedule: readonly Edit[],
): Promise<void> {
  const row = await rowOf(test.db, id);
  const history = await findHistory(test.db, [id]);
  for (const key of ["count", "subject"] as const) {
    const field = model[key];
    expect(row.fields[key]).toBe(field.value);
    expect(row.field_meta[key]?.[0]).toBe(field.rev);
    const conflict = row.conflicts[key];
    expect(conflict && { lost: conflict.lost, lostBy: conflict.lostBy }).toEqual(field.conflict);
    const kept = new Set(
      history.flatMap(({ changes }) => changes.filter((change) => change.field === key).map(({ to }) => to)),
    );
    for (const edit of schedule.filter((each) => each.field === key)) expect(kept).toContain(valueOf(edit));
  }
}
