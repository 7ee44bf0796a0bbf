// Starts the desktop under Playwright: on the real Electron when its binary is here, else on the stand-in. Specs must not
// know which of the two it is; the report
// says it (electronReporter.ts).
import { spawn } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { randomBytes } from "node:crypto";
import { createRequire } from "node:module";
import { basename, dirname, join } from "node:path";
import { type ElectronApplication, type Page, _electron } from "@playwright/test";
import { killTree, watchTree } from "./processTree.ts";

export type ElectronKind = "electron" | "stand-in";

export interface DesktopOptions {
  /** Another app than Kontor's desktop: a folder with a package.json. */
  readonly app?: string;
  readonly userData: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly args?: readonly string[];
}

export interface Desktop {
  readonly electronApp: ElectronApplication;
  readonly electronKind: ElectronKind;
  /** The first window, loaded. */
  window(): Promise<Page>;
  /** SIGKILL to the whole process tree, as a power cut would; resolves when nothing of it is left. */
  kill(): Promise<void>;
  /** Quits the app as its user would; resolves when its processes are gone. */
  close(): Promise<void>;
}

const STAND_IN_DIR = join(import.meta.dirname, "../electron-stand-in");

interface ElectronChoice {
  readonly kind: ElectronKind;
  readonly executable: string;
}

/** KONTOR_ELECTRON (a binary or "stand-in") decides; else the binary that the `electron` package has downloaded; else the stand-in. */
export function chooseElectron(): ElectronChoice {
  const standIn: ElectronChoice = { kind: "stand-in", executable: join(STAND_IN_DIR, "electron") };
  const asked = process.env["KONTOR_ELECTRON"];
  if (asked === "stand-in") return standIn;
  if (asked) {
    if (!existsSync(asked))
      throw new Error(`KONTOR_ELECTRON names ${asked}, which is not there. Give Electron's executable, or "stand-in".`);
    return { kind: "electron", executable: asked };
  }
  const folder = dirname(createRequire(import.meta.url).resolve("electron/package.json"));
  const pathFile = join(folder, "path.txt"); // written by Electron's installer when the binary is in place
  const executable = existsSync(pathFile) ? join(folder, "dist", readFileSync(pathFile, "utf8")) : "";
  return executable && existsSync(executable) ? { kind: "electron", executable } : standIn;
}

export async function launchDesktop(options: DesktopOptions): Promise<Desktop> {
  const { kind, executable } = chooseElectron();
  // Without `executablePath` Playwright puts its loader before the app, which holds `ready` back until Playwright listens.
  // The `electron` package then says where the executable is, and that can be told through this variable.
  process.env["ELECTRON_OVERRIDE_DIST_PATH"] = overrideFolder(executable);
  const electronApp = await _electron.launch({
    args: argumentsFor(options),
    env: environmentFor(options),
    cwd: dirname(STAND_IN_DIR),
    colorScheme: null, // else Playwright forces "light" on every page, and the app's theme cannot be seen
  });
  const main = electronApp.process(); // asked now: Playwright does not answer any more when the app has ended
  const pid = main.pid ?? 0;
  const isGone = (): boolean => main.exitCode !== null || main.signalCode !== null;

  return {
    electronApp,
    electronKind: kind,
    async window() {
      const page = await electronApp.firstWindow();
      await page.waitForURL(({ protocol }) => !["about:", "data:"].includes(protocol)); // main opens a window first and loads its page then
      return page;
    },
    async kill() {
      if (!isGone()) await killTree(pid);
    },
    async close() {
      if (isGone()) return;
      const tree = watchTree(pid);
      await electronApp.close();
      await tree.gone();
    },
  };
}

/** A second start of the same app with the same userData: it hands its arguments to the first and ends by itself. */
export async function startSecondInstance(options: DesktopOptions): Promise<number | null> {
  const child = spawn(chooseElectron().executable, ["--no-sandbox", ...argumentsFor(options)], {
    env: environmentFor(options),
    stdio: "ignore",
  });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", resolve);
  });
}

/** A keyring for the stand-in; on real Electron the system's keyring is used and this is not read. */
export function keyringFor(userData: string): string {
  const file = `${userData}.keyring`;
  if (!existsSync(file)) writeFileSync(file, randomBytes(32).toString("hex"), { mode: 0o600 });
  return file;
}

const argumentsFor = ({ app = builtDesktop(), userData, args = [] }: DesktopOptions): string[] => [
  app,
  `--user-data-dir=${userData}`,
  ...args,
];

/** KONTOR_DESKTOP names another build than the one that stands beside the sources. */
function builtDesktop(): string {
  const desktop = process.env["KONTOR_DESKTOP"] ?? join(import.meta.dirname, "../../desktop");
  if (existsSync(join(desktop, "out/main/index.js"))) return desktop;
  throw new Error("The desktop is not built. `npm run e2e` builds it; by hand: electron-vite build, in desktop/.");
}

function environmentFor({ userData, env = {} }: DesktopOptions): Record<string, string> {
  const inherited = Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return {
    ...Object.fromEntries(inherited),
    KONTOR_NODE: process.execPath,
    KONTOR_STAND_IN_KEYRING: keyringFor(userData),
    ...env,
  };
}

/** The `electron` package joins this folder with what path.txt says, and with "electron" when there is none. */
function overrideFolder(executable: string): string {
  const folder = dirname(createRequire(import.meta.url).resolve("electron/package.json"));
  const pathFile = join(folder, "path.txt");
  const expected = existsSync(pathFile) ? readFileSync(pathFile, "utf8") : "electron";
  if (executable.endsWith(expected)) return executable.slice(0, -expected.length);
  throw new Error(`The electron package expects an executable "${expected}", but ${basename(executable)} was given.`);
}
