// The folder with the server's database and files, and what may be deleted of it.
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
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
  for (const entry of readdirSync(folder)) {
    if (entry !== MARKER) rmSync(join(folder, entry), { recursive: true, force: true });
  }
}
