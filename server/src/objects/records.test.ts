import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { newId } from "@kontor/shared/base";
import { createTestDatabase, type TestDatabase } from "#testing";
import {
  accessOf,
  actor,
  apply,
  createDeal,
  departments,
  people,
  rowOf,
  seedPeople,
  types,
} from "./objects.fixture.ts";
import { findHistory } from "./objects.repo.ts";
import { projectHistory, projectRecord } from "./projectRecord.ts";
import { saveTypes, typeOf } from "./typeRegistry.ts";

let test: TestDatabase;
beforeAll(async () => {
  test = await createTestDatabase();
  await seedPeople(test.db);
  await saveTypes(test.db, types);
});
afterAll(() => test.drop());

const edit = (
  login: Parameters<typeof actor>[0],
  id: string,
  set: Record<string, string | number | null | object>,
  base: Record<string, number> = {},
) => apply(test.db, actor(login), "record.edit", id, { set, base } as never);
const deal = typeOf(types, "deal");
const docFor = async (login: Parameters<typeof actor>[0], id: string) => {
  const row = await rowOf(test.db, id);
  return projectRecord(row, deal, await accessOf(test.db, login, row));
};
const historyFor = async (login: Parameters<typeof actor>[0], id: string) => {
  const row = await rowOf(test.db, id);
  const rows = await findHistory(test.db, [id]);
  const access = await accessOf(test.db, login, row);
  return rows.flatMap((entry) => projectHistory(entry, deal, access) ?? []);
};
const changeLog = async () =>
  (await test.db.selectFrom("change_log").select(["collection", "row_id"]).execute()).map(
    ({ collection, row_id }) => `${collection} ${row_id}`,
  );

describe("creating", () => {
  it("fills defaults, owner, department, state and number, and notes the change", async () => {
    const id = await createDeal(test.db, "ann", {});
    expect(await docFor("ann", id)).toMatchObject({
      title: "Paper",
      state: "draft",
      owner: people.ann,
      department: departments.sales,
      fields: { start: "2026-03-02", responsible: people.ann, unit: departments.sales },
      number: expect.stringMatching(/^D-2026-\d{4}$/),
      revs: { subject: 1 },
      // Not "*": the section "pay" is hidden from her, and its fields must not look like empty ones.
      can: { edit: expect.arrayContaining(["subject", "amount"]), actions: ["delete", "attach", "transition:sign"] },
    });
    const [entry] = await findHistory(test.db, [id]);
    expect(await changeLog()).toEqual(expect.arrayContaining([`records ${id}`, `history ${entry?.id}`]));
  });

  it("names every field that does not fit, with its limit", async () => {
    const fields = {
      subject: "x".repeat(101),
      amount: { amount: "-1", currency: "EUR" },
      count: 1.5,
      nonsense: 1,
      number: "D-1",
      papers: "x",
    };
    await expect(createDeal(test.db, "ann", fields)).rejects.toMatchObject({
      code: "invalid",
      details: {
        problems: expect.arrayContaining([
          expect.objectContaining({ field: "subject", reason: "field.tooLong", limit: 100 }),
          expect.objectContaining({ field: "amount", reason: "field.tooSmall", limit: "0" }),
          expect.objectContaining({ field: "count", reason: "field.tooManyDecimals", limit: 0 }),
          expect.objectContaining({ field: "nonsense", reason: "field.unknown" }),
          expect.objectContaining({ field: "number", reason: "field.readOnly" }),
          expect.objectContaining({ field: "papers", reason: "field.files" }),
        ]),
      },
    });
    await expect(createDeal(test.db, "ann", { subject: "  " })).rejects.toMatchObject({
      details: { problems: [{ field: "subject", reason: "field.required" }] },
    });
  });

  it("refuses an id that is taken, also to whoever cannot see its record", async () => {
    const id = await createDeal(test.db, "ann", {});
    for (const login of ["ann", "eve"] as const) {
      const again = apply(test.db, actor(login), "record.create", id, { type: "deal", fields: { subject: "Other" } });
      await expect(again).rejects.toMatchObject({ code: "conflict", details: { reason: "record.exists" } });
    }
  });

  it("[POL-1] refuses what no policy allows: another department's record", async () => {
    await expect(createDeal(test.db, "ann", { unit: departments.law })).rejects.toMatchObject({
      code: "forbidden",
      details: { reason: "record.create.forbidden" },
    });
  });

  it("[POL-7] leaves out the fields that the author may not fill, and names them", async () => {
    const id = newId();
    const outcome = await apply(test.db, actor("ann"), "record.create", id, {
      type: "deal",
      fields: { subject: "Paper", bonus: { amount: "5", currency: "EUR" } },
    });
    expect(outcome).toMatchObject({
      status: "merged",
      data: { refused: [{ field: "bonus", reason: "field.forbidden" }] },
    });
    expect((await rowOf(test.db, id)).fields).not.toHaveProperty("bonus");
  });
});

