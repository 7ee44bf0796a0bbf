import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { newId, type JsonObject } from "../base/index.ts";
import type { Intent } from "../protocol/index.ts";
import { everything, someDoc, valueOf } from "../../test/objects.fixture.ts";
import { replayIntent } from "./replayIntent.ts";
import type { RecordDoc } from "./record.docs.ts";

const me = { userId: "01920000-0000-7000-8000-00000000abcd", department: "01920000-0000-7000-8000-00000000abce" };
const intent = (name: string, args: JsonObject, at = "2026-03-01T10:00:00.000Z", id: string = newId()): Intent => ({
  mid: newId(),
  name,
  collection: "records",
  id,
  args,
  at,
});
const replay = (doc: RecordDoc, ...intents: readonly Intent[]) =>
  intents.reduce<RecordDoc>((before, next) => replayIntent(before, next, everything, me), doc);
const edit = (set: JsonObject, at?: string) => intent("record.edit", { set, base: {} }, at);

const someEdit = fc
  .dictionary(fc.constantFrom(...Object.keys(valueOf)), fc.nat(), { minKeys: 1, maxKeys: 4 })
  .chain((keys) =>
    fc.record(Object.fromEntries(Object.keys(keys).map((key) => [key, fc.option(valueOf[key] ?? fc.constant(null))]))),
  );
const someTime = fc
  .integer({ min: 0, max: 1_000 })
  .map((minutes) => new Date(Date.parse("2026-03-01T00:00:00.000Z") + minutes * 60_000).toISOString());

describe("replaying an intent over the server's row", () => {
  it("edits of different fields give the same row in either order", () => {
    fc.assert(
      fc.property(someEdit, someEdit, someTime, someTime, (a, b, atA, atB) => {
        fc.pre(Object.keys(a).every((key) => !(key in b)));
        const doc = someDoc();
        expect(replay(doc, edit(a as JsonObject, atA), edit(b as JsonObject, atB))).toEqual(
          replay(doc, edit(b as JsonObject, atB), edit(a as JsonObject, atA)),
        );
      }),
    );
  });

  it("the same edit twice is the edit once", () => {
    fc.assert(
      fc.property(someEdit, (set) => {
        const once = edit(set as JsonObject);
        expect(replay(someDoc(), once, once)).toEqual({ ...replay(someDoc(), once), id: expect.any(String) });
      }),
    );
  });

  it("never throws, keeps the row it was given, and leaves what is not its own business", () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.constantFrom(
          "record.create",
          "record.edit",
          "record.transition",
          "record.delete",
          "record.restore",
          "record.resolve",
          "file.attach",
        ),
        fc.dictionary(fc.string(), fc.jsonValue()),
        (_, name, args) => {
          const doc = someDoc();
          const frozen = JSON.stringify(doc);
          replayIntent(doc, intent(name, args as JsonObject), everything, me);
          replayIntent(undefined, intent(name, args as JsonObject), everything, me);
          expect(JSON.stringify(doc)).toBe(frozen);
        },
      ),
    );
    const doc = someDoc();
    expect(
      replay(
        doc,
        intent("file.attach", {}),
        intent("record.edit", { set: 5 }),
        edit({ nonsense: 1, files: "x", number: "E-1" }),
      ),
    ).toBe(doc);
  });

  it("sets and empties fields, with title, owner and department after them; revisions stay the server's", () => {
    const doc = replay(
      someDoc({ note: "n", person: "p" }),
      edit({ title: "  After ", note: null, person: me.userId, unit: me.department }),
    );
    expect(doc).toMatchObject({
      title: "After",
      owner: me.userId,
      department: me.department,
      revs: { title: 3 },
      updatedAt: "2026-03-01T10:00:00.000Z",
      updatedBy: me.userId,
    });
    expect(doc.fields).toEqual({ title: "After", person: me.userId, unit: me.department });
  });

  it("an edit that changes nothing leaves the row as it is", () => {
    const doc = someDoc({ amount: { amount: "5.00", currency: "EUR" } });
    expect(replay(doc, edit({ title: " Before", note: null, amount: { currency: "EUR", amount: "5" } }))).toBe(doc);
  });

  it("shows a value that does not fit as it was typed", () => {
    expect(replay(someDoc(), edit({ title: "x".repeat(100) })).title).toHaveLength(100);
  });

  it("creates with defaults, without a number, and steps aside for the server's row", () => {
    const create = intent("record.create", { type: "everything", fields: { title: "New" } });
    const doc = replayIntent(undefined, create, everything, me);
    expect(doc).toMatchObject({
      id: create.id,
      title: "New",
      state: "draft",
      owner: me.userId,
      fields: { colour: "green", from: "2026-03-01" },
      revs: {},
      can: { edit: "*" },
    });
    expect(doc).not.toHaveProperty("number");
    const served = someDoc();
    expect(replayIntent(served, create, everything, me)).toBe(served);
    expect(replayIntent(undefined, edit({ title: "x" }), everything, me)).toBeUndefined();
  });

  it("moves, deletes and restores", () => {
    const moved = replay(someDoc(), intent("record.transition", { transition: "finish" }));
    expect(moved).toMatchObject({ state: "done", fields: { signedOn: "2026-03-01" }, can: { actions: ["delete"] } });
    expect(replay(moved, intent("record.transition", { transition: "finish" }))).toBe(moved);
    const deleted = replay(someDoc(), intent("record.delete", {}));
    expect(deleted.deletedAt).toBe("2026-03-01T10:00:00.000Z");
    expect(replay(deleted, intent("record.restore", {}))).not.toHaveProperty("deletedAt");
  });

  it("settles a conflict", () => {
    const conflict = { lost: 1, lostBy: "a", lostAt: "x", wonBy: "b", wonAt: "y" };
    const doc: RecordDoc = { ...someDoc({ count: 2 }), conflicts: { count: conflict } };
    const settle = (choice: string, value?: number) =>
      replay(doc, intent("record.resolve", { field: "count", choice, ...(value !== undefined && { value }) }));
    expect(settle("mine")).toMatchObject({ fields: { count: 1 } });
    expect(settle("theirs")).toMatchObject({ fields: { count: 2 } });
    expect(settle("value", 7)).toMatchObject({ fields: { count: 7 } });
    for (const choice of ["mine", "theirs", "value"]) expect(settle(choice, 1)).not.toHaveProperty("conflicts");
  });
});
