import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "kysely";
import { afterAll, beforeAll, expect, it } from "vitest";
import { newId } from "@kontor/shared/base";
import { createTestDatabase, type TestDatabase } from "#testing";
import { createDeal, people, seedPeople, types } from "../objects/objects.fixture.ts";
import { saveTypes } from "../objects/typeRegistry.ts";
import { recordFiles } from "./files.fixture.ts";
import { UploadStore } from "./upload.store.ts";
import { Upload } from "@tus/server";

let test: TestDatabase;
let directory: string;
beforeAll(async () => {
  test = await createTestDatabase();
  await seedPeople(test.db);
  await saveTypes(test.db, types);
  directory = join(await mkdtemp(join(tmpdir(), "kontor-parts-")), "uploads");
  await mkdir(directory);
});
afterAll(async () => {
  await test.drop();
  await rm(directory, { recursive: true, force: true });
});

async function begin(store: UploadStore, deal: string): Promise<string> {
  const id = newId();
  const by = { created_at: new Date().toISOString(), created_by: people.ann };
  const file = {
    id,
    record_id: deal,
    field: "papers",
    name: "a.bin",
    mime: "x/y",
    size: 5,
    sha256: "a".repeat(64),
    ...by,
  };
  await test.db.transaction().execute((trx) => recordFiles(types).rows.insert(trx, [file]));
  await store.create(new Upload({ id, size: 5, offset: 0, metadata: { owner: people.ann } }));
  return id;
}

it("drops parts that nobody came back for, and those that nothing names, and leaves the others", async () => {
  const store = new UploadStore({ db: test.db, directory });
  const deal = await createDeal(test.db, "ann", {});
  const young = await begin(store, deal);
  const old = await begin(store, deal);
  await sql`update upload set created_at = now() - interval '16 days' where file_id = ${old}`.execute(test.db);
  const longAgo = new Date(Date.now() - 25 * 3600 * 1000);
  for (const name of [newId(), "spool"]) {
    await writeFile(join(directory, name), "x");
    await utimes(join(directory, name), longAgo, longAgo);
  }
  const fresh = newId();
  await writeFile(join(directory, fresh), "x");
  await utimes(join(directory, young), longAgo, longAgo);

  expect(await store.deleteExpired()).toBe(3);
  expect((await readdir(directory)).sort()).toEqual([young, fresh].sort());
  expect(await store.find(old)).toBeUndefined();
});
