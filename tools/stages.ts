// What `npm test` and `npm run check` print: a heading and a time for each stage, then everything that failed and
// everything that could not be run, and last of all the one line that machines read.
import { stripVTControlCharacters } from "node:util";
import { root } from "./repository.ts";

export interface NotRun {
  what: string;
  why: string;
}

export interface StageResult {
  passed: number;
  failed: number;
  /** One line for each thing that failed, said again at the end where it can be seen. */
  failures?: string[];
  notRun?: NotRun[];
}

export interface Stages {
  /** Runs one stage. One that throws is one failure: the stages after it still run. */
  run(title: string, stage: () => Promise<StageResult>): Promise<StageResult>;
  notRun(what: string, why: string): void;
  /** Prints the summary with the last line and returns the exit code. */
  finish(): number;
}

export function createStages(print: (line: string) => void = console.log, now: () => number = Date.now): Stages {
  const results: (StageResult & { title: string; ms: number })[] = [];
  const notRun: NotRun[] = [];
  return {
    async run(title, stage) {
      print(`\n── ${title}`);
      const from = now();
      const result = await stage().catch((error: unknown) => {
        const words = error instanceof Error ? error.message : String(error);
        print(words);
        return verdict(false, words.split("\n")[0]?.replace(/:$/, "") ?? "");
      });
      const ms = now() - from;
      print(`── ${title}: ${result.failed ? `${result.failed} failed` : "passed"} in ${seconds(ms)}`);
      results.push({ ...result, title, ms });
      notRun.push(...(result.notRun ?? []));
      return result;
    },
    notRun(what, why) {
      notRun.push({ what, why });
    },
    finish() {
      const passed = sum(results.map((result) => result.passed));
      const failed = sum(results.map((result) => result.failed));
      print("");
      for (const { title, failures } of results)
        for (const failure of failures ?? []) print(`failed: ${title}: ${failure}`);
      for (const line of linesOf(notRun)) print(line);
      print(`${passed} passed, ${failed} failed`);
      return failed > 0 || passed === 0 ? 1 : 0; // a run in which nothing passed has shown nothing
    },
  };
}

/** A stage that is one yes or no. */
export function verdict(ok: boolean, failure: string): StageResult {
  return ok ? { passed: 1, failed: 0 } : { passed: 0, failed: 1, failures: [failure] };
}

/** Things not run for the same reason share a line. */
function linesOf(notRun: NotRun[]): string[] {
  return [...Map.groupBy(notRun, ({ why }) => why)].map(
    ([why, group]) => `not run: ${[...new Set(group.map(({ what }) => what))].join(", ")} (${why})`,
  );
}

/** A failure's own words: the first line of its message and the nearest place in a test, without the terminal's colours. */
export function wordsOfError(error: { message?: string | undefined; stack?: string | undefined }): string {
  const [message = ""] = stripVTControlCharacters(error.message ?? "").split("\n");
  const frames = stripVTControlCharacters(error.stack ?? "")
    .split("\n")
    .filter((line) => /^\s+at /.test(line));
  const ours = frames.filter((line) => !/node_modules|node:internal/.test(line));
  const place = (ours.find((line) => /\.(?:spec|test)\.tsx?:/.test(line)) ?? ours[0] ?? frames[0])
    ?.replace(/^\s+at /, "")
    .replaceAll(`${root}/`, "")
    .replaceAll("file://", "");
  return place ? `${message} (${place})` : message;
}

function seconds(ms: number): string {
  return ms < 60_000
    ? `${(ms / 1000).toFixed(1)} s`
    : `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1000)} s`;
}

function sum(numbers: number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
