import { randomUUID } from "node:crypto";
import { mkdtemp, rm, chmod } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import pg from "pg";
import {
  createDatabase,
  createLog,
  migrate,
  startEmbeddedPostgres,
  type Database,
  type EmbeddedPostgres,
} from "#kernel";

export const migrationsDirectory = fileURLToPath(new URL("../migrations", import.meta.url));
export const silentLog = createLog({ level: process.env.KONTOR_TEST_LOG ?? "silent" });

/** A cluster for a whole test run; `test/globalSetup.ts` starts it once and hands its address to every test file. */
export async function startCluster(): Promise<EmbeddedPostgres> {
  const directory = await mkdtemp(join(tmpdir(), "kontor-test-"));
  await chmod(directory, 0o755);
  const cluster = await startEmbeddedPostgres({
    directory: join(directory, "postgres"),
    log: silentLog,
    extraSettings: ["fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=200"],
  });
  return {
    ...cluster,
    async stop() {
      await cluster.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

export interface TestDatabase {
  readonly url: string;
  readonly db: Database;
  readonly pool: pg.Pool;
  drop(): Promise<void>;
}

/** A migrated database of its own for one test file; `drop` it in `afterAll`. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const clusterUrl = process.env.KONTOR_TEST_CLUSTER;
  const own = clusterUrl ? undefined : await startCluster(); // a single file run outside the suite
  const adminUrl = clusterUrl ?? own?.url ?? "";
  const name = `test_${randomUUID().replaceAll("-", "")}`;
  await asAdmin(adminUrl, `create database ${name}`);
  const url = adminUrl.replace(/\/[^/]*$/, `/${name}`);
  const { db, pool } = createDatabase({ url, poolSize: 10, log: silentLog });
  await migrate({ pool, directory: migrationsDirectory, log: silentLog });
  return {
    url,
    db,
    pool,
    async drop() {
      await db.destroy();
      await asAdmin(adminUrl, `drop database if exists ${name} with (force)`);
      await own?.stop();
    },
  };
}

async function asAdmin(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
