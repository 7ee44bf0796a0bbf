import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { newId } from "@kontor/shared/base";
import { recordAudit, type AuditEntry, type Transaction } from "#kernel";
import { createTestDatabase, type TestDatabase } from "#testing";
import { chainEntries, pruneEntries, readChain, verifyChain } from "./index.ts";

const DAY_MS = 86_400_000;
const now = () => new Date().toISOString();
const daysAgo = (days: number) => new Date(Date.now() - days * DAY_MS).toISOString();
const entry = (action: string): AuditEntry => ({ action, outcome: "done", details: { step: action, ключ: [1, null] } });

let test: TestDatabase;
beforeAll(async () => {
  test = await createTestDatabase();
});
afterAll(() => test.drop());

/** As a superuser could, who owns the tables: without their triggers. */
const tamper = async (statement: string, parameters: readonly unknown[] = []) => {
  const client = await test.pool.connect();
  try {
    await client.query("begin");
    await client.query("set local session_replication_role = replica");
    await client.query(statement, [...parameters]);
    await client.query("commit");
  } finally {
    client.release();
  }
};
const forget = () =>
  tamper("delete from audit_entry").then(() =>
    tamper("update audit_chain set first_number = 1, anchor = '', last_number = 0, last_hash = ''"),
  );

/** Others in this cluster hold the horizon back for a moment. */
const chainAll = async () => {
  await expect.poll(async () => (await chainEntries(test.db), await unchained()), { timeout: 15_000 }).toBe(0);
};
const unchained = async () =>
  (await test.pool.query<{ n: number }>("select count(*) as n from audit_entry where number is null")).rows[0]?.n;
const write = async (count: number, at = now()) => {
  for (let step = 1; step <= count; step++) await recordAudit(test.db, at, [entry(`test.${step}`)]);
};
const actions = async () =>
  (
    await test.pool.query<{ action: string }>("select action from audit_entry where number is not null order by number")
  ).rows.map(({ action }) => action);

beforeEach(forget);

describe("[POL-12] the chain", () => {
  it("numbers what is committed without gaps, and is right from the first to the last", async () => {
    await write(5);
    await chainAll();
    expect(await verifyChain(test.db)).toMatchObject({
      ok: true,
      checked: 5,
      firstNumber: 1,
      lastNumber: 5,
      unchained: 0,
    });
    await write(3);
    await chainAll();
    expect(await verifyChain(test.db)).toMatchObject({ ok: true, checked: 8, lastNumber: 8 });
  });

  it("is right when there is nothing yet", async () => {
    expect(await verifyChain(test.db)).toMatchObject({ ok: true, checked: 0, lastNumber: 0 });
  });

  it("lets no entry of a long transaction slip in under a number that was given", async () => {
    let release = () => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    let written = () => {};
    const isWritten = new Promise<void>((resolve) => (written = resolve));
    const long = test.db.transaction().execute(async (trx: Transaction) => {
      await recordAudit(trx, now(), [entry("test.long")]);
      written();
      await held;
    });
    await isWritten;
    await write(2);
    expect(await chainEntries(test.db)).toBe(0);
    expect(await actions()).toEqual([]);
    release();
    await long;
    await chainAll();
    expect(await actions()).toEqual(["test.long", "test.1", "test.2"]);
    expect(await verifyChain(test.db)).toMatchObject({ ok: true, checked: 3 });
  });

  it("has neither gap nor double while many write and several chain, with transactions of all lengths", async () => {
    const writers = Array.from({ length: 6 }, async (_, writer) => {
      for (let step = 0; step < 15; step++) {
        const trx = await test.db.startTransaction().execute();
        await recordAudit(trx, now(), [entry(`w${writer}.a${step}`)]);
        await trx.selectFrom("server_state").select("key").execute();
        await recordAudit(trx, now(), [entry(`w${writer}.b${step}`)]);
        await (step % 5 === 0 ? trx.rollback() : trx.commit()).execute();
      }
    });
    const written = Promise.all(writers).then(() => [] as number[]);
    const chainUntilWritten = async (): Promise<void> => {
      const next = chainEntries(test.db).then((count) => [count]);
      if ((await Promise.all([next, Promise.race([written, next])]))[1].length > 0) await chainUntilWritten();
    };
    await Promise.all([written, chainUntilWritten(), chainUntilWritten()]);
    await chainAll();
    expect(await verifyChain(test.db)).toMatchObject({ ok: true, checked: 6 * 12 * 2, lastNumber: 6 * 12 * 2 });
    const order = await actions();
    for (let writer = 0; writer < 6; writer++) {
      const own = order.filter((action) => action.startsWith(`w${writer}.`));
      const expected = Array.from({ length: 15 }, (_, step) => step)
        .filter((step) => step % 5 !== 0)
        .flatMap((step) => [`w${writer}.a${step}`, `w${writer}.b${step}`]);
      expect(own).toEqual(expected);
    }
  });

  it("takes entries from another life of the database, whose transaction ids lie ahead", async () => {
    await tamper(
      `insert into audit_entry (id, txid, at, action, outcome) values ($1, '900000000000', now(), 'test.copied', 'done')`,
      [newId()],
    );
    await write(1);
    await chainAll();
    expect(await actions()).toEqual(["test.copied", "test.1"]);
  });

  it("chains thousands in a few transactions", async () => {
    await recordAudit(
      test.db,
      now(),
      Array.from({ length: 4_500 }, (_, step) => entry(`many.${step}`)),
    );
    await chainAll();
    expect(await verifyChain(test.db)).toMatchObject({ ok: true, checked: 4_500 });
  });
});

