import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { newId } from "@kontor/shared/base";
import { createTestDatabase, type TestDatabase } from "#testing";
import { noteSentOtherwise, readFeed } from "./feed.repo.ts";
import { insertProfile } from "./profile.repo.ts";
import { writeMasks, writeViewChanges } from "./rows.repo.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

describe("rows of a profile", () => {
  it("are written by several at once, each in an order of its own, and nobody waits for each other", async () => {
    const { db } = database;
    const id = newId();
    await insertProfile(db, { userId: id, signature: "" });
    const changes = Array.from({ length: 400 }, () => {
      return { collection: "notes", id: newId(), parentId: undefined, hash: "1".repeat(16), mask: "", lost: false };
    });
    await writeViewChanges(db, id, changes);
    for (let round = 0; round < 10; round++) {
      const rows = await readFeed(db, id, { after: 0, upTo: Number.MAX_SAFE_INTEGER, lost: false, limit: 1_000 });
      const masks = changes.map((change) => ({ ...change, mask: String(round) }));
      await Promise.all([
        noteSentOtherwise(db, id, rows),
        writeMasks(db, id, masks.toReversed()),
        noteSentOtherwise(db, id, rows.toReversed()),
        writeViewChanges(db, id, masks),
      ]);
    }
    const { rows } = await database.pool.query("select distinct mask, position > 4000 as told from view_row");
    expect(rows).toEqual([{ mask: "9", told: true }]);
  });
});
