import { createHash } from "node:crypto";
import { mkdtemp, rm, utimes } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { createTestDatabase, type TestDatabase } from "#testing";
import { createDiskBlobs } from "../adapters/disk/index.ts";
import type { BlobStore } from "./blob.port.ts";
import { noteBlob } from "./files.repo.ts";
import { sweepBlobs, sweepOrphans, type SweepDeps } from "./sweepBlobs.ts";

const DAY_MS = 86_400_000;
let test: TestDatabase;
let directory: string;
let blobs: BlobStore;
let now = Date.now();

beforeAll(async () => {
  test = await createTestDatabase();
  directory = await mkdtemp(join(tmpdir(), "kontor-sweep-"));
  blobs = await createDiskBlobs({ root: directory });
  await sql`create table naming (sha256 text)`.execute(test.db);
});
afterAll(async () => {
  await test.drop();
  await rm(directory, { recursive: true, force: true });
});

const deps = (over: Partial<SweepDeps> = {}): SweepDeps => ({
  db: test.db,
  blobs,
  clock: { now: () => now },
  names: [sql`select sha256 from naming`, sql`select sha256 from file`],
  ...over,
});
let made = 0;
async function keep(text = `body ${made++}`): Promise<string> {
  const blob = await blobs.put(Readable.from([Buffer.from(text)]));
  await test.db.transaction().execute((trx) => noteBlob(trx, blob));
  return blob.sha256;
}
const name = (sha256: string) => sql`insert into naming values (${sha256})`.execute(test.db);
const forget = (sha256: string) => sql`delete from naming where sha256 = ${sha256}`.execute(test.db);
const isKept = async (sha256: string) => {
  const { rows } = await sql`select from blob where sha256 = ${sha256}`.execute(test.db);
  return [rows.length === 1, (await blobs.stat(sha256)) !== undefined];
};
const hashOf = (text: string) => createHash("sha256").update(text).digest("hex");

/** As if they had been nobody's for two days, and written then. */
async function age(hashes: readonly string[]): Promise<void> {
  const then = new Date(Date.now() - 2 * DAY_MS);
  for (const sha256 of hashes) await utimes(join(directory, sha256.slice(0, 2), sha256), then, then);
  await sql`update blob set unnamed_since = ${then.toISOString()} where sha256 = any(${hashes}::text[])`.execute(
    test.db,
  );
}

/** Until a statement about bodies waits for a lock that another one has. */
const waiting = (kind: "select" | "update") =>
  vi.waitFor(
    async () => {
      const { rows } = await sql`
        select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'
          and ltrim(query, E' \\n') like ${`${kind}%blob%`}`.execute(test.db);
      if (rows.length === 0) throw new Error("nobody waits yet");
    },
    { timeout: 20_000, interval: 20 },
  );

/** As days go by. */
const later = async (days: number) => {
  now += days * DAY_MS;
  return sweepBlobs(deps());
};