describe("editing", () => {
  it("keeps both of two edits of different fields", async () => {
    const id = await createDeal(test.db, "ann", { count: 1 });
    await Promise.all([
      edit("ann", id, { count: 2 }, { count: 1 }),
      edit("bob", id, { subject: "Bob's" }, { subject: 1 }),
    ]);
    expect(await docFor("ann", id)).toMatchObject({
      fields: { count: 2, subject: "Bob's" },
      revs: { count: 2, subject: 2 },
    });
    expect((await rowOf(test.db, id)).conflicts).toEqual({});
  });

  it("lets the later of two edits of one field win, and keeps the value that lost", async () => {
    const id = await createDeal(test.db, "ann", { count: 1 });
    expect(await edit("bob", id, { count: 2 }, { count: 1 })).toEqual({ status: "applied" });
    expect(await edit("ann", id, { count: 3 }, { count: 1 })).toEqual({
      status: "merged",
      data: { conflicts: ["count"] },
    });
    expect(await docFor("bob", id)).toMatchObject({
      fields: { count: 3 },
      conflicts: { count: { lost: 2, lostBy: people.bob, wonBy: people.ann } },
    });
    expect((await historyFor("bob", id)).at(-1)?.changes).toEqual([{ field: "count", from: 2, to: 3, lost: true }]);
  });

  it("finds no conflict in the same value, nor in one author's own two devices", async () => {
    const id = await createDeal(test.db, "ann", { count: 1 });
    await edit("bob", id, { count: 2 }, { count: 1 });
    const before = await changeLog();
    expect(await edit("ann", id, { count: 2 }, { count: 1 })).toEqual({ status: "applied" });
    expect(await changeLog()).toEqual(before);
    await edit("ann", id, { count: 5 }, { count: 2 });
    expect(await edit("ann", id, { count: 6 }, { count: 2 })).toEqual({ status: "applied" });
    expect((await rowOf(test.db, id)).conflicts).toEqual({});
  });

  it("two transactions on one field at once: one of them merges, nothing is lost", async () => {
    const id = await createDeal(test.db, "ann", { count: 1 });
    const outcomes = await Promise.all([
      edit("ann", id, { count: 10 }, { count: 1 }),
      edit("bob", id, { count: 20 }, { count: 1 }),
    ]);
    expect(outcomes.map(({ status }) => status).sort()).toEqual(["applied", "merged"]);
    const row = await rowOf(test.db, id);
    expect(new Set([row.fields.count, row.conflicts.count?.lost])).toEqual(new Set([10, 20]));
  });

  it("settles a conflict: mine, theirs, a third value, and once only", async () => {
    for (const [choice, value, expected] of [
      ["mine", undefined, 2],
      ["theirs", undefined, 3],
      ["value", 4, 4],
    ] as const) {
      const id = await createDeal(test.db, "ann", { count: 1 });
      await edit("bob", id, { count: 2 }, { count: 1 });
      await edit("ann", id, { count: 3 }, { count: 1 });
      const args = { field: "count", choice, ...(value !== undefined && { value }) };
      expect(await apply(test.db, actor("bob"), "record.resolve", id, args)).toEqual({ status: "applied" });
      expect(await docFor("bob", id)).toMatchObject({ fields: { count: expected } });
      expect((await docFor("bob", id))?.conflicts).toBeUndefined();
      expect((await historyFor("bob", id)).at(-1)).toMatchObject({ kind: "resolved", changes: [{ field: "count" }] });
      await expect(apply(test.db, actor("bob"), "record.resolve", id, args)).rejects.toMatchObject({
        details: { reason: "record.noConflict" },
      });
    }
  });

  it("an edit that saw the disagreement settles it", async () => {
    const id = await createDeal(test.db, "ann", { count: 1 });
    await edit("bob", id, { count: 2 }, { count: 1 });
    await edit("ann", id, { count: 3 }, { count: 1 });
    await edit("bob", id, { count: 9 }, { count: 3 });
    expect((await rowOf(test.db, id)).conflicts).toEqual({});
  });

  it("[POL-7] applies the allowed fields and refuses the forbidden ones by name", async () => {
    const id = await createDeal(test.db, "ann", { count: 1 });
    const outcome = await edit("ann", id, { count: 2, bonus: { amount: "1", currency: "EUR" } }, { count: 1 });
    expect(outcome).toMatchObject({
      status: "merged",
      data: { refused: [{ field: "bonus", reason: "field.forbidden" }] },
    });
    expect((await rowOf(test.db, id)).fields).toMatchObject({ count: 2 });
    await expect(edit("ann", id, { bonus: { amount: "1", currency: "EUR" } })).rejects.toMatchObject({
      code: "forbidden",
      details: { problems: [{ field: "bonus" }] },
    });
  });

  it("[VIS-2] answers notFound for what the actor cannot read, as for what is not there", async () => {
    const secret = newId();
    await apply(test.db, actor("boss"), "record.create", secret, {
      type: "partner",
      fields: { name: "Secret", secret: true },
    });
    for (const id of [newId(), secret]) {
      await expect(edit("ann", id, { name: "x" })).rejects.toMatchObject({ code: "notFound" });
      await expect(apply(test.db, actor("ann"), "record.delete", id, {})).rejects.toMatchObject({ code: "notFound" });
    }
  });

  it("[VIS-2] a check against a hidden field is not an oracle for it", async () => {
    const id = await createDeal(test.db, "boss", { unit: departments.sales, payday: "2026-06-01", end: "2026-12-31" });
    expect(await edit("ann", id, { end: "2026-05-01" }, { end: 1 })).toEqual({ status: "applied" });
    await expect(edit("ann", id, { end: "2026-01-01" }, { end: 2 })).rejects.toMatchObject({
      details: { problems: [{ field: "end", reason: "field.check", message: "The end is before the start." }] },
    });
  });

  it("keeps links to what is there, and tells a guessed id nothing", async () => {
    const [secret, open] = [newId(), newId()];
    await apply(test.db, actor("boss"), "record.create", secret, {
      type: "partner",
      fields: { name: "Secret", secret: true },
    });
    await apply(test.db, actor("boss"), "record.create", open, { type: "partner", fields: { name: "Open" } });
    const id = await createDeal(test.db, "ann", { partner: open });
    const missing = { details: { problems: [{ field: "partner", reason: "field.noRecord" }] } };
    await expect(edit("ann", id, { partner: secret }, { partner: 1 })).rejects.toMatchObject(missing);
    await expect(edit("ann", id, { partner: newId() }, { partner: 1 })).rejects.toMatchObject(missing);
    await expect(edit("ann", id, { partner: id }, { partner: 1 })).rejects.toMatchObject(missing);
    await expect(edit("ann", id, { responsible: newId(), unit: newId() })).rejects.toMatchObject({
      details: {
        problems: [
          { field: "responsible", reason: "field.noPerson" },
          { field: "unit", reason: "field.noDepartment" },
        ],
      },
    });
  });

  it("lets an act take away its author's own right to read", async () => {
    const id = await createDeal(test.db, "ann", {});
    expect(await edit("ann", id, { unit: departments.law }, { unit: 1 })).toEqual({ status: "applied" });
    expect(await docFor("ann", id)).toBeUndefined();
    expect(await docFor("boss", id)).toBeDefined();
  });
});

