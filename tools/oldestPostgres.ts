// Debian's PostgreSQL 15, the oldest that is supported, started in a folder of its own for the length of a test run.
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { run, start, stop } from "./children.ts";

const OLDEST_POSTGRES = "/usr/lib/postgresql/15/bin";
const START_LIMIT_MS = 60_000;
const POLL_MS = 100;

export interface TestCluster {
  url: string;
  stop(): Promise<void>;
}

export async function startOldestPostgres(folder: string, env: NodeJS.ProcessEnv): Promise<TestCluster> {
  const options = { env: { ...env, LC_ALL: "C.UTF-8" }, output: "keep" as const, ...(await unprivileged()) };
  const data = join(folder, "postgres15");
  const password = randomBytes(24).toString("hex");
  const passwordFile = join(folder, "postgres15.password");
  mkdirSync(folder, { recursive: true });
  writeFileSync(passwordFile, password, { mode: 0o644 }); // read by another user when this is root
  const made = await run(
    [
      join(OLDEST_POSTGRES, "initdb"),
      "-D",
      data,
      "-U",
      "postgres",
      "-A",
      "scram-sha-256",
      "--pwfile",
      passwordFile,
      "--encoding=UTF8",
    ],
    options,
  );
  if (made.code !== 0) throw new Error(`initdb of PostgreSQL 15 failed:\n${made.output}`);
  const port = await freePort();
  const settings = ["listen_addresses=127.0.0.1", "unix_socket_directories=", "fsync=off", "max_connections=200"];
  const server = start(
    [
      join(OLDEST_POSTGRES, "postgres"),
      "-D",
      data,
      "-p",
      String(port),
      ...settings.flatMap((setting) => ["-c", setting]),
    ],
    options,
  );
  let said = "";
  for (const stream of [server.stdout, server.stderr]) stream?.setEncoding("utf8").on("data", (text) => (said += text));
  const until = Date.now() + START_LIMIT_MS;
  while (!said.includes("ready to accept connections")) {
    if (server.exitCode !== null || Date.now() > until) throw new Error(`PostgreSQL 15 did not start:\n${said}`);
    await delay(POLL_MS);
  }
  return { url: `postgres://postgres:${password}@127.0.0.1:${port}/postgres`, stop: () => stop(server) };
}

export function hasOldestPostgres(): boolean {
  return existsSync(join(OLDEST_POSTGRES, "initdb"));
}

/** PostgreSQL refuses to run as root. */
async function unprivileged(): Promise<{ uid?: number; gid?: number; cwd?: string }> {
  if (process.getuid?.() !== 0) return {};
  const ids = await Promise.all(["-u", "-g"].map((which) => run(["id", which, "postgres"], { output: "keep" })));
  const [uid, gid] = ids.map(({ output }) => Number(output));
  if (!uid || !gid) throw new Error("There is no user postgres to run PostgreSQL 15 as.");
  return { uid, gid, cwd: "/" };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("no port to be had");
  return address.port;
}
