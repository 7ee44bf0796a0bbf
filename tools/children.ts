// Every process that a command starts, and the promise that none of them outlives it. Children get a process group of
// their own, so that Ctrl+C in a terminal reaches only the command, which then stops them in its own order.
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { root } from "./repository.ts";

const STOP_MS = 20_000; // the server drains for up to 10 s, PostgreSQL then writes a checkpoint
const POLL_MS = 100;

export interface ChildOptions {
  cwd?: string;
  env?: NodeJS.ProcessEnv;
  /** "show" passes its lines on, "keep" collects them into the outcome. */
  output?: "show" | "keep";
  timeLimitMs?: number;
  uid?: number;
  gid?: number;
}

export interface Outcome {
  code: number;
  output: string;
  timedOut: boolean;
}

const living = new Set<ChildProcess>();

/** Starts a long-lived child whose output the caller reads. */
export function start([command = "", ...args]: string[], options: ChildOptions = {}): ChildProcess {
  const child = spawn(command, args, {
    cwd: options.cwd ?? root,
    env: options.env ?? process.env,
    stdio: ["ignore", options.output === "show" ? "inherit" : "pipe", options.output === "show" ? "inherit" : "pipe"],
    detached: process.platform !== "win32",
    ...(options.uid === undefined ? {} : { uid: options.uid }),
    ...(options.gid === undefined ? {} : { gid: options.gid }),
  });
  living.add(child);
  child.once("exit", () => living.delete(child));
  child.once("error", () => living.delete(child));
  return child;
}

/** Runs a child to its end. A command that cannot be started is code 127, as in a shell. */
export async function run(command: string[], options: ChildOptions = {}): Promise<Outcome> {
  const child = start(command, options);
  const limit = new AbortController();
  let output = "";
  let timedOut = false;
  for (const stream of [child.stdout, child.stderr]) stream?.setEncoding("utf8").on("data", (text) => (output += text));
  if (options.timeLimitMs) {
    void delay(options.timeLimitMs, undefined, { signal: limit.signal }).then(
      () => {
        timedOut = true;
        return stop(child);
      },
      () => undefined,
    );
  }
  try {
    // "close" and not "exit": the last lines may still be on their way
    const [code] = (await once(child, "close")) as [number | null];
    return { code: code ?? 1, output, timedOut };
  } catch (error) {
    return { code: 127, output: `${output}${String(error)}`, timedOut };
  } finally {
    limit.abort();
  }
}

/** Asks the child and everything in its group to stop, and insists after a while. */
export async function stop(child: ChildProcess, limitMs = STOP_MS): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const gone = once(child, "exit");
  signalGroup(child.pid, "SIGTERM");
  await Promise.race([gone, delay(limitMs, undefined, { ref: false })]);
  if (child.exitCode === null && child.signalCode === null) {
    signalGroup(child.pid, "SIGKILL");
    await gone;
  }
}

/** The last one started first, each when the one before has ended. */
export async function stopAll(): Promise<void> {
  for (const child of [...living].toReversed()) await stop(child);
}

/** Ctrl+C twice within one press (the terminal and the launcher both pass it on) is one wish. */
export function onStopRequest(handler: (signal: NodeJS.Signals) => Promise<void>): void {
  let asked = false;
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => {
      if (asked) return;
      asked = true;
      void handler(signal);
    });
  }
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    if (process.platform === "win32") spawnSync("taskkill", ["/pid", String(pid), "/T", "/F"], { stdio: "ignore" });
    else process.kill(-pid, signal);
  } catch {
    // gone between the look and the signal
  }
}

export interface Leftover {
  pid: number;
  command: string;
}

/**
 * What marks a run's processes: a variable that children inherit and, where the run has a temporary folder that nobody
 * else can know, that folder. Never a folder that another run may use too: its processes would be taken for ours.
 */
export interface RunMark {
  id: string;
  folder?: string;
}

export const MARK_VARIABLE = "KONTOR_RUN";

/**
 * The processes of a run that still live. They are known by the mark in their environment; PostgreSQL overwrites its own
 * and the preview jail clears it, so that those are known by the folder that they work in or name. Linux only: elsewhere
 * nothing can be said.
 */
export function leftovers(mark: RunMark): Leftover[] | undefined {
  if (process.platform !== "linux") return undefined;
  return readdirSync("/proc")
    .map(Number)
    .filter((pid) => pid > 0 && pid !== process.pid && belongsTo(pid, mark))
    .map((pid) => ({ pid, command: commandOf(pid) }));
}

/** Waits until none is left, for at most `graceMs`; then ends the rest and returns them. */
export async function endLeftovers(mark: RunMark, graceMs: number): Promise<Leftover[] | undefined> {
  const until = Date.now() + graceMs;
  while (leftovers(mark)?.length && Date.now() < until) await delay(POLL_MS);
  const rest = leftovers(mark);
  for (const { pid } of rest ?? []) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // ended meanwhile
    }
  }
  return rest;
}

function belongsTo(pid: number, mark: RunMark): boolean {
  try {
    const cwd = readlinkSync(`/proc/${pid}/cwd`);
    if (mark.folder && `${cwd}/`.startsWith(`${mark.folder}/`)) return true;
    if (mark.folder && readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(`${mark.folder}/`)) return true;
    return readFileSync(`/proc/${pid}/environ`, "utf8").split("\0").includes(`${MARK_VARIABLE}=${mark.id}`);
  } catch {
    return false; // another user's process, or one that has just ended
  }
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").trim().slice(0, 160);
  } catch {
    return "?";
  }
}