describe("[POL-12] nothing is changed", () => {
  it.each([
    ["changed", "update audit_entry set action = 'test.other' where number = 2"],
    ["given another number", "update audit_entry set number = 99 where number = 2"],
    ["deleted", "delete from audit_entry where number = 2"],
    ["deleted whole", "delete from audit_entry"],
    ["emptied", "truncate audit_entry"],
    ["sent back", "update audit_chain set last_number = 1, last_hash = ''"],
    ["shortened at its beginning", "update audit_chain set first_number = 2, anchor = ''"],
    ["forgotten", "delete from audit_chain"],
    ["emptied of its head", "truncate audit_chain"],
  ])("by the server's own user: it cannot be %s", async (_what, statement) => {
    await write(3);
    await chainAll();
    await expect(test.pool.query(statement)).rejects.toThrow(/audit log/);
    expect(await verifyChain(test.db)).toMatchObject({ ok: true, checked: 3 });
  });

  it("not even an entry that has no number yet", async () => {
    await write(1);
    await expect(test.pool.query("update audit_entry set outcome = 'failed'")).rejects.toThrow(/append-only/);
    await expect(test.pool.query("delete from audit_entry")).rejects.toThrow(/append-only/);
  });

  it("and no entry chooses its number or its transaction", async () => {
    await test.pool.query(
      `insert into audit_entry (id, txid, at, action, outcome, number, hash) values ($1, '1', now(), 'test.early', 'done', 7, 'x')`,
      [newId()],
    );
    const { rows } = await test.pool.query("select number, hash, txid > '1'::xid8 as own from audit_entry");
    expect(rows).toEqual([{ number: null, hash: null, own: true }]);
  });
});

