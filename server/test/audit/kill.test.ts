import { execFile } from "node:child_process";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createTestDatabase, type TestDatabase } from "#testing";
import { Client, seedPeople, startServer } from "../files/serverProcess.ts";

const CLI = fileURLToPath(new URL("../../src/cli.ts", import.meta.url));
let test: TestDatabase;
let dataDirectory: string;
beforeAll(async () => {
  test = await createTestDatabase();
  await seedPeople(test);
  dataDirectory = await mkdtemp(join(tmpdir(), "kontor-audit-"));
  await chmod(dataDirectory, 0o755);
});
afterAll(async () => {
  await test.drop();
  await rm(dataDirectory, { recursive: true, force: true });
});

/** The command as an administrator runs it, beside whatever else uses the database. */
const kontor = (...args: readonly string[]) =>
  new Promise<{ code: number; stdout: string; stderr: string }>((resolve) => {
    execFile(
      process.execPath,
      [CLI, ...args, "--data", dataDirectory],
      { env: { ...process.env, DATABASE_URL: test.url, KONTOR_LOG_LEVEL: "silent" } },
      (error, stdout, stderr) => resolve({ code: Number(error?.code ?? 0), stdout, stderr }),
    );
  });
const count = async (where: string) =>
  (await test.pool.query<{ n: number }>(`select count(*) as n from audit_entry where ${where}`)).rows[0]?.n;

it(
  "[POL-12] survives a kill between an entry and the chain, and kontor audit verify finds every change",
  { timeout: 120_000 },
  async () => {
    const first = await startServer({ databaseUrl: test.url, dataDirectory });
    // A transaction that was there before: nothing that comes after it may have a number.
    const holder = await test.pool.connect();
    await holder.query("begin");
    await holder.query("select pg_current_xact_id()");
    for (let time = 0; time < 3; time++) await Client.signIn(first.url, "ivan");
    await first.kill();
    expect(await count("number is null and action = 'people.signedIn'")).toBe(3);
    await holder.query("commit");
    holder.release();

    const second = await startServer({ databaseUrl: test.url, dataDirectory });
    await expect.poll(() => count("number is null"), { timeout: 30_000 }).toBe(0);
    const head = await kontor("audit", "head");
    expect(head.stdout).toMatch(/^\d+:[0-9a-f]{64}\n$/);
    const whole = await kontor("audit", "verify", "--json", "--expect", head.stdout.trim());
    expect(whole).toMatchObject({ code: 0 });
    expect(JSON.parse(whole.stdout)).toMatchObject({ ok: true, firstNumber: 1 });
    expect(await count("action = 'audit.verified' and channel = 'cli' and outcome = 'done'")).toBe(1);
    await second.stop();

    const client = await test.pool.connect();
    await client.query("set session_replication_role = replica");
    await client.query("delete from audit_entry where number = 2");
    await client.query("set session_replication_role = origin");
    client.release();
    const broken = await kontor("audit", "verify");
    expect(broken.code).toBe(1);
    expect(broken.stdout).toContain("THE AUDIT LOG WAS TAMPERED WITH. Entry 2 is missing.");
    expect(await kontor("audit", "verify", "--expect", "12:abc")).toMatchObject({ code: 1, stdout: "" });
  },
);
