import * as fc from "fast-check";
import { newId, type Json } from "../src/base/index.ts";
import { defineType } from "../src/objects/defineType.ts";
import { sortKeysOf } from "../src/objects/sortKeys.ts";
import type { RecordDoc } from "../src/objects/record.docs.ts";
import type { FieldDefinition, TypeDefinition } from "../src/objects/type.ts";

/** One type with a field of every kind, and arbitrary values for each of them. */
const label = (en: string) => ({ en, ru: en });
const options = ["red", "green", "blue"].map((key) => ({ key, label: label(key) }));

export const everything: TypeDefinition = defineType({
  name: "everything",
  label: label("Everything"),
  plural: label("Everything"),
  icon: "file",
  sections: [
    { key: "main", label: label("Main") },
    { key: "more", label: label("More") },
  ],
  fields: {
    title: { kind: "text", label: label("Title"), required: true, maxLength: 80 },
    number: { kind: "autoNumber", label: label("Number"), pattern: "E-{year}-{n:4}" },
    note: { kind: "longText", label: label("Note") },
    count: { kind: "number", label: label("Count"), min: -1_000_000, max: 1_000_000 },
    amount: { kind: "money", label: label("Amount"), currencies: ["EUR", "RUB"] },
    from: { kind: "date", label: label("From"), default: "today" },
    to: { kind: "date", label: label("To") },
    moment: { kind: "dateTime", label: label("Moment") },
    flag: { kind: "boolean", label: label("Flag"), default: false },
    colour: { kind: "choice", label: label("Colour"), options, default: "green" },
    colours: { kind: "choices", label: label("Colours"), options, max: 2 },
    person: { kind: "person", label: label("Person"), default: "me" },
    unit: { kind: "department", label: label("Department"), default: "mine", section: "more" },
    one: { kind: "relation", label: label("One"), to: "everything" },
    many: { kind: "relation", label: label("Many"), to: "everything", many: true },
    files: { kind: "files", label: label("Files") },
    signedOn: { kind: "date", label: label("Signed"), readOnly: true },
  },
  titleField: "title",
  ownerField: "person",
  departmentField: "unit",
  states: {
    initial: "draft",
    list: [
      { key: "draft", label: label("Draft"), tone: "neutral" },
      { key: "done", label: label("Done"), tone: "good" },
    ],
    transitions: [
      {
        key: "finish",
        label: label("Finish"),
        from: ["draft"],
        to: "done",
        requires: ["amount"],
        sets: { signedOn: "today" },
      },
      { key: "reopen", label: label("Reopen"), from: ["done"], to: "draft" },
    ],
  },
  list: {
    columns: ["title", "count", "amount", "state"],
    summary: [],
    sort: { field: "title", direction: "asc" },
    filters: [],
  },
  checks: [{ left: "from", op: "lte", right: "to", message: label("It ends before it begins.") }],
});

const day = fc
  .date({ min: new Date("1950-01-01"), max: new Date("2099-12-31"), noInvalidDate: true })
  .map((date) => date.toISOString().slice(0, 10));
const id = fc.uuid();
const word = fc.stringMatching(/^[a-zA-Zа-яА-ЯёЁ0-9 -]{1,40}$/).filter((text) => text.trim() !== "");
export const amount = fc
  .tuple(
    fc.bigInt({ min: -(10n ** 17n), max: 10n ** 17n }),
    fc.integer({ min: 0, max: 9999 }),
    fc.constantFrom("EUR", "RUB"),
  )
  .map(([whole, fraction, currency]) => ({ amount: `${whole}.${String(fraction).padStart(4, "0")}`, currency }));

/** Values as a person or program might send them; all of them fit. */
export const valueOf: Readonly<Record<string, fc.Arbitrary<Json>>> = {
  title: word,
  note: word,
  count: fc.integer({ min: -1_000_000, max: 1_000_000 }),
  amount,
  from: day,
  to: day,
  moment: fc
    .date({ min: new Date("1950-01-01"), max: new Date("2099-12-31"), noInvalidDate: true })
    .map((date) => date.toISOString()),
  flag: fc.boolean(),
  colour: fc.constantFrom("red", "green", "blue"),
  colours: fc.subarray(["red", "green", "blue"], { maxLength: 2 }),
  person: id,
  unit: id,
  one: id,
  many: fc.uniqueArray(id, { maxLength: 4 }),
};

export const fieldOf = (key: string): FieldDefinition => {
  const field = everything.fields[key];
  if (!field) throw new Error(`no field ${key}`);
  return field;
};

export const someDoc = (fields: Readonly<Record<string, Json>> = {}): RecordDoc => ({
  id: newId(),
  type: "everything",
  title: "Before",
  state: "draft",
  fields: { title: "Before", ...fields },
  revs: { title: 3 },
  createdAt: "2026-01-01T00:00:00.000Z",
  createdBy: "author",
  updatedAt: "2026-01-02T00:00:00.000Z",
  updatedBy: "author",
  can: { edit: "*", actions: ["delete", "transition:finish"] },
});

export const keyOf = (fields: Readonly<Record<string, Json>>, place: 0 | 1 | 2 | 3): string =>
  sortKeysOf(everything, { state: "draft", fields })[place];
