import { expect, it } from "vitest";
import { createStages, verdict } from "./stages.ts";

function collecting(): { lines: string[]; stages: ReturnType<typeof createStages> } {
  const lines: string[] = [];
  return {
    lines,
    stages: createStages(
      (line) => lines.push(line),
      () => 0,
    ),
  };
}

it("ends with the sum of all stages as its last line", async () => {
  const { lines, stages } = collecting();
  await stages.run("one", async () => ({ passed: 3, failed: 0 }));
  await stages.run("two", async () => verdict(true, ""));
  expect(stages.finish()).toBe(0);
  expect(lines.at(-1)).toBe("4 passed, 0 failed");
});

it("runs what comes after a stage that fails or throws, and counts both", async () => {
  const { lines, stages } = collecting();
  await stages.run("fails", async () => verdict(false, "type this"));
  await stages.run("throws", () => Promise.reject(new Error("no such file")));
  await stages.run("passes", async () => ({ passed: 1, failed: 0 }));
  expect(stages.finish()).toBe(1);
  expect(lines.at(-1)).toBe("1 passed, 2 failed");
  expect(lines).toContain("failed: fails: type this");
  expect(lines).toContain("failed: throws: no such file");
});

it("names what was not run before the last line, once for each reason, and never counts it as passed", async () => {
  const { lines, stages } = collecting();
  stages.notRun("previews", "LibreOffice is not installed");
  await stages.run("specs", async () => ({
    passed: 1,
    failed: 0,
    notRun: [
      { what: "tray", why: "@real-only" },
      { what: "menu", why: "@real-only" },
    ],
  }));
  stages.finish();
  expect(lines.slice(-3)).toEqual([
    "not run: previews (LibreOffice is not installed)",
    "not run: tray, menu (@real-only)",
    "1 passed, 0 failed",
  ]);
});

it("does not call a run good in which nothing passed", () => {
  const { lines, stages } = collecting();
  expect(stages.finish()).toBe(1);
  expect(lines.at(-1)).toBe("0 passed, 0 failed");
});
