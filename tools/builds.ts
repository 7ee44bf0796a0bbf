// Builds the console and the desktop when their sources are newer than what was built.
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { run } from "./children.ts";
import { root, toolOf } from "./repository.ts";

export interface Build {
  name: string;
  folder: string;
  /** What the build is made from; when any file in it is newer than `product`, it is built again. */
  sources: string[];
  /** A file that the build writes last or anew every time. */
  product: string;
  command: () => string[];
}

export const consoleBuild: Build = {
  name: "console",
  folder: "server/console",
  sources: ["server/console", "shared/src", "shared/theme", "pnpm-lock.yaml"],
  product: "server/console/dist/index.html",
  command: () => [...toolOf("server/console", "vite"), "build"],
};

export const desktopBuild: Build = {
  name: "desktop",
  folder: "desktop",
  sources: ["desktop", "shared/src", "shared/theme", "pnpm-lock.yaml"],
  product: "desktop/out/renderer/index.html",
  command: () => [...toolOf("desktop", "electron-vite"), "build"],
};

const NOT_SOURCES = new Set(["node_modules", "out", "dist", "release"]);

function isStale({ sources, product }: Build): boolean {
  const built = join(root, product);
  if (!existsSync(built)) return true;
  const builtAt = statSync(built).mtimeMs;
  return sources.some((source) => newest(join(root, source)) > builtAt);
}

/** Throws with the build's own words when it fails. */
export async function build(what: Build, env: NodeJS.ProcessEnv = process.env): Promise<void> {
  const { code, output } = await run(what.command(), { cwd: join(root, what.folder), env, output: "keep" });
  if (code !== 0) throw new Error(`Building the ${what.name} failed:\n${output.trim()}`);
}

export async function buildWhereStale(builds: Build[]): Promise<void> {
  for (const what of builds) {
    if (!isStale(what)) continue;
    console.log(`Building the ${what.name} …`);
    await build(what);
  }
}

function newest(path: string): number {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (!stats) return 0;
  if (!stats.isDirectory()) return stats.mtimeMs;
  // the folder's own time counts too: a deleted source makes the build stale as well, but what is built inside must not
  return Math.max(
    0,
    ...readdirSync(path, { withFileTypes: true })
      .filter((entry) => !NOT_SOURCES.has(entry.name))
      .map((entry) => newest(join(path, entry.name))),
  );
}
