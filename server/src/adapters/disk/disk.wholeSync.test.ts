import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { findWholeSync } from "./disk.wholeSync.ts";

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "kontor-sync-"));
});
afterEach(() => rm(root, { recursive: true, force: true }));

const shells = () =>
  execFileSync("ps", ["-eo", "pid,args"])
    .toString()
    .split("\n")
    .filter((line) => line.includes(root) && line.includes("sync -f"))
    .map((line) => Number.parseInt(line, 10));

describe.skipIf(process.platform !== "linux")("the sync of a whole file system", () => {
  it("is asked for as often as one likes, by one shell", async () => {
    const sync = await findWholeSync(root);
    await Promise.all([sync?.(), sync?.(), sync?.()]);
    await sync?.();
    expect(shells()).toHaveLength(1);
  });

  it("says what went wrong, and works on when it is well again", async () => {
    const sync = await findWholeSync(root);
    await sync?.();
    await rename(root, `${root}-away`);
    await expect(sync?.()).rejects.toThrow(/cannot be synced: 1 .*No such file/);
    await rename(`${root}-away`, root);
    await sync?.();
  });

  it("is not taken for done when the shell was killed, and the next one starts another", async () => {
    const sync = await findWholeSync(root);
    await sync?.();
    const [pid = 0] = shells();
    process.kill(pid, "SIGSTOP");
    const asked = sync?.();
    process.kill(pid, "SIGKILL");
    await expect(asked).rejects.toThrow("has died");
    await sync?.();
    expect(shells()).not.toContain(pid);
  });

  it("is not there where the program cannot do it", async () => {
    expect(await findWholeSync(join(root, "nowhere"))).toBeUndefined();
  });

  it("keeps no process alive, and ends with it", async () => {
    const script = `
      const { findWholeSync } = await import(${JSON.stringify(new URL("disk.wholeSync.ts", import.meta.url).href)});
      const sync = await findWholeSync(${JSON.stringify(root)});
      await sync();
      await sync();
      console.log("synced");`;
    const child = spawn(process.execPath, ["--input-type=module", "-e", script]);
    const said: string[] = [];
    child.stdout.on("data", (chunk: Buffer) => said.push(chunk.toString()));
    const [code] = (await once(child, "close")) as [number];
    expect([code, said.join("")]).toEqual([0, "synced\n"]);
    await expect.poll(shells).toEqual([]);
  });
});