describe("the sweep of bodies", () => {
  it("[SWP-1] deletes what nothing names, a day after nothing did, and nothing else", async () => {
    const [named, unnamed, lost] = [await keep(), await keep(), await keep()];
    await name(named);
    await name(lost);
    await later(2);
    expect(await isKept(unnamed)).toEqual([true, true]); // seen for the first time
    await forget(lost);
    expect(await later(1)).toMatchObject({ deleted: 1 });
    expect(await isKept(unnamed)).toEqual([false, false]);
    expect(await isKept(lost)).toEqual([true, true]);
    await later(1);
    expect([await isKept(named), await isKept(lost)]).toEqual([
      [true, true],
      [false, false],
    ]);
  });

  it("[SWP-2] leaves what is named again meanwhile, also by a transaction that is not over", async () => {
    const [again, held] = [await keep("again"), await keep("held")];
    await later(2);
    await name(again);
    const started = await test.db.startTransaction().execute();
    await noteBlob(started, { sha256: held, size: 4 });
    await later(1);
    expect([await isKept(again), await isKept(held)]).toEqual([
      [true, true],
      [true, true],
    ]);
    await sql`insert into naming values (${held})`.execute(started);
    await started.commit().execute();
    await later(3);
    expect([await isKept(again), await isKept(held)]).toEqual([
      [true, true],
      [true, true],
    ]);
  });

  it("[SWP-2] leaves what was written once more and will be named in a moment", async () => {
    const [again, other] = [await keep("written again"), await keep("not written again")];
    await age([again, other]);
    await blobs.put(Readable.from([Buffer.from("written again")]));
    now = Date.now();
    await sweepBlobs(deps());
    expect([await isKept(again), await isKept(other)]).toEqual([
      [true, true],
      [false, false],
    ]);
  });

  it("[SWP-2] loses no body to a race, however the two meet", async () => {
    for (let round = 0; round < 8; round++) {
      const wanted = Array.from({ length: 30 }, (_, n) => `wanted ${round} ${n}`);
      const unwanted = Array.from({ length: 30 }, (_, n) => `unwanted ${round} ${n}`);
      await age(await Promise.all([...wanted, ...unwanted].map((text) => keep(text))));
      now = Date.now();
      await Promise.all([
        sweepBlobs(deps()),
        ...wanted.map(async (text) => {
          const blob = await blobs.put(Readable.from([Buffer.from(text)]));
          await test.db.transaction().execute(async (trx) => {
            await noteBlob(trx, blob);
            await sql`insert into naming values (${blob.sha256})`.execute(trx);
          });
        }),
      ]);
      for (const text of wanted) expect(await isKept(hashOf(text))).toEqual([true, true]);
      for (const text of unwanted) expect(await isKept(hashOf(text))).toEqual([false, false]);
    }
  });

  it("[SWP-2] makes the row once more that a sweep takes away while somebody begins to name its body", async () => {
    const sha256 = await keep("row gone");
    await age([sha256]);
    now = Date.now();
    const [deleted, committed] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const sweeping = sweepBlobs(
      deps({
        blobs: {
          list: () => blobs.list(),
          async deleteOlder(hash, before) {
            const isGone = await blobs.deleteOlder(hash, before);
            if (hash === sha256) deleted.resolve();
            await committed.promise;
            return isGone;
          },
        },
      }),
    );
    await deleted.promise;
    const writing = (async () => {
      const blob = await blobs.put(Readable.from([Buffer.from("row gone")]));
      await test.db.transaction().execute(async (trx) => {
        await noteBlob(trx, blob);
        await sql`insert into naming values (${sha256})`.execute(trx);
      });
    })();
    await waiting("select");
    committed.resolve();
    await Promise.all([sweeping, writing]);
    expect(await isKept(sha256)).toEqual([true, true]);
  });

  it("[SWP-1] looks once more, when nobody can begin to name a body, whether somebody has", async () => {
    const [sha256, other] = [await keep("named at last"), await keep("in the way")];
    await age([sha256]);
    await sql`update blob set created_at = now() - interval '3 days' where sha256 = ${other}`.execute(test.db);
    const holding = await test.db.startTransaction().execute();
    await sql`select from blob where sha256 = ${other} for update`.execute(holding);
    now = Date.now();
    const sweeping = sweepBlobs(deps());
    await waiting("update"); // it has looked at what is named, and stands at what is not
    await name(sha256);
    await holding.commit().execute();
    await sweeping;
    expect(await isKept(sha256)).toEqual([true, true]);
  });

  it("[SWP-3] goes on after a body was deleted and its row was not", async () => {
    now = Date.now() + 200 * DAY_MS;
    const sha256 = await keep("half gone");
    await later(2);
    await blobs.delete(sha256);
    await later(2);
    expect(await isKept(sha256)).toEqual([false, false]);
  });

  it("finds what was written and never named", async () => {
    const { sha256 } = await blobs.put(Readable.from([Buffer.from("orphan")]));
    now = Date.now();
    expect(await sweepOrphans(deps())).toBe(0);
    now = Date.now() + 2 * DAY_MS;
    expect(await sweepOrphans(deps())).toBe(1);
    expect(await blobs.stat(sha256)).toBeUndefined();
  });
});
