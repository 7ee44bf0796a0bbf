import type { ChildProcess } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";

const POLL_MS = 10;
const END_MS = 15_000; // a killed process that waits for a busy disk ends when the disk answers

/**
 * Ends a child and all of its process group, and returns when none of them runs any more: the others of a group end after
 * their leader, and hold its ports for as long.
 */
export async function endGroup(child: ChildProcess, groups: readonly number[]): Promise<void> {
  const ended = new Promise((resolve) => child.once("exit", resolve));
  const running = child.exitCode === null && child.signalCode === null;
  for (const group of groups) {
    try {
      process.kill(-group, "SIGKILL");
    } catch {
      // the whole group is gone already
    }
  }
  if (running) await ended;
  const until = Date.now() + END_MS;
  for (;;) {
    const left = await membersOf(groups);
    if (left.length === 0) return;
    if (Date.now() > until) throw new Error(`processes ${left.join(", ")} live on ${END_MS} ms after they were killed`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/** Who still runs in a group. Whoever has ended and was not yet counted off by init has ended. */
export async function membersOf(groups: readonly number[]): Promise<readonly number[]> {
  const pids = (await readdir("/proc")).map(Number).filter((pid) => pid > 0);
  const found = await Promise.all(
    pids.map(async (pid) => {
      // proc(5): pid (name) state ppid pgrp …; a name may hold anything, parentheses as well.
      const text = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
      const [state = "", , group = ""] = text.slice(text.lastIndexOf(")") + 2).split(" ");
      return groups.includes(Number(group)) && !/[ZXx]/.test(state) ? pid : undefined;
    }),
  );
  return found.filter((pid) => pid !== undefined);
}
