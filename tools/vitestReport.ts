// A vitest reporter that writes what `npm test` must say at the end: counts, what failed, and what was skipped and why.
import { writeFileSync } from "node:fs";
import { relative } from "node:path";
import type { Reporter, TestModule } from "vitest/node";
import { root } from "./repository.ts";
import { wordsOfError, type StageResult } from "./stages.ts";

export const VITEST_RESULT = "KONTOR_VITEST_RESULT";

/** A class and a default export, because vitest makes its reporters by itself. */
export default class VitestReport implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly { message: string; stack?: string }[]): void {
    const file = process.env[VITEST_RESULT];
    const unhandled = unhandledErrors.map(wordsOfError);
    if (file) writeFileSync(file, JSON.stringify(resultOf(modules, unhandled)));
  }
}

function resultOf(modules: readonly TestModule[], unhandled: string[]): StageResult {
  const result = { passed: 0, failed: 0, failures: [] as string[], notRun: [] as { what: string; why: string }[] };
  const fail = (words: string): void => {
    result.failed += 1;
    result.failures.push(words);
  };
  for (const module of modules) {
    const path = relative(root, module.moduleId);
    let failedTests = 0;
    for (const test of module.children.allTests()) {
      const { state, ...rest } = test.result();
      if (state === "passed") result.passed += 1;
      else if (state === "failed") {
        failedTests += 1;
        const [error] = test.result().errors ?? [];
        fail(`${path} › ${test.fullName}${error ? `: ${wordsOfError(error)}` : ""}`);
      } else if (state === "skipped") {
        const note = "note" in rest ? rest.note : undefined;
        result.notRun.push({ what: `${path} › ${test.fullName}`, why: note ?? "skipped" });
      } else fail(`${path} › ${test.fullName}: did not finish`);
    }
    // a file that could not be loaded, or whose hooks failed, has failed even when none of its tests has
    if (module.state() === "failed" && failedTests === 0) fail(`${path}: the file failed`);
  }
  for (const words of unhandled) fail(`unhandled error: ${words}`);
  return result;
}
