// The single-instance lock: a folder in userData that names the living first instance and takes the others' messages.
//
// The first is known by process id *and* start time: after a kill -9 the id may soon belong to somebody else, and an app
// that then refused to start would be a riddle.
import { mkdirSync, readFileSync, readdirSync, renameSync, rmSync, watch, writeFileSync } from "node:fs";
import { join } from "node:path";

export interface InstanceMessage {
  argv: string[];
  workingDirectory: string;
  additionalData: unknown;
}

const held = new Set<string>();

/** True: we are the first, and `onSecond` hears of every later one. False: `message` was left for the first. */
export function claimInstance(
  folder: string,
  message: InstanceMessage,
  onSecond: (message: InstanceMessage) => void,
): boolean {
  if (held.has(folder)) return true;
  mkdirSync(folder, { recursive: true });
  const owner = join(folder, "owner");
  if (isAlive(readText(owner))) {
    const draft = join(folder, `${process.pid}.draft`);
    writeFileSync(draft, JSON.stringify(message));
    renameSync(draft, join(folder, `${process.pid}.message`)); // whole or not at all
    return false;
  }
  for (const name of readdirSync(folder)) rmSync(join(folder, name));
  writeFileSync(owner, identityOf(process.pid) ?? "");
  held.add(folder);
  watch(folder, { persistent: false }, () => {
    for (const name of readdirSync(folder).filter((file) => file.endsWith(".message"))) {
      const path = join(folder, name);
      const text = readText(path);
      rmSync(path, { force: true });
      if (text) onSecond(JSON.parse(text) as InstanceMessage);
    }
  });
  return true;
}

const isAlive = (identity: string | undefined): boolean =>
  !!identity && identity === identityOf(Number(identity.split(" ")[0]));

/** "<pid> <start time>" of a running process; undefined when there is none or it is only waiting to be reaped. */
function identityOf(pid: number): string | undefined {
  const stat = readText(`/proc/${pid}/stat`);
  if (!stat) return undefined;
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" "); // the name before may hold anything
  const [state] = fields;
  const startTime = fields[19]; // field 22 of proc(5), counted from the state, which is field 3
  return state === "Z" || state === "X" ? undefined : `${pid} ${startTime}`;
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
