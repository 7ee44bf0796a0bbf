// A process and everything it started: to kill it all at once, and to know that nothing of it is left.
import { execFileSync } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";

const GONE_TIMEOUT_MS = 10_000; // a killed Chromium on a busy machine needs well under a second
const POLL_MS = 20;

/** A process id may be used again, so a process is its id and its start time. */
interface ProcessKey {
  readonly pid: number;
  readonly parent: number;
  readonly started: string;
}

export interface ProcessTree {
  /** Rejects with their ids when some are still there after ten seconds. */
  gone(): Promise<void>;
}

/** SIGKILL to `pid` and all it started; resolves when they are gone. */
export async function killTree(pid: number): Promise<void> {
  if (process.platform === "win32") {
    execFileSync("taskkill", ["/pid", String(pid), "/T", "/F"], { stdio: "ignore" });
    return;
  }
  const tree = descendants(pid);
  for (const { pid: one } of tree) signalKill(one);
  await waitUntilGone(tree);
}

/** Remembers the tree as it is now, to see later that it ended. */
export function watchTree(pid: number): ProcessTree {
  const tree = descendants(pid);
  return { gone: () => waitUntilGone(tree) };
}

async function waitUntilGone(tree: readonly ProcessKey[]): Promise<void> {
  const deadline = Date.now() + GONE_TIMEOUT_MS;
  for (;;) {
    const alive = new Map(listProcesses().map((found) => [found.pid, found.started]));
    const left = tree.filter(({ pid, started }) => alive.get(pid) === started);
    if (left.length === 0) return;
    if (Date.now() > deadline)
      throw new Error(`Processes that should be gone are still there: ${left.map(({ pid }) => pid).join(", ")}`);
    await delay(POLL_MS);
  }
}

function descendants(root: number): ProcessKey[] {
  const processes = listProcesses();
  const tree = processes.filter(({ pid }) => pid === root);
  for (const one of tree) tree.push(...processes.filter(({ parent }) => parent === one.pid)); // grows while it is walked
  return tree;
}

function listProcesses(): ProcessKey[] {
  return process.platform === "linux" ? listFromProc() : listFromPs();
}

/** Linux: proc(5). Zombies are gone: nobody but their parent still knows them. */
function listFromProc(): ProcessKey[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const stat = readFileSync(`/proc/${name}/stat`, "utf8");
        const [state, parent, ...rest] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
        return state === "Z" || state === "X"
          ? []
          : [{ pid: Number(name), parent: Number(parent), started: rest[17] ?? "" }];
      } catch {
        return []; // it ended while we looked
      }
    });
}

/** macOS. */
function listFromPs(): ProcessKey[] {
  const lines = execFileSync("ps", ["-axo", "pid=,ppid=,stat=,lstart="], { encoding: "utf8" }).trim().split("\n");
  return lines.flatMap((line) => {
    const [pid, parent, state = "", ...started] = line.trim().split(/\s+/);
    return state.startsWith("Z") ? [] : [{ pid: Number(pid), parent: Number(parent), started: started.join(" ") }];
  });
}

function signalKill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error; // it was faster
  }
}