describe("states", () => {
  it("moves by policy, needs what the step needs, and fills what it fills", async () => {
    const id = await createDeal(test.db, "ann", {});
    const sign = () => apply(test.db, actor("ann"), "record.transition", id, { transition: "sign" });
    await expect(sign()).rejects.toMatchObject({
      details: { reason: "record.transition.incomplete", problems: [{ field: "amount", reason: "field.required" }] },
    });
    await edit("ann", id, { amount: { amount: "100", currency: "EUR" } });
    await sign();
    expect(await docFor("ann", id)).toMatchObject({
      state: "signed",
      fields: { signedAt: "2026-03-02", amount: { amount: "100.00" } },
    });
    expect((await historyFor("ann", id)).at(-1)).toMatchObject({
      kind: "transition",
      transition: { key: "sign", from: "draft", to: "signed" },
    });
    await expect(sign()).rejects.toMatchObject({ code: "conflict", details: { reason: "record.transition.state" } });
    await expect(edit("ann", id, { signedAt: "2026-01-01" })).rejects.toMatchObject({
      details: { problems: [{ field: "signedAt", reason: "field.readOnly" }] },
    });
  });

  it("deletes into the trash and restores from it; editing waits for that", async () => {
    const id = await createDeal(test.db, "ann", { code: "ONCE" });
    await apply(test.db, actor("ann"), "record.delete", id, {});
    expect(await docFor("ann", id)).toMatchObject({
      deletedAt: expect.any(String),
      can: { edit: [], actions: ["restore"] },
    });
    await expect(edit("ann", id, { count: 1 })).rejects.toMatchObject({ details: { reason: "record.deleted" } });
    const successor = await createDeal(test.db, "ann", { code: "once" });
    await expect(apply(test.db, actor("ann"), "record.restore", id, {})).rejects.toMatchObject({
      details: { problems: [{ field: "code", reason: "field.taken" }] },
    });
    await edit("ann", successor, { code: null }, { code: 1 });
    await apply(test.db, actor("ann"), "record.restore", id, {});
    expect((await docFor("ann", id))?.deletedAt).toBeUndefined();
  });

  it("[POL-2] a deny on deleting wins", async () => {
    const id = await createDeal(test.db, "eve", {});
    await expect(apply(test.db, actor("eve"), "record.delete", id, {})).rejects.toMatchObject({
      code: "forbidden",
      details: { reason: "record.delete.forbidden" },
    });
  });
});

