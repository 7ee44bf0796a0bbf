import { execFileSync } from "node:child_process";
import { chmod, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { silentLog } from "#testing";
import { startEmbeddedPostgres, type EmbeddedPostgres } from "#kernel";

let parent: string;
let directory: string;
beforeAll(async () => {
  parent = await mkdtemp(join(tmpdir(), "kontor-embedded-"));
  await chmod(parent, 0o755);
  directory = join(parent, "postgres");
});
afterAll(() => rm(parent, { recursive: true, force: true }));

const start = () => startEmbeddedPostgres({ directory, log: silentLog });
const pidOf = async () => Number((await readFile(join(directory, "data/postmaster.pid"), "utf8")).split("\n")[0]);

async function query(server: EmbeddedPostgres, text: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: server.url });
  client.on("error", () => undefined);
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}

// Making a database, starting it and letting it recover takes seconds, and many of them on a busy machine.
describe("the embedded database", { timeout: 120_000 }, () => {
  it("keeps what was committed over a stop, and leaves no process", async () => {
    const first = await start();
    await query(first, "create table kept (n int)");
    await query(first, "insert into kept values (7)");
    const pid = await pidOf();
    await first.stop();
    expect(() => process.kill(pid, 0)).toThrow("ESRCH");
    const second = await start();
    expect(await query(second, "select n from kept")).toEqual([{ n: 7 }]);
    await second.stop();
  });

  it("comes back by itself on the same address when it is killed, with everything committed", async () => {
    const server = await start();
    await query(server, "insert into kept values (8)");
    process.kill(await pidOf(), "SIGKILL");
    await vi.waitFor(
      async () => expect(await query(server, "select count(*)::int as n from kept")).toEqual([{ n: 2 }]),
      { timeout: 30_000, interval: 100 },
    );
    await server.stop();
  });

  it("is taken over when a killed server left it running, and stopped by whoever took it", async () => {
    const source = `const { startEmbeddedPostgres, createLog } = await import("#kernel");
      await startEmbeddedPostgres({ directory: ${JSON.stringify(directory)}, log: createLog({ level: "silent" }) });
      process.kill(process.pid, "SIGKILL");`;
    expect(() =>
      execFileSync(process.execPath, ["--input-type=module", "-e", source], {
        cwd: new URL("../../..", import.meta.url),
        stdio: "ignore",
      }),
    ).toThrow(/Command failed/);
    const pid = await pidOf();
    const server = await start();
    expect(server.startedHere).toBe(false);
    expect(await query(server, "select count(*)::int as n from kept")).toEqual([{ n: 2 }]);
    await server.stop();
    expect(() => process.kill(pid, 0)).toThrow("ESRCH");
  });
});
