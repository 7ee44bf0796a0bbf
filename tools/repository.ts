// Where things are in this repository, and how its tools are started without a shell (so that it works on Windows too).
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";

export const root = dirname(import.meta.dirname);

/** The command line of a tool that a package of the workspace depends on: `toolOf("desktop", "electron-vite")`. */
export function toolOf(
  room: string,
  packageName: string,
  bin = packageName.split("/").at(-1) ?? packageName,
): string[] {
  const folder = join(root, room, "node_modules", packageName);
  const manifest = readJson<{ bin?: string | Record<string, string> }>(join(folder, "package.json"));
  const path = typeof manifest?.bin === "string" ? manifest.bin : manifest?.bin?.[bin];
  if (!path) throw new Error(`The command ${bin} of ${packageName} is not installed in ${room || "the root"}.`);
  return [process.execPath, join(folder, path)];
}

/** Runs the file as TypeScript on this Node, as the server does. */
export function script(path: string, ...args: string[]): string[] {
  return [process.execPath, "--disable-warning=ExperimentalWarning", join(root, path), ...args];
}

export function readJson<T>(path: string): T | undefined {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as T;
  } catch {
    return undefined; // absent, or cut short by a run that was stopped: both mean that there is nothing to read
  }
}

/** A number that belongs to what is checked out: the same for everybody, another one after the next change. */
export function seedOfCommit(): string {
  try {
    const tree = execFileSync("git", ["rev-parse", "HEAD^{tree}"], { cwd: root, stdio: ["ignore", "pipe", "ignore"] });
    return String(Number.parseInt(tree.toString().slice(0, 7), 16));
  } catch {
    return String(Date.now() % 2 ** 28); // an archive without its history
  }
}
