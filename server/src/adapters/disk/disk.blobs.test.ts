import { randomBytes } from "node:crypto";
import { execFileSync } from "node:child_process";
import { mkdtemp, readdir, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { blobContract } from "../../files/blob.contract.ts";
import { createDiskBlobs } from "./disk.blobs.ts";

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "kontor-disk-"));
});
afterEach(() => rm(root, { recursive: true, force: true }));

const contractRoot = await mkdtemp(join(tmpdir(), "kontor-disk-contract-"));
process.once("exit", () => execFileSync("rm", ["-rf", contractRoot]));
blobContract("disk", () => createDiskBlobs({ root: contractRoot }));

describe("disk", () => {
  it("[BLB-2] sweeps what a killed process left behind a day ago, and nothing younger", async () => {
    await createDiskBlobs({ root });
    await writeFile(join(root, ".tmp", "old"), "x");
    await writeFile(join(root, ".tmp", "young"), "x");
    const longAgo = new Date(Date.now() - 25 * 3600 * 1000);
    await utimes(join(root, ".tmp", "old"), longAgo, longAgo);
    await createDiskBlobs({ root });
    expect(await readdir(join(root, ".tmp"))).toEqual(["young"]);
  });

  const canMount = process.platform === "linux" && process.getuid?.() === 0;
  // Only root can mount the tiny file system that is filled here.
  it.skipIf(!canMount)(
    "[BLB-5] says that the disk is full, leaves nothing, and works on once there is room",
    async () => {
      execFileSync("mount", ["-t", "tmpfs", "-o", "size=2m", "tmpfs", root]);
      try {
        const blobs = await createDiskBlobs({ root });
        const kept = await blobs.put(chunks(512 * 1024));
        await expect(blobs.put(chunks(3 * 1024 * 1024))).rejects.toMatchObject({
          code: "unavailable",
          details: { reason: "storage.full" },
          message: "The server's disk is full.",
        });
        const many = Array.from({ length: 64 }, () => randomBytes(64 * 1024));
        await expect(blobs.putMany(many)).rejects.toMatchObject({ details: { reason: "storage.full" } });
        expect(await readdir(join(root, ".tmp"))).toEqual([]);
        expect(await blobs.stat(kept.sha256)).toEqual(kept);
        await blobs.put(chunks(256 * 1024));
      } finally {
        execFileSync("umount", [root]);
      }
    },
  );
});

async function* chunks(total: number): AsyncGenerator<Buffer> {
  for (let left = total; left > 0; left -= 64 * 1024) yield randomBytes(Math.min(left, 64 * 1024));
}
