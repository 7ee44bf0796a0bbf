import { execFile, spawn } from "node:child_process";
import type { Socket } from "node:net";
import { createInterface } from "node:readline";
import { promisify } from "node:util";

export type WholeSync = () => Promise<void>;

/** A shell is started in a millisecond, the server's own process forked in ten, for which it stands still: so one shell starts them all. */
const LOOP = 'while read -r _; do words=$(sync -f "$1" 2>&1); echo $? $words; done';
/** A shell that nobody needs is not kept; whoever fills a mailbox asks several times a second. */
const IDLE_MS = 10_000;

/**
 * syncfs(2), which Node does not have: by `sync -f` of coreutils or BusyBox, whose end says that everything is on the platter, and
 * whose code says when the kernel could not write it (Linux 5.8). What others have written to the same file system goes along.
 * Undefined where it cannot be asked for.
 */
export async function findWholeSync(root: string): Promise<WholeSync | undefined> {
  if (process.platform !== "linux") return undefined;
  let shell: Shell | undefined;
  let idle: NodeJS.Timeout | undefined;
  const sync = async (): Promise<void> => {
    clearTimeout(idle);
    if (!shell || shell.hasEnded()) shell = startShell(root);
    const asked = shell;
    try {
      const answer = await asked.ask();
      if (answer !== "0") throw new Error(`the file system of ${root} cannot be synced: ${answer}`);
    } finally {
      clearTimeout(idle);
      idle = setTimeout(() => asked.end(), IDLE_MS).unref();
    }
  };
  return promisify(execFile)("sync", ["-f", root]).then(
    () => sync,
    () => undefined,
  );
}

interface Shell {
  /** Syncs once more, after those that were asked for before: 0, or a code and words. */
  ask(): Promise<string>;
  hasEnded(): boolean;
  end(): void;
}

function startShell(root: string): Shell {
  const child = spawn("sh", ["-c", LOOP, "sh", root], { stdio: ["pipe", "pipe", "ignore"] });
  const waiting: PromiseWithResolvers<string>[] = [];
  let hasEnded = false;
  const end = () => {
    hasEnded = true;
    child.stdin.end();
  };
  const died = () => {
    hasEnded = true;
    for (const { reject } of waiting.splice(0)) reject(new Error("the shell that syncs the file system has died"));
  };
  child.once("error", died).once("close", died);
  child.stdin.on("error", () => undefined); // its end is told by "close"
  // It keeps no process alive that has nothing else to do; an answer that is waited for does.
  const answers = child.stdout as Socket;
  for (const handle of [child, child.stdin as Socket, answers]) handle.unref();
  createInterface({ input: answers }).on("line", (line) => {
    waiting.shift()?.resolve(line);
    if (waiting.length === 0) answers.unref();
  });
  return {
    ask() {
      const answer = Promise.withResolvers<string>();
      waiting.push(answer);
      answers.ref();
      child.stdin.write("\n");
      return answer.promise;
    },
    hasEnded: () => hasEnded,
    end,
  };
}
