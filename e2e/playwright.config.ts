import { defineConfig } from "@playwright/test";
import { chooseElectron } from "./harness/electron.ts";

const { kind } = chooseElectron();

export default defineConfig({
  testDir: ".",
  testMatch: "**/*.spec.ts",
  outputDir: "results/artifacts",
  // One app at a time: each is a whole browser, and the machine that runs this may be small.
  workers: 1,
  fullyParallel: false,
  forbidOnly: !!process.env["CI"],
  retries: 0,
  // A cold start on a busy two-core machine takes seconds; a test that needs more than a minute says so itself.
  timeout: 60_000,
  expect: { timeout: 10_000 },
  metadata: { electronKind: kind },
  reporter: [["list"], ["json", { outputFile: "results/results.json" }], ["./harness/electronReporter.ts"]],
  // An action waits for its target, which may be a server's answer; without an end it would wait for the test's.
  use: { screenshot: "only-on-failure", actionTimeout: 20_000 },
});
