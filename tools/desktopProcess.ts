// The desktop as a child of `npm start`, on real Electron or on its stand-in; or the words for a machine without a display.
import type { ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { start } from "./children.ts";
import { ensureElectron } from "./electron.ts";
import { root } from "./repository.ts";
import { findChromium } from "./system.ts";

export interface DesktopOptions {
  serverUrl: string;
  /** The folder of its settings and replica. */
  profile: string;
  /** Try to download Electron's binary even if that has failed before. */
  fetchAgain: boolean;
}

export async function openDesktop({
  serverUrl,
  profile,
  fetchAgain,
}: DesktopOptions): Promise<ChildProcess | undefined> {
  if (!hasDisplay()) {
    console.log(`
There is no display here, so the desktop is not opened. On a computer with one, clone this repository and type npm start,
or open the console in a browser. To open the desktop from here, give this terminal a display (ssh -X, or xvfb-run) first.`);
    return undefined;
  }
  const electron = await ensureElectron({ again: fetchAgain });
  if (electron.name !== "Electron" && !findChromium()) {
    console.log("\nThe desktop needs Electron's binary or a Chromium, and neither is here: it is not opened.");
    return undefined;
  }
  mkdirSync(profile, { recursive: true });
  rememberServer(profile, serverUrl);
  console.log(`\nOpening the desktop on ${electron.name} …`);
  const asRoot = process.getuid?.() === 0 ? ["--no-sandbox"] : []; // Chromium refuses to start as root with it
  const command = [electron.executable, ...asRoot, `--user-data-dir=${profile}`, join(root, "desktop")];
  const env = {
    ...process.env,
    KONTOR_SERVER_URL: serverUrl,
    ...(electron.name === "Electron" ? {} : standInEnvironment(profile)),
  };
  return start(command, { output: "keep", env });
}

/** What the desktop would know after a first look at this server, so that its address need not be typed. */
function rememberServer(profile: string, url: string): void {
  const session = join(profile, "session.json"); // read by desktop/src/main/session.ts
  if (!existsSync(session))
    writeFileSync(session, JSON.stringify({ lastServer: { url, name: "Kontor" } }), { mode: 0o600 });
}

/** The stand-in shows a window when asked to, and keeps its keys in a file, because it has no keychain. */
function standInEnvironment(profile: string): NodeJS.ProcessEnv {
  const keyring = join(profile, "stand-in.keyring");
  if (!existsSync(keyring)) writeFileSync(keyring, randomBytes(32).toString("hex"), { mode: 0o600 });
  return { STAND_IN_HEADFUL: "1", KONTOR_NODE: process.execPath, KONTOR_STAND_IN_KEYRING: keyring };
}

function hasDisplay(): boolean {
  return process.platform !== "linux" || Boolean(process.env.DISPLAY ?? process.env.WAYLAND_DISPLAY);
}
