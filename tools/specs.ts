// Runs the Playwright specs of some features, on real Electron where its binary is, on the stand-in elsewhere.
import { rmSync } from "node:fs";
import { join } from "node:path";
import { run } from "./children.ts";
import { type PlaywrightReport, resultOfPlaywright } from "./playwrightReport.ts";
import { readJson, root, toolOf } from "./repository.ts";
import type { StageResult } from "./stages.ts";

const CONFIG = "e2e/playwright.config.ts";
const REPORT = join(root, "e2e/results/results.json"); // as that configuration says

export interface SpecsRun {
  features: string[];
  /** Handed to Playwright as they are: `--headed`, `--grep …`. */
  more?: string[];
  env?: NodeJS.ProcessEnv;
}

export async function runSpecs({ features, more = [], env = process.env }: SpecsRun): Promise<StageResult> {
  rmSync(REPORT, { force: true });
  const folders = features.map((feature) => `e2e/${feature}/`);
  const command = [...toolOf("e2e", "@playwright/test", "playwright"), "test", "--config", CONFIG];
  const { code } = await run([...command, ...folders, ...more], {
    output: "show",
    env,
  });
  const written = readJson<PlaywrightReport>(REPORT);
  if (!written) return { passed: 0, failed: 1, failures: [`Playwright ended with code ${code} and no report`] };
  const result = resultOfPlaywright(written);
  if (code !== 0 && result.failed === 0)
    return { ...result, failed: 1, failures: [`Playwright ended with code ${code}`] };
  return result;
}
