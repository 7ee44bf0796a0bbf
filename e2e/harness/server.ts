// A real server for the specs: its own process, its own data directory and embedded PostgreSQL, the demo company.
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

export interface TestServer {
  readonly url: string;
  readonly dataDirectory: string;
  /** What the server logged, for a failed test's report. */
  log(): string;
  /** Stops it as an operator would: what is running ends first. */
  stop(): Promise<void>;
  /** SIGKILL, as a power cut would; the database it started is taken over at the next start. */
  kill(): Promise<void>;
  /** Starts it again on the same address and data. */
  start(): Promise<void>;
  /** Stops it and removes its data. */
  remove(): Promise<void>;
}

const CLI = fileURLToPath(new URL("../../server/src/cli.ts", import.meta.url));
const START_LIMIT_MS = 120_000; // a first start makes a database and writes the demo company with its files
const KEPT_LOG_LINES = 2_000;

export async function startServer({
  env = {},
  demo = true,
}: { env?: Readonly<Record<string, string>>; demo?: boolean } = {}): Promise<TestServer> {
  const dataDirectory = await mkdtemp(join(tmpdir(), "kontor-e2e-server-"));
  await chmod(dataDirectory, 0o755);
  const lines: string[] = [];
  let child: ChildProcess | undefined;
  let url: string | undefined;

  async function start() {
    const port = url === undefined ? 0 : Number(new URL(url).port);
    const started = spawn(
      process.execPath,
      [CLI, "serve", "--data", dataDirectory, "--port", String(port), ...(demo ? ["--demo"] : [])],
      {
        env: { ...process.env, ...env },
        stdio: ["ignore", "pipe", "pipe"],
      },
    );
    child = started;
    url = await new Promise<string>((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`The server did not start in time:\n${lines.join("\n")}`)),
        START_LIMIT_MS,
      );
      for (const stream of [started.stdout, started.stderr]) {
        createInterface({ input: stream }).on("line", (line) => {
          lines.push(line);
          if (lines.length > KEPT_LOG_LINES) lines.shift();
          const heard = /^Kontor is listening on (http\S+)/.exec(line)?.[1];
          if (!heard) return;
          clearTimeout(timer);
          resolve(heard);
        });
      }
      started.once("exit", (code) => {
        clearTimeout(timer);
        reject(new Error(`The server ended with ${code}:\n${lines.join("\n")}`));
      });
    });
  }

  async function end(signal: "SIGTERM" | "SIGKILL") {
    const running = child;
    child = undefined;
    if (!running || running.exitCode !== null || running.signalCode !== null) return;
    const exited = once(running, "exit");
    running.kill(signal);
    await exited;
  }

  await start();
  return {
    get url() {
      return url ?? "";
    },
    dataDirectory,
    log: () => lines.join("\n"),
    start,
    stop: () => end("SIGTERM"),
    kill: () => end("SIGKILL"),
    async remove() {
      if (!child) await start(); // a killed server left its database running: only a server can stop it properly
      await end("SIGTERM");
      await rm(dataDirectory, { recursive: true, force: true });
    },
  };
}
