// Which Electron there is: the real one where its binary could be had, else the stand-in of e2e/electron-stand-in. The
// specs make the same choice by themselves (e2e/harness/electron.ts).
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { run } from "./children.ts";
import { root } from "./repository.ts";

const DOWNLOAD_LIMIT_MS = 60_000; // 120 MB: on a line that is slower than that, work goes on with the stand-in meanwhile
const packageFolder = join(root, "desktop/node_modules/electron");
const gaveUp = join(root, ".cache/electron-not-available");

export interface Electron {
  name: "Electron" | "the Electron stand-in";
  executable: string;
}

/** What is there, without any download. KONTOR_ELECTRON=stand-in takes the stand-in even where both are. */
export function findElectron(): Electron {
  const real = realElectron();
  if (real && process.env.KONTOR_ELECTRON !== "stand-in") return { name: "Electron", executable: real };
  return { name: "the Electron stand-in", executable: join(root, "e2e/electron-stand-in/electron") };
}

/** Tries once to bring Electron's binary; a failure is remembered, so that the next start does not wait `again`. */
export async function ensureElectron({ again = false } = {}): Promise<Electron> {
  if (!realElectron() && (again || !existsSync(gaveUp))) {
    console.log("Fetching Electron's binary (at most a minute) …");
    const { code, output, timedOut } = await run([process.execPath, join(packageFolder, "install.js")], {
      output: "keep",
      timeLimitMs: DOWNLOAD_LIMIT_MS,
    });
    if (code !== 0 || !realElectron()) {
      const why = timedOut
        ? "it took longer than a minute"
        : (/[A-Z_]{5,}: .*|Error: .*/.exec(output)?.[0] ?? `code ${code}`);
      console.log(`Electron's binary cannot be had here (${why}); its stand-in on Chromium is used instead.`);
      console.log("  To try again, type: npm start -- --fetch-electron");
      mkdirSync(dirname(gaveUp), { recursive: true });
      writeFileSync(gaveUp, `${new Date().toISOString()} ${why}\n`);
    }
  }
  return findElectron();
}

function realElectron(): string | undefined {
  try {
    const path = join(packageFolder, "dist", readFileSync(join(packageFolder, "path.txt"), "utf8"));
    return existsSync(path) ? path : undefined;
  } catch {
    return undefined;
  }
}
