// The `test` of every spec that drives the desktop: gives it a fresh userData folder and ends every app it started.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test as base } from "@playwright/test";
import { type Desktop, type DesktopOptions, type ElectronKind, chooseElectron, launchDesktop } from "./electron.ts";

export { expect } from "@playwright/test";

export interface DesktopFixtures {
  /** An empty folder of this test's own, removed afterwards. */
  userData: string;
  /** Starts the desktop, in `userData` when nothing else is said; it is killed after the test if it still runs. */
  launch(options?: Partial<DesktopOptions>): Promise<Desktop>;
  electronKind: ElectronKind;
  honestReport: void;
}

export const test = base.extend<DesktopFixtures>({
  // oxlint-disable-next-line no-empty-pattern -- Playwright reads the fixtures a fixture needs from this pattern
  electronKind: async ({}, use) => use(chooseElectron().kind),

  honestReport: [
    async ({ electronKind }, use, testInfo) => {
      testInfo.annotations.push({ type: "electron", description: electronKind });
      // What the stand-in cannot show is reported as not run, and never as passed.
      testInfo.skip(
        electronKind === "stand-in" && testInfo.tags.includes("@real-only"),
        "needs Electron itself; this is the stand-in",
      );
      await use();
    },
    { auto: true },
  ],

  // oxlint-disable-next-line no-empty-pattern
  userData: async ({}, use) => {
    const folder = await mkdtemp(join(tmpdir(), "kontor-desktop-"));
    await use(folder);
    await rm(folder, { recursive: true, force: true });
    await rm(`${folder}.keyring`, { force: true });
  },

  launch: async ({ userData }, use) => {
    const started: Desktop[] = [];
    await use(async (options) => {
      const desktop = await launchDesktop({ userData, ...options });
      started.push(desktop);
      return desktop;
    });
    for (const desktop of started) await desktop.kill();
  },
});
