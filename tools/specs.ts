// Runs the Playwright specs of some features, on real Electron where its binary is, on the stand-in elsewhere.
import { mkdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { run } from "./children.ts";
import { type PlaywrightReport, resultOfPlaywright } from "./playwrightReport.ts";
import { readJson, root, toolOf } from "./repository.ts";
import type { StageResult } from "./stages.ts";

const CONFIG = "e2e/playwright.config.ts";

export interface SpecsRun {
  features: string[];
  /** Handed to Playwright as they are: `--headed`, `--grep …`. */
  more?: string[];
  env?: NodeJS.ProcessEnv;
}

export async function runSpecs({ features, more = [], env = process.env }: SpecsRun): Promise<StageResult> {
  const report = join(root, ".cache/test/playwright.json");
  mkdirSync(dirname(report), { recursive: true });
  rmSync(report, { force: true });
  const folders = features.map((feature) => `e2e/${feature}/`);
  const command = [
    ...toolOf("e2e", "@playwright/test", "playwright"),
    "test",
    "--config",
    CONFIG,
    "--reporter=list,json",
  ];
  const { code } = await run([...command, ...folders, ...more], {
    output: "show",
    env: { ...env, PLAYWRIGHT_JSON_OUTPUT_FILE: report },
  });
  const written = readJson<PlaywrightReport>(report);
  if (!written) return { passed: 0, failed: 1, failures: [`Playwright ended with code ${code} and no report`] };
  const result = resultOfPlaywright(written);
  if (code !== 0 && result.failed === 0)
    return { ...result, failed: 1, failures: [`Playwright ended with code ${code}`] };
  return result;
}
