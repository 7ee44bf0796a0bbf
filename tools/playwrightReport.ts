// Reads Playwright's JSON report into counts, failures and what was not run.
import { wordsOfError, type StageResult } from "./stages.ts";

export interface PlaywrightReport {
  suites?: Suite[];
  errors?: { message?: string }[];
}

interface Suite {
  title: string;
  suites?: Suite[];
  specs?: Spec[];
}

interface Spec {
  title: string;
  tests: {
    status: "expected" | "unexpected" | "flaky" | "skipped";
    annotations?: { type: string; description?: string }[];
    /** `error` is the first of `errors`, and the only one whose stack is told. */
    results?: { error?: { message?: string; stack?: string }; errors?: { message?: string }[] }[];
  }[];
}

export function resultOfPlaywright(report: PlaywrightReport): StageResult {
  const result = { passed: 0, failed: 0, failures: [] as string[], notRun: [] as { what: string; why: string }[] };
  const visit = (suite: Suite, path: string[]): void => {
    for (const spec of suite.specs ?? []) {
      const name = [...path, spec.title].join(" › ");
      for (const { status, annotations, results } of spec.tests) {
        if (status === "expected") result.passed += 1;
        else if (status === "skipped") {
          const why = annotations?.find(({ type }) => type === "skip" || type === "fixme")?.description;
          result.notRun.push({ what: name, why: why ?? "skipped" });
        } else {
          // one that passes only at the second try has failed: it hides a race
          result.failed += 1;
          const words = status === "flaky" ? `${name} (passed only when tried again)` : name;
          // Of a test that ran out of time the second says where it stood.
          const errors = (results ?? []).flatMap((one) => [one.error ?? {}, ...(one.errors ?? []).slice(1, 2)]);
          result.failures.push([words, ...errors.map(wordsOfError)].join(": "));
        }
      }
    }
    for (const inner of suite.suites ?? []) visit(inner, [...path, inner.title]);
  };
  for (const suite of report.suites ?? []) visit(suite, [suite.title]);
  for (const { message } of report.errors ?? []) {
    result.failed += 1;
    result.failures.push(message?.split("\n")[0] ?? "Playwright failed");
  }
  return result;
}
