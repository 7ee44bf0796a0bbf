import { execFile } from "node:child_process";
import { access, constants, mkdir, statfs } from "node:fs/promises";
import { promisify } from "node:util";
import type { PartHealth } from "./admin.endpoints.ts";

/** Checks the machine and the parts that a server needs; each line says what to do where something is missing. */
export interface Finding {
  readonly part: string;
  readonly state: "ok" | "missing" | "poor";
  readonly words: string;
}

const MIN_FREE_BYTES = 2 * 1024 ** 3; // an upload of the default size limit needs twice that only if two run at once
const run = promisify(execFile);

export async function examine({
  dataDirectory,
  checkDatabase,
  parts = async () => [],
}: {
  dataDirectory: string;
  checkDatabase(): Promise<string>;
  /** What only the composition root can look at: the adapters. */
  parts?(): Promise<readonly Finding[]>;
}): Promise<readonly Finding[]> {
  const own = await Promise.all([
    node(),
    dataDirectoryOf(dataDirectory),
    checkDatabase().then(
      (words): Finding => ({ part: "database", state: "ok", words }),
      (error: unknown): Finding => ({ part: "database", state: "missing", words: (error as Error).message }),
    ),
    program(
      "soffice",
      ["--version"],
      "LibreOffice makes previews of office documents. Debian: apt-get install libreoffice-writer-nogui libreoffice-calc-nogui libreoffice-impress-nogui",
    ),
    program("pdftoppm", ["-v"], "Poppler makes page images. Debian: apt-get install poppler-utils"),
    program(
      "bwrap",
      ["--version"],
      "bubblewrap jails the converters; without it they run with limits only. Debian: apt-get install bubblewrap",
    ),
    program("prlimit", ["--version"], "prlimit bounds the converters. Debian: apt-get install util-linux"),
  ]);
  return [...own, ...(await parts())];
}

async function node(): Promise<Finding> {
  const major = Number(process.versions.node.split(".")[0]);
  return {
    part: "node",
    state: major >= 24 ? "ok" : "missing",
    words: major >= 24 ? process.version : `${process.version} is too old: 24 or newer is needed`,
  };
}

/** Room on the disk that holds the data. */
export async function examineDisk(directory: string): Promise<PartHealth> {
  const { state, words } = await dataDirectoryOf(directory);
  return { state: state === "missing" ? "failing" : state, words };
}

async function dataDirectoryOf(directory: string): Promise<Finding> {
  try {
    await mkdir(directory, { recursive: true });
    await access(directory, constants.W_OK);
    const { bavail, bsize } = await statfs(directory);
    const free = bavail * bsize;
    const words = `${directory}, ${(free / 1024 ** 3).toFixed(1)} GiB free`;
    return free < MIN_FREE_BYTES
      ? { part: "data", state: "poor", words: `${words}: make room, uploads will be refused when it is full` }
      : { part: "data", state: "ok", words };
  } catch (error) {
    return { part: "data", state: "missing", words: `${directory} cannot be written: ${(error as Error).message}` };
  }
}

async function program(name: string, args: readonly string[], otherwise: string): Promise<Finding> {
  try {
    const { stdout, stderr } = await run(name, args, { timeout: 15_000 });
    return { part: name, state: "ok", words: (stdout || stderr).split("\n")[0]?.trim() ?? "" };
  } catch {
    return { part: name, state: "missing", words: otherwise };
  }
}
