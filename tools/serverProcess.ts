// The server as a child of `npm start`: its log goes to a file, its words for people to the terminal.
import type { ChildProcess } from "node:child_process";
import { createWriteStream } from "node:fs";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { start } from "./children.ts";
import { script } from "./repository.ts";

const READY_LIMIT_MS = 180_000; // the first start makes a database, migrates and writes the demo company with its files
const POLL_MS = 250;
const WARN_LEVEL = 40; // pino's number

export interface ServerProcess {
  child: ChildProcess;
  url: string;
}

export interface ServerOptions {
  data: string;
  /** Absent: as the server is configured. */
  port: number | undefined;
  demo: boolean;
  logFile: string;
}

/** Resolves when the server answers /readyz. Throws when it ends before; its own words have been shown by then. */
export async function startServer({ data, port, demo, logFile }: ServerOptions): Promise<ServerProcess> {
  const options = [
    "--data",
    data,
    ...(port === undefined ? [] : ["--port", String(port)]),
    ...(demo ? ["--demo"] : []),
  ];
  const child = start(script("server/src/cli.ts", "serve", ...options), { output: "keep" });
  const log = createWriteStream(logFile, { flags: "a" });
  const heard: { url?: string; ended: boolean } = { ended: false };
  child.once("close", () => {
    heard.ended = true;
    log.end();
  });
  for (const stream of [child.stdout, child.stderr]) {
    if (!stream) continue;
    createInterface({ input: stream }).on("line", (line) => {
      log.write(`${line}\n`);
      const words = wordsOf(line);
      if (words === undefined) return;
      const [, url] = /listening on (https?:\/\/\S+)/.exec(words) ?? [];
      if (url) heard.url = url;
      console.log(words);
    });
  }
  const until = Date.now() + READY_LIMIT_MS;
  while (!heard.url || !(await isReady(heard.url))) {
    if (heard.ended) throw new Error("The server did not start; its words are above.");
    if (Date.now() > until)
      throw new Error(`The server is not ready after ${READY_LIMIT_MS / 1000} s; see ${logFile}.`);
    await delay(POLL_MS);
  }
  return { child, url: heard.url };
}

/** What of a log line is for the terminal: everything that is not a JSON log record, and its warnings. */
export function wordsOf(line: string): string | undefined {
  if (!line.startsWith("{")) return line;
  try {
    const { level, msg, err } = JSON.parse(line) as { level?: number; msg?: string; err?: { message?: string } };
    if (level === undefined || level < WARN_LEVEL) return undefined;
    return [`server: ${msg ?? "warning"}`, ...(err?.message && err.message !== msg ? [err.message] : [])].join(": ");
  } catch {
    return line;
  }
}

async function isReady(url: string): Promise<boolean> {
  try {
    const response = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(2_000) });
    await response.arrayBuffer();
    return response.ok;
  } catch {
    return false;
  }
}