describe("what the database decides", () => {
  it("gives a unique value to one of many that want it at once", async () => {
    const results = await Promise.allSettled(
      Array.from({ length: 8 }, () => createDeal(test.db, "ann", { code: "RACE" })),
    );
    expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    const refusals = results.flatMap((result) => (result.status === "rejected" ? [result.reason as unknown] : []));
    const taken = { code: "conflict", details: { problems: [{ field: "code", reason: "field.taken" }] } };
    expect(refusals).toMatchObject(refusals.map(() => taken));
  });

  it("takes unique values that unfold to more than an index holds", async () => {
    const code = "\ufdfa".repeat(500);
    await createDeal(test.db, "ann", { code });
    await expect(createDeal(test.db, "ann", { code })).rejects.toMatchObject({ code: "conflict" });
  });

  it("numbers without a gap, also when many create at once and some fail", async () => {
    const before = await createDeal(test.db, "ann", {});
    const first = Number(String((await rowOf(test.db, before)).fields.number).slice(-4));
    await createDeal(test.db, "ann", { code: "TAKEN" });
    const results = await Promise.allSettled(
      Array.from({ length: 24 }, (_, index) => createDeal(test.db, "bob", index % 4 === 0 ? { code: "taken" } : {})),
    );
    const ids = results.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
    expect(ids).toHaveLength(18);
    const numbers = await Promise.all(
      ids.map(async (id) => Number(String((await rowOf(test.db, id)).fields.number).slice(-4))),
    );
    expect(numbers.sort((a, b) => a - b)).toEqual(Array.from({ length: 18 }, (_, index) => first + 2 + index));
  });
});

describe("projection", () => {
  it("[VIS-2] a hidden section is absent from the record, its revisions, conflicts and history", async () => {
    const id = await createDeal(test.db, "boss", { unit: departments.sales, bonus: { amount: "1", currency: "EUR" } });
    const euro = (amount: string) => ({ bonus: { amount, currency: "EUR" } });
    await edit("boss", id, euro("2"), { bonus: 1 });
    const seen = JSON.stringify([await docFor("ann", id), await historyFor("ann", id)]);
    expect(seen).not.toMatch(/bonus|payday/);
    expect(JSON.stringify(await docFor("boss", id))).toMatch(/bonus/);
  });

  it("[VIS-3] a change of a hidden field changes nothing that can be observed", async () => {
    const id = await createDeal(test.db, "boss", { unit: departments.sales });
    const before = [await docFor("ann", id), await historyFor("ann", id)];
    await edit("boss", id, { payday: "2026-12-01" });
    expect([await docFor("ann", id), await historyFor("ann", id)]).toEqual(before);
    expect((await docFor("boss", id))?.updatedAt).not.toBe((await docFor("ann", id))?.updatedAt);
  });

  it("[VIS-2] a redacted field is a redacted value and nothing else", async () => {
    const id = await createDeal(test.db, "ann", { code: "SECRET-42" });
    const doc = await docFor("eve", id);
    expect(doc).toMatchObject({ fields: { code: "•••42" }, redacted: ["code"], can: { edit: [], actions: [] } });
    expect(doc?.revs).not.toHaveProperty("code");
    expect(JSON.stringify([doc, await historyFor("eve", id)])).not.toContain("SECRET");
  });
});
