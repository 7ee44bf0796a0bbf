import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { newId } from "@kontor/shared/base";
import { createTestDatabase, type TestDatabase } from "#testing";
import { createAuditLog, sensitiveReads, type AuditEntry } from "#kernel";

const START = Date.parse("2026-03-02T10:00:00.000Z");
let test: TestDatabase;
let now = START;
const clock = { now: () => now };
beforeAll(async () => {
  test = await createTestDatabase();
});
afterAll(() => test.drop());
beforeEach(async () => {
  now += 3_600_000;
  await test.pool.query("truncate audit_repeat");
});

const denial = (more: Partial<AuditEntry> = {}): AuditEntry => ({
  action: `test.${newId()}`,
  outcome: "denied",
  by: { userId: newId(), login: "ivan" },
  ...more,
});
const written = async (action: string) =>
  (
    await test.pool.query<{ at: string; details: Record<string, unknown>; user_id: string | null }>(
      "select at, details, user_id from audit_entry where action = $1 order by txid, id",
      [action],
    )
  ).rows;

describe("what is noted", () => {
  it("is there when the promise is kept, and not when it is broken", async () => {
    const audit = createAuditLog({ db: test.db, clock });
    const entry = denial();
    await audit.note([entry]);
    expect(await written(entry.action)).toMatchObject([{ at: new Date(now).toISOString(), details: {} }]);
    await test.pool.query("alter table audit_repeat rename to away");
    const lost = denial();
    const refused = audit.note([lost]);
    await expect(refused).rejects.toThrow(/audit_repeat/);
    await test.pool.query("alter table away rename to audit_repeat");
    await audit.note([denial()]);
    expect(await written(lost.action)).toEqual([]);
  });

  it("at the same moment is written together", async () => {
    const audit = createAuditLog({ db: test.db, clock });
    const entries = Array.from({ length: 300 }, () => denial());
    await Promise.all(entries.map((entry) => audit.note([entry])));
    const { rows } = await test.pool.query<{ writes: number; entries: number }>(
      "select count(distinct txid) as writes, count(*) as entries from audit_entry where action = any($1)",
      [entries.map(({ action }) => action)],
    );
    expect(rows[0]?.entries).toBe(300);
    expect(rows[0]?.writes).toBeLessThanOrEqual(3);
  });

  it("again within a minute is counted, and becomes one entry when the minute is over", async () => {
    const audit = createAuditLog({ db: test.db, clock });
    const entry = denial({ details: { door: "http" } });
    for (let time = 0; time < 40; time++) {
      await audit.note([entry, entry]);
      now += 1_000;
    }
    await audit.sweep();
    expect(await written(entry.action)).toHaveLength(1);
    now += 30_000;
    await audit.sweep();
    await audit.sweep();
    expect(await written(entry.action)).toMatchObject([
      { details: { door: "http" } },
      { details: { door: "http", repeated: 79, since: new Date(now - 70_000).toISOString() } },
    ]);
    await audit.note([entry]);
    expect(await written(entry.action)).toHaveLength(3);
  });

  it("by several nodes is counted together", async () => {
    const entry = denial();
    const nodes = Array.from({ length: 3 }, () => createAuditLog({ db: test.db, clock }));
    await Promise.all(nodes.flatMap((node) => Array.from({ length: 10 }, () => node.note([entry]))));
    expect(await written(entry.action)).toHaveLength(1);
    now += 61_000;
    await Promise.all(nodes.map((node) => node.sweep()));
    expect(await written(entry.action)).toMatchObject([{ details: {} }, { details: { repeated: 29 } }]);
  });

  it("is whole after a kill: what was counted is in the database", async () => {
    const entry = denial();
    const killed = createAuditLog({ db: test.db, clock });
    await killed.note([entry]);
    await killed.note([entry]);
    now += 61_000;
    await createAuditLog({ db: test.db, clock }).sweep();
    expect(await written(entry.action)).toMatchObject([{ details: {} }, { details: { repeated: 1 } }]);
  });
});

describe("a flood", () => {
  it("of different denials of one person is bounded, and none is lost from the count", async () => {
    const audit = createAuditLog({ db: test.db, clock });
    const action = `test.${newId()}`;
    const userId = newId();
    const flood = (who: string, many: number) =>
      Array.from({ length: many }, () =>
        denial({ action, by: { userId: who }, object: { kind: "records", id: newId() } }),
      );
    await Promise.all(flood(userId, 5_000).map((entry) => audit.note([entry])));
    await audit.note(flood(newId(), 1));
    now += 61_000;
    await audit.sweep();
    const rows = await written(action);
    expect(rows).toHaveLength(100 + 1 + 1 + 1);
    expect(rows.filter(({ details }) => details["various"])).toMatchObject([
      { user_id: userId, details: { various: true } },
      { user_id: userId, details: { various: true, repeated: 4_899 } },
    ]);
  });

  it("of people without a name is bounded however many addresses they have", async () => {
    const audit = createAuditLog({ db: test.db, clock });
    const action = `test.${newId()}`;
    const flood = Array.from({ length: 3_000 }, (_, n) =>
      denial({ action, outcome: "failed", by: { ip: `198.51.${Math.floor(n / 250)}.${n % 250}` } }),
    );
    await audit.note(flood);
    expect(await written(action)).toHaveLength(1_001);
  });

  it("of reads is not: each is by itself what happened", async () => {
    const audit = createAuditLog({ db: test.db, clock });
    const by = { userId: newId() };
    const part = () => ({ type: `type${newId()}`, id: newId(), sections: ["pay"] });
    const parts = Array.from({ length: 300 }, part);
    await audit.note(parts.flatMap((each) => sensitiveReads([each], by, "record")));
    const { rows } = await test.pool.query<{ n: number }>("select count(*) as n from audit_entry where user_id = $1", [
      by.userId,
    ]);
    expect(rows[0]?.n).toBe(300);
  });
});

it("names all records of a large batch, in entries of a bounded size", () => {
  const ids = Array.from({ length: 450 }, () => newId());
  const parts = ids.map((id) => ({ type: "employee", id, sections: ["pay"] }));
  const entries = sensitiveReads([...parts, { type: "employee", id: "x", sections: ["personal", "pay"] }], {}, "feed");
  expect(entries.map(({ details }) => (details?.["ids"] as string[] | undefined)?.length)).toEqual([
    200,
    200,
    50,
    undefined,
  ]);
  expect(entries.flatMap(({ details }) => (details?.["ids"] as string[] | undefined) ?? [])).toEqual(ids);
  expect(entries.at(-1)).toMatchObject({
    object: { kind: "employee", id: "x" },
    details: { sections: ["pay", "personal"] },
  });
});
