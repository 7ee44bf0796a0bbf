import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTestDatabase, migrationsDirectory, silentLog, type TestDatabase } from "#testing";
import { checkDatabase, createDatabase, lockDataDirectory, migrate, readState, recordChanges } from "#kernel";

let test: TestDatabase;
beforeAll(async () => {
  test = await createTestDatabase();
});
afterAll(() => test.drop());

describe("the database", () => {
  it("applies migrations once, also when asked again", async () => {
    const before = await sql<{ n: number }>`select count(*) as n from migration`.execute(test.db);
    await migrate({ pool: test.pool, directory: migrationsDirectory, log: silentLog });
    const after = await sql<{ n: number }>`select count(*) as n from migration`.execute(test.db);
    expect(after.rows).toEqual(before.rows);
    expect(after.rows[0]?.n).toBeGreaterThan(0);
  });

  it("makes a fact of the installation once, however many ask at the same time", async () => {
    let made = 0;
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => readState(test.db, "test.fact", () => `value ${made++}`)),
    );
    expect(new Set(answers).size).toBe(1);
  });

  it("lends a data directory to one server, and again after the database was away", async () => {
    const lock = () => lockDataDirectory({ url: test.url, directory: import.meta.dirname, log: silentLog });
    const holders = () =>
      test.pool.query<{ pid: number }>(
        "select pid from pg_locks join pg_stat_activity using (pid) where locktype = 'advisory' and application_name = 'kontor-data-lock' and pg_stat_activity.datname = current_database()",
      );
    const first = await lock();
    await expect(lock()).rejects.toThrow(/Another Kontor server is using the data directory/);
    const [before] = (await holders()).rows;
    await test.pool.query("select pg_terminate_backend($1)", [before?.pid]);
    await expect
      .poll(async () => (await holders()).rows.filter(({ pid }) => pid !== before?.pid).length, { timeout: 15_000 })
      .toBe(1);
    await expect(lock()).rejects.toThrow(/Another Kontor server/);
    await first.release();
    await (await lock()).release();
  });

  it("[SYN-11] orders the change log so that a row which commits later is not passed", async () => {
    const id = "018f0000-0000-7000-8000-000000000001";
    const visible = () =>
      sql<{
        row_id: string;
      }>`select row_id from change_log where txid < pg_snapshot_xmin(pg_current_snapshot()) order by txid, id`.execute(
        test.db,
      );
    await test.db.transaction().execute(async (early) => {
      await recordChanges(early, [{ collection: "early", id }]);
      // A later transaction that commits first must wait for the earlier one before anybody reads it.
      await test.db.transaction().execute((late) => recordChanges(late, [{ collection: "late", id }]));
      expect((await visible()).rows).toEqual([]);
    });
    // The horizon is the whole cluster's: what other test files have open there holds it back for a moment.
    await expect.poll(async () => (await visible()).rows, { timeout: 15_000 }).toHaveLength(2);
  });

  it.each([
    ["nothing listens there", (url: string) => url.replace(/:\d+\//, ":1/"), /nothing answers/],
    ["a wrong password", (url: string) => url.replace(/:[^:@/]+@/, ":wrong@"), /password is wrong/],
    ["an unknown database", (url: string) => url.replace(/\/[^/]*$/, "/nowhere"), /does not exist/],
    ["an unknown host", () => "postgres://nobody@no-such-host.invalid/x", /host name does not exist|does not answer/],
  ])("says in words what is wrong with its address: %s", async (_name, change, words) => {
    const { db, pool } = createDatabase({ url: change(test.url), poolSize: 1, log: silentLog });
    await expect(checkDatabase(pool)).rejects.toThrow(words);
    await db.destroy();
  });
});
