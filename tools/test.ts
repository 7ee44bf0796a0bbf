// `npm test`: everything that this machine can show, in stages that do not hide each other; the last line is
// `N passed, N failed`. `npm test -- <feature>` runs the tests whose path or name holds that word, and its specs.
import { randomUUID } from "node:crypto";
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build, buildWhereStale, consoleBuild, desktopBuild } from "./builds.ts";
import { runChecks } from "./checks.ts";
import { endLeftovers, MARK_VARIABLE, onStopRequest, run, stopAll } from "./children.ts";
import { findElectron } from "./electron.ts";
import { featuresWithSpecs } from "./features.ts";
import { hasOldestPostgres, startOldestPostgres } from "./oldestPostgres.ts";
import { readJson, root, seedOfCommit, toolOf } from "./repository.ts";
import { runSpecs } from "./specs.ts";
import { createStages, type StageResult, verdict } from "./stages.ts";
import { ensureSystemParts, findChromium } from "./system.ts";
import { VITEST_RESULT } from "./vitestReport.ts";

const LEFTOVER_GRACE_MS = 10_000; // a browser or a database that was asked to stop takes a few seconds to go

const features = process.argv.slice(2);
const mark = { id: randomUUID(), folder: mkdtempSync(join(tmpdir(), "kontor-")) };
chmodSync(mark.folder, 0o1777); // as root, the tests' databases run as the user postgres and keep their files here too
process.on("exit", () => rmSync(mark.folder, { recursive: true, force: true }));
const KONTOR_SEED = process.env.KONTOR_SEED ?? seedOfCommit();
const env = { ...process.env, CI: "true", KONTOR_SEED, TMPDIR: mark.folder, [MARK_VARIABLE]: mark.id };

const stages = createStages();
onStopRequest(async () => {
  await stopAll();
  await endLeftovers(mark, 0);
  stages.notRun("what came after", "the run was stopped");
  stages.finish();
  process.exit(130);
});

console.log(`── Random tests: KONTOR_SEED=${KONTOR_SEED}\n\n── System parts`);
for (const { name, purpose } of await ensureSystemParts("tests")) stages.notRun(purpose, `${name} is not installed`);

if (features.length === 0) await runChecks(stages, env);
const tests = await stages.run("Tests (vitest)", () => runVitest(features));
if (features.length === 0) await runOnOldestPostgres();
if (features.length === 0) await buildAll();
const specs = await runFeatureSpecs();
await stages.run("Nothing is left running", checkLeftovers);

if (features.length > 0 && tests.passed + tests.failed + specs.passed + specs.failed === 0) {
  await stages.run(features.join(", "), async () => verdict(false, "no test and no spec has this word in its path"));
}
process.exitCode = stages.finish();

async function runVitest(filters: string[], more: NodeJS.ProcessEnv = {}): Promise<StageResult> {
  const file = join(root, ".cache/test/vitest.json");
  mkdirSync(join(root, ".cache/test"), { recursive: true });
  rmSync(file, { force: true });
  const options = ["--no-color", "--reporter=default", "--reporter=./tools/vitestReport.ts", "--passWithNoTests"];
  const { code } = await run([...toolOf("", "vitest"), "run", ...options, ...filters], {
    output: "show",
    env: { ...env, ...more, [VITEST_RESULT]: file },
  });
  const result = readJson<StageResult>(file);
  if (!result) return { passed: 0, failed: 1, failures: [`vitest ended with code ${code} and no report`] };
  if (code !== 0 && result.failed === 0) return { ...result, failed: 1, failures: [`vitest ended with code ${code}`] };
  return result;
}

/** The server's tests once more: what SQL of 18 does not exist in 15 must not be found by an administrator. */
async function runOnOldestPostgres(): Promise<void> {
  if (!hasOldestPostgres()) return; // named among the system parts that are missing
  await stages.run("Server tests on PostgreSQL 15", async () => {
    const cluster = await startOldestPostgres(mark.folder, env);
    try {
      return await runVitest(["--project", "server"], { KONTOR_TEST_CLUSTER: cluster.url });
    } finally {
      await cluster.stop();
    }
  });
}

/** A full run builds anew, so that a build which no longer works cannot hide behind an old one. */
async function buildAll(): Promise<void> {
  for (const what of [consoleBuild, desktopBuild]) {
    await stages.run(`Build of the ${what.name}`, () =>
      build(what, { ...env, NO_COLOR: "1" }).then(() => verdict(true, "")),
    );
  }
}

async function runFeatureSpecs(): Promise<StageResult> {
  const known = featuresWithSpecs();
  const wanted = features.length > 0 ? known.filter((feature) => features.includes(feature)) : known;
  if (wanted.length === 0) return { passed: 0, failed: 0 };
  const electron = findElectron();
  if (electron.name !== "Electron" && !findChromium()) {
    stages.notRun(`end-to-end specs of ${wanted.join(", ")}`, "there is neither Electron's binary nor a Chromium");
    return { passed: 0, failed: 0 };
  }
  return stages.run(`Specs on ${electron.name}`, async () => {
    if (features.length > 0) await buildWhereStale([consoleBuild, desktopBuild]);
    // Nobody looks at a full run's pictures: every screen is kept in one look instead of four.
    return runSpecs({ features: wanted, env: { ...env, ...(features.length === 0 && { KONTOR_LOOKS: "one" }) } });
  });
}

async function checkLeftovers(): Promise<StageResult> {
  const left = await endLeftovers(mark, LEFTOVER_GRACE_MS);
  if (!left)
    return { passed: 0, failed: 0, notRun: [{ what: "the check for processes left running", why: "Linux only" }] };
  return {
    passed: left.length === 0 ? 1 : 0,
    failed: left.length,
    failures: left.map(({ pid, command }) => `process ${pid} was left running: ${command}`),
  };
}
