import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { endLeftovers, leftovers, MARK_VARIABLE, run, type RunMark, start, stop } from "./children.ts";

const IDLE = "setInterval(() => {}, 1000); console.log('ready')";
const STUBBORN = `process.on("SIGTERM", () => {}); ${IDLE}`;
const PARENT_OF_ONE = `require("child_process").spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: "ignore", detached: true }).unref()`;

it("keeps the output and the exit code", async () => {
  const outcome = await run([process.execPath, "-e", "console.log('said'); process.exit(3)"], { output: "keep" });
  expect(outcome).toEqual({ code: 3, output: "said\n", timedOut: false });
});

it("answers 127 for a command that does not exist", async () => {
  expect(await run(["kontor-has-no-such-command"], { output: "keep" })).toMatchObject({ code: 127 });
});

it("stops a command that runs longer than it may", async () => {
  const outcome = await run([process.execPath, "-e", IDLE], { output: "keep", timeLimitMs: 100 });
  expect(outcome.timedOut).toBe(true);
});

it("insists when a child does not stop when asked", async () => {
  const child = start([process.execPath, "-e", STUBBORN], { output: "keep" });
  await once(child.stdout ?? child, "data");
  await stop(child, 50);
  expect(child.signalCode).toBe("SIGKILL");
});

describe.runIf(process.platform === "linux")("processes left behind", () => {
  let mark: Required<RunMark>;
  beforeEach(() => {
    mark = { id: randomUUID(), folder: mkdtempSync(join(tmpdir(), "kontor-mark-")) };
  });
  afterEach(async () => {
    await endLeftovers(mark, 0);
    rmSync(mark.folder, { recursive: true });
  });

  it("are found by the mark that they inherit, even when their parent is gone, and are ended", async () => {
    await run([process.execPath, "-e", PARENT_OF_ONE], { env: { ...process.env, [MARK_VARIABLE]: mark.id } });
    const left = await endLeftovers(mark, 0);
    expect(left).toHaveLength(1);
    expect(left?.[0]?.command).toContain("setInterval");
    await expect.poll(() => leftovers(mark)).toEqual([]);
  });

  it("are found by the folder that they work in, when they have overwritten their environment", async () => {
    await run([process.execPath, "-e", PARENT_OF_ONE], { cwd: mark.folder, env: { PATH: process.env.PATH } });
    expect(await endLeftovers(mark, 0)).toHaveLength(1);
  });

  it("are found by a path that they were given, when they work elsewhere and have a cleared environment", async () => {
    const jailed = `require("child_process").spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)", "${mark.folder}/profile"], { stdio: "ignore", detached: true, cwd: "/", env: {} }).unref()`;
    await run([process.execPath, "-e", jailed], { env: { PATH: process.env.PATH } });
    expect(await endLeftovers(mark, 0)).toHaveLength(1);
  });

  it("are none when everything has ended", async () => {
    await run([process.execPath, "-e", ""], { env: { ...process.env, [MARK_VARIABLE]: mark.id } });
    expect(await endLeftovers(mark, 0)).toEqual([]);
  });
});