describe("[POL-12] whoever takes the walls down is found", () => {
  beforeEach(async () => {
    await write(6);
    await chainAll();
  });

  it.each([
    ["what was done", "update audit_entry set action = 'test.harmless' where number = 3", 3, "changed"],
    ["who did it", `update audit_entry set user_id = '${newId()}' where number = 1`, 1, "changed"],
    [
      "when, by a microsecond",
      "update audit_entry set at = at + interval '1 microsecond' where number = 6",
      6,
      "changed",
    ],
    ["a detail", `update audit_entry set details = details || '{"step": "x"}' where number = 5`, 5, "changed"],
    ["a hash", "update audit_entry set hash = sha256('x') where number = 4", 4, "changed"],
    ["one in the middle deleted", "delete from audit_entry where number = 3", 3, "missing"],
    ["the first deleted", "delete from audit_entry where number = 1", 1, "missing"],
    ["the last deleted", "delete from audit_entry where number = 6", 6, "missing"],
    [
      "two swapped",
      "update audit_entry set number = case number when 2 then -5 else -2 end where number in (2, 5); update audit_entry set number = -number where number < 0",
      2,
      "changed",
    ],
    [
      "one inserted at the end",
      "insert into audit_entry (id, at, action, outcome, number, hash) values (gen_random_uuid(), now(), 'x.y', 'done', 7, 'x')",
      7,
      "foreign",
    ],
    [
      "one inserted in the middle, the others moved up",
      `update audit_entry set number = -number - 1 where number >= 3; update audit_entry set number = -number where number < 0;
       insert into audit_entry (id, at, action, outcome, number, hash) values (gen_random_uuid(), now(), 'x.y', 'done', 3, sha256('x'))`,
      3,
      "changed",
    ],
    ["the end cut off with its head", "delete from audit_entry where number > 4", 5, "missing"],
    ["the head's hash", "update audit_chain set last_hash = sha256('x')", 6, "head"],
    [
      "the head moved back",
      "update audit_chain set last_number = 4, last_hash = (select hash from audit_entry where number = 4)",
      5,
      "foreign",
    ],
    [
      "the beginning moved",
      "update audit_chain set first_number = 3, anchor = (select hash from audit_entry where number = 2)",
      1,
      "foreign",
    ],
  ])("%s", async (_name, statement, number, what) => {
    expect(await verifyChain(test.db)).toMatchObject({ ok: true, checked: 6 });
    for (const part of statement.split(";")) await tamper(part);
    expect(await verifyChain(test.db)).toMatchObject({ ok: false, fault: { number, what } });
  });

  it("a chain that was written anew, and a log that was cut off, by a head that was noted elsewhere", async () => {
    const { lastNumber, lastHash } = await readChain(test.db);
    const known = [{ number: lastNumber, hash: lastHash.toString("hex") }];
    expect(await verifyChain(test.db, { expect: known })).toMatchObject({ ok: true });
    await tamper("update audit_entry set action = 'test.harmless' where number = 2");
    await tamper("update audit_entry set number = null, hash = null");
    await tamper("update audit_chain set last_number = 0, last_hash = ''");
    await chainAll();
    expect(await verifyChain(test.db)).toMatchObject({ ok: true, checked: 6 });
    expect(await verifyChain(test.db, { expect: known })).toMatchObject({
      ok: false,
      fault: { number: 6, what: "expected" },
    });

    await tamper("delete from audit_entry where number > 3");
    await tamper("update audit_chain set last_number = 3, last_hash = (select hash from audit_entry where number = 3)");
    expect(await verifyChain(test.db)).toMatchObject({ ok: true, checked: 3 });
    expect(await verifyChain(test.db, { expect: known })).toMatchObject({
      ok: false,
      fault: { number: 6, what: "expected" },
    });
  });
});

describe("[POL-12] retention", () => {
  const clock = { now: () => Date.now() };

  it("drops the beginning, leaves an entry about it, and the rest can be verified", async () => {
    await write(4, daysAgo(400));
    await write(3);
    await chainAll();
    const before = await test.pool.query<{ hash: Buffer }>("select hash from audit_entry where number = 4");
    expect(await pruneEntries(test.db, { days: 365, clock })).toBe(4);
    await chainAll();
    expect(await readChain(test.db)).toMatchObject({ firstNumber: 5, anchor: before.rows[0]?.hash, lastNumber: 8 });
    const { rows } = await test.pool.query("select details from audit_entry where action = 'audit.pruned'");
    expect(rows).toEqual([
      { details: { entries: 4, upTo: 4, anchor: before.rows[0]?.hash.toString("hex"), olderThanDays: 365 } },
    ]);
    expect(await verifyChain(test.db)).toMatchObject({ ok: true, checked: 4, firstNumber: 5 });
  });

  it("stops at the first entry that is young, whatever stands behind it", async () => {
    await write(2, daysAgo(400));
    await write(1);
    await write(2, daysAgo(400));
    await chainAll();
    expect(await pruneEntries(test.db, { days: 365, clock })).toBe(2);
    expect(await readChain(test.db)).toMatchObject({ firstNumber: 3 });
    expect(await verifyChain(test.db)).toMatchObject({ ok: true });
  });

  it("can drop all of it", async () => {
    await write(3, daysAgo(400));
    await chainAll();
    expect(await pruneEntries(test.db, { days: 365, clock })).toBe(3);
    expect(await verifyChain(test.db)).toMatchObject({ ok: true, checked: 0, firstNumber: 4, lastNumber: 3 });
    await chainAll();
    expect(await verifyChain(test.db)).toMatchObject({ ok: true, checked: 1, lastNumber: 4 });
  });

  it("does nothing when nothing is old, and keeps thirty days whatever it is told", async () => {
    await write(2, daysAgo(20));
    await chainAll();
    expect(await pruneEntries(test.db, { days: 365, clock })).toBe(0);
    await expect(pruneEntries(test.db, { days: 1, clock })).rejects.toThrow(/at least 30 days/);
    expect(await readChain(test.db)).toMatchObject({ firstNumber: 1 });
  });
});
