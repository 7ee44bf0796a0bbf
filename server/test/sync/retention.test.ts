import { expect, it } from "vitest";
import { sql } from "kysely";
import { createTestDatabase } from "#testing";
import { pruneLogs } from "../../src/sync/retention.ts";

it("old changes go, and a profile that had not worked them in is computed anew; one that nobody used for 30 days goes", async () => {
  const { db, drop } = await createTestDatabase();
  try {
    await sql`insert into change_log (txid, collection, row_id, at) values
      ('100', 'notes', gen_random_uuid(), now() - interval '20 days'), ('200', 'notes', gen_random_uuid(), now())`.execute(
      db,
    );
    await sql`insert into view_profile (id, user_id, signature, log_xmin, types, used_at) values
      ('00000000-0000-7000-8000-000000000001', gen_random_uuid(), '', '50', '{}', now()),
      ('00000000-0000-7000-8000-000000000002', gen_random_uuid(), '', '150', '{}', now()),
      ('00000000-0000-7000-8000-000000000003', gen_random_uuid(), '', '150', '{}', now() - interval '31 days')`.execute(
      db,
    );
    await pruneLogs(db);
    const { rows: kept } = await sql<{ txid: string }>`select txid::text from change_log`.execute(db);
    expect(kept).toEqual([{ txid: "200" }]);
    const { rows } = await sql<{ types: object | null }>`select types from view_profile order by id`.execute(db);
    expect(rows).toEqual([{ types: null }, { types: {} }]);
  } finally {
    await drop();
  }
});
