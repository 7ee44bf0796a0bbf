// The folder with the server's database and files, and what may be deleted of it.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const MARKER = "KONTOR-DATA";
const WORDS = `This folder belongs to Kontor: the server's database and files, and the desktop of npm start.
"npm start -- --fresh" deletes what is in it; it deletes no folder without this file.
`;

/** Makes the folder if need be, and marks it as Kontor's when it is empty. */
export function prepareDataFolder(folder: string): void {
  mkdirSync(folder, { recursive: true });
  if (readdirSync(folder).length === 0) writeFileSync(join(folder, MARKER), WORDS);
}

/** Deletes what is in the folder; throws, and touches nothing, when it is not surely a Kontor data folder. */
export function emptyDataFolder(folder: string): void {
  if (!existsSync(folder) || readdirSync(folder).length === 0) return;
  if (!existsSync(join(folder, MARKER))) {
    throw new Error(
      `${folder} was not made by npm start (it has no file ${MARKER}), so --fresh leaves it alone. Name another folder with --data, or delete it yourself.`,
    );
  }
  const database = runningDatabase(folder);
  if (database) {
    throw new Error(
      `A server is running on ${folder} (its database is process ${database}): stop it before --fresh deletes its data. If nothing else is left of it, type: kill -INT ${database}`,
    );
  }
  for (const entry of readdirSync(folder)) {
    if (entry !== MARKER) rmSync(join(folder, entry), { recursive: true, force: true });
  }
}

/** PostgreSQL writes its process into this file, and leaves it there when the machine goes down. */
function runningDatabase(folder: string): number | undefined {
  const file = join(folder, "postgres/data/postmaster.pid");
  if (!existsSync(file)) return undefined;
  const pid = Number.parseInt(readFileSync(file, "utf8"), 10);
  try {
    process.kill(pid, 0);
    return pid;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM" ? pid : undefined; // another user's: alive
  }
}
