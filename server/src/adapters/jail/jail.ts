import { spawn, type ChildProcess, type ChildProcessWithoutNullStreams } from "node:child_process";
import { chown, mkdtemp, readdir, rm } from "node:fs/promises";
import type { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Jail, JailedProcess, JailKind, JailOrder, JailResult } from "#previews";
import { environment, jailCommand, JAIL_UID, LIFELINE_FD } from "./jail.command.ts";

// Of what a program says: enough for the sizes of 5,000 pages and for an error, too little to fill memory.
const KEPT_OUTPUT = 1024 * 1024;
const KEPT_ERRORS = 16 * 1024;

/** The tightest jail that works here; each kind is tried by running something in it. */
export async function createJail(options: { only?: JailKind } = {}): Promise<Jail> {
  const kinds: readonly JailKind[] = options.only ? [options.only] : ["bubblewrap", "namespaces", "limits"];
  for (const kind of kinds) {
    const jail = jailOf(kind);
    if (await works(jail)) return jail;
  }
  return jailOf("timeLimit");
}

const jailOf = (kind: JailKind): Jail => ({
  kind,
  start: (order) => startJailed(kind, order),
  async run(order) {
    const process = await startJailed(kind, order);
    process.stdin.end();
    return await process.ended;
  },
});

async function works(jail: Jail): Promise<boolean> {
  const workDirectory = await mkdtemp(join(tmpdir(), "kontor-jail-"));
  try {
    const order = { workDirectory, timeoutMs: 5_000, memoryBytes: 1024 ** 3, outputBytes: 1024 };
    const result = await jail.run({ ...order, program: "touch", args: [join(workDirectory, "it-works")] });
    return result.status === "ended" && result.code === 0;
  } finally {
    await rm(workDirectory, { recursive: true, force: true });
  }
}

async function startJailed(kind: JailKind, order: JailOrder): Promise<JailedProcess> {
  const asRoot = process.platform === "linux" && process.getuid?.() === 0 && kind !== "timeLimit";
  if (asRoot) await handOver(order.workDirectory);
  const [program = "", ...args] = jailCommand(kind, order, { asRoot });
  const child = spawn(program, args, {
    cwd: "/",
    env: { ...Object.fromEntries(environment(order)), ...(kind === "timeLimit" ? foreignSystem() : {}) },
    stdio: ["pipe", "pipe", "pipe", "pipe"],
    detached: true, // a group of its own, so that the whole tree can be ended at once
  }) as ChildProcessWithoutNullStreams;
  child.stdin.on("error", () => undefined); // writing to what has just ended: `ended` tells it better
  const lifeline = child.stdio[LIFELINE_FD] as Socket;
  lifeline.on("error", () => undefined);
  child.once("exit", () => lifeline.destroy()); // what it left running ends with it
  return { stdin: child.stdin, stdout: child.stdout, ended: resultOf(child, order), stop: () => endTree(child) };
}

/** What programs need on Windows and macOS, and nothing more: the rest of the environment may hold secrets (JAIL-2). */
function foreignSystem(): Record<string, string> {
  const names = ["PATH", "Path", "SystemRoot", "TEMP", "TMP"];
  return Object.fromEntries(names.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])));
}

function resultOf(child: ChildProcess, order: JailOrder): Promise<JailResult> {
  return new Promise((resolve) => {
    const stdout = keepStart(child.stdout, KEPT_OUTPUT);
    const stderr = keepStart(child.stderr, KEPT_ERRORS);
    let timedOut = false;
    const stop = () => endTree(child);
    const timer = setTimeout(() => {
      timedOut = true;
      stop();
    }, order.timeoutMs);
    if (order.signal?.aborted) stop();
    else order.signal?.addEventListener("abort", stop, { once: true });

    const finish = (result: JailResult) => {
      clearTimeout(timer);
      order.signal?.removeEventListener("abort", stop);
      resolve(result);
    };
    child.once("error", () => finish({ status: "missing", program: order.program }));
    // A program that ran away keeps our pipes open: after the limit its words no longer matter.
    child.once("exit", () => timedOut && child.stdout?.destroy() && child.stderr?.destroy());
    child.once("close", (code, signal) => {
      if (timedOut) return finish({ status: "timeout" });
      // Inside a PID namespace a signal's death arrives as an exit code, as in a shell: 128 + signal.
      if (signal !== null) return finish({ status: "killed", signal, stderr: stderr() });
      if (code === 127 || /execvp .*: No such file/.test(stderr())) {
        return finish({ status: "missing", program: order.program });
      }
      if (code !== null && code > 128) return finish({ status: "killed", signal: `${code - 128}`, stderr: stderr() });
      finish({ status: "ended", code: code ?? -1, stdout: stdout(), stderr: stderr() });
    });
  });
}

function endTree(child: ChildProcess): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

function keepStart(stream: NodeJS.ReadableStream | null, most: number): () => string {
  let kept = "";
  stream?.on("data", (chunk: Buffer) => {
    if (kept.length < most) kept += chunk.toString("utf8").slice(0, most - kept.length);
  });
  return () => kept;
}

/** JAIL-5: inside, root is nobody; what lies in the work directory must be theirs. */
async function handOver(directory: string): Promise<void> {
  await chown(directory, JAIL_UID, JAIL_UID);
  for (const entry of await readdir(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) await handOver(path);
    else if (entry.isFile()) await chown(path, JAIL_UID, JAIL_UID);
  }
}
