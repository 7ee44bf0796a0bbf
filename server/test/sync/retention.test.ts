import { expect, it } from "vitest";
import { sql } from "kysely";
import { createTestDatabase } from "#testing";
import { pruneLogs } from "../../src/sync/retention.ts";

it("old changes go, and a profile that had not worked them in is computed anew", async () => {
  const { db, drop } = await createTestDatabase();
  try {
    await sql`insert into change_log (txid, collection, row_id, at) values
      ('100', 'notes', gen_random_uuid(), now() - interval '20 days'), ('200', 'notes', gen_random_uuid(), now())`.execute(
      db,
    );
    await sql`insert into view_profile (id, log_xmin, subject_hash) values
      ('00000000-0000-7000-8000-000000000001', '50', 'behind'), ('00000000-0000-7000-8000-000000000002', '150', 'ahead')`.execute(
      db,
    );
    await pruneLogs(db);
    const { rows: kept } = await sql<{ txid: string }>`select txid::text from change_log`.execute(db);
    expect(kept).toEqual([{ txid: "200" }]);
    const { rows } = await sql<{
      hash: string | null;
    }>`select subject_hash as hash from view_profile order by id`.execute(db);
    expect(rows).toEqual([{ hash: null }, { hash: "ahead" }]);
  } finally {
    await drop();
  }
});
