import { createHash, randomBytes } from "node:crypto";
import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { BlobStore } from "./blob.port.ts";

/** Every store passes this; `open` gives a store over an empty place of its own. */
export function blobContract(name: string, open: () => Promise<BlobStore>): void {
  describe(`blob store: ${name}`, () => {
    let blobs: BlobStore;
    let directory: string;
    beforeAll(async () => {
      blobs = await open();
      directory = await mkdtemp(join(tmpdir(), "kontor-blobs-"));
    });
    afterAll(() => rm(directory, { recursive: true, force: true }));

    it("[BLB-1] gives back what was written, byte for byte", async () => {
      for (const size of [0, 1, 4096, 3_000_001]) {
        const body = randomBytes(size);
        const blob = await blobs.put(chunksOf(body));
        expect(blob).toEqual({ sha256: sha256(body), size });
        expect(await buffer(await blobs.get(blob.sha256))).toEqual(body);
        expect(await blobs.stat(blob.sha256)).toEqual(blob);
      }
    });

    it("[BLB-1] takes a body larger than one part of a multi-part upload", async () => {
      const body = randomBytes(17 * 1024 * 1024 + 5);
      const { sha256 } = await blobs.put(chunksOf(body));
      const read = await buffer(await blobs.get(sha256));
      expect(read.equals(body)).toBe(true);
      const over = await buffer(await blobs.get(sha256, { start: 8 * 1024 * 1024 - 3, end: 8 * 1024 * 1024 + 3 }));
      expect(over).toEqual(body.subarray(8 * 1024 * 1024 - 3, 8 * 1024 * 1024 + 4));
    });

    it("[BLB-1] reads ranges, inclusive at both ends", async () => {
      const { sha256 } = await blobs.put(chunksOf(Buffer.from("0123456789")));
      const read = async (start: number, end: number) =>
        (await buffer(await blobs.get(sha256, { start, end }))).toString();
      expect(await read(0, 0)).toBe("0");
      expect(await read(3, 6)).toBe("3456");
      expect(await read(9, 9)).toBe("9");
      expect(await read(0, 9)).toBe("0123456789");
    });

    it.each([
      ["past the end", { start: 5, end: 10 }],
      ["backwards", { start: 5, end: 4 }],
      ["negative", { start: -1, end: 4 }],
    ])("[BLB-1] refuses a range %s", async (_what, range) => {
      const { sha256 } = await blobs.put(chunksOf(Buffer.from("0123456789")));
      await expect(blobs.get(sha256, range)).rejects.toMatchObject({
        code: "invalid",
        details: { reason: "blob.range" },
      });
    });

    it("[BLB-1] takes many small bodies at once, equal ones and ones it has already among them", async () => {
      const known = randomBytes(100);
      await blobs.put(chunksOf(known));
      const bodies = [known, ...Array.from({ length: 150 }, (_, size) => randomBytes(size * 40))];
      const all = [...bodies, bodies[7] as Buffer];
      expect(await blobs.putMany(all)).toEqual(all.map((body) => ({ sha256: sha256(body), size: body.length })));
      for (const body of bodies) expect((await buffer(await blobs.get(sha256(body)))).equals(body)).toBe(true);
      expect(await blobs.putMany([])).toEqual([]);
    });

    it("[BLB-2] leaves nothing of a stream that breaks off", async () => {
      const start = randomBytes(70_000);
      async function* broken() {
        yield start;
        throw new Error("the wire was cut");
      }
      await expect(blobs.put(broken())).rejects.toThrow("the wire was cut");
      expect(await blobs.stat(sha256(start))).toBeUndefined();
    });

    it("[BLB-2] leaves nothing of a body that is not as announced", async () => {
      const body = randomBytes(5000);
      const refused = { code: "invalid" };
      await expect(blobs.put(chunksOf(body), { sha256: sha256(randomBytes(9)) })).rejects.toMatchObject(refused);
      await expect(blobs.put(chunksOf(body), { size: 5001 })).rejects.toMatchObject(refused);
      await expect(blobs.put(chunksOf(body), { maxBytes: 4999 })).rejects.toMatchObject({ code: "tooLarge" });
      expect(await blobs.stat(sha256(body))).toBeUndefined();
    });

    it("[BLB-2] takes a finished file over, and only if it is the one announced", async () => {
      const body = randomBytes(200_000);
      const path = join(directory, "part");
      await writeFile(path, body);
      await expect(blobs.putFile(path, { sha256: sha256(randomBytes(3)) })).rejects.toMatchObject({ code: "invalid" });
      expect((await stat(path)).size).toBe(body.length);

      const blob = await blobs.putFile(path, { sha256: sha256(body), size: body.length });
      expect(await buffer(await blobs.get(blob.sha256))).toEqual(body);
      await expect(stat(path)).rejects.toMatchObject({ code: "ENOENT" });
    });

    it("[BLB-4] keeps equal bodies once, also when they are written at the same time", async () => {
      const body = randomBytes(100_000);
      const written = await Promise.all([1, 2, 3, 4].map(() => blobs.put(chunksOf(body))));
      expect(new Set(written.map((blob) => blob.sha256))).toEqual(new Set([sha256(body)]));
      const listed = [];
      for await (const blob of blobs.list()) if (blob.sha256 === sha256(body)) listed.push(blob);
      expect(listed).toEqual([{ sha256: sha256(body), size: body.length }]);
    });

    it("[BLB-4] deletes, and deleting again is no error", async () => {
      const { sha256 } = await blobs.put(chunksOf(randomBytes(10)));
      await blobs.delete(sha256);
      await blobs.delete(sha256);
      expect(await blobs.stat(sha256)).toBeUndefined();
      await expect(blobs.get(sha256)).rejects.toMatchObject({ code: "notFound" });
    });

    it("[BLB-4] lists every body", async () => {
      const bodies = Array.from({ length: 12 }, () => randomBytes(20));
      await Promise.all(bodies.map((body) => blobs.put(chunksOf(body))));
      const listed = new Set<string>();
      for await (const blob of blobs.list()) listed.add(blob.sha256);
      expect([...listed]).toEqual(expect.arrayContaining(bodies.map(sha256)));
    });

    it("[BLB-6] deletes what nobody has written since, and nothing that somebody has, also by writing it again", async () => {
      const body = randomBytes(1_000);
      const { sha256 } = await blobs.put(chunksOf(body));
      const hourAgo = Date.now() - 3_600_000;
      expect(await blobs.deleteOlder(sha256, hourAgo)).toBe(false);
      expect(await buffer(await blobs.get(sha256))).toEqual(body);
      // Clocks of stores count whole seconds.
      expect(await blobs.deleteOlder(sha256, Date.now() + 5_000)).toBe(true);
      expect(await blobs.stat(sha256)).toBeUndefined();
      expect(await blobs.deleteOlder(sha256, Date.now() + 5_000)).toBe(true);
      await blobs.put(chunksOf(body));
      expect(await blobs.deleteOlder(sha256, hourAgo)).toBe(false);
      expect(await buffer(await blobs.get(sha256))).toEqual(body);
    });

    it("[BLB-6] keeps what is written while it is being deleted", async () => {
      const body = randomBytes(1_000);
      const { sha256 } = await blobs.put(chunksOf(body));
      const hourAgo = Date.now() - 3_600_000;
      await Promise.all([
        ...Array.from({ length: 10 }, () => blobs.deleteOlder(sha256, hourAgo)),
        ...Array.from({ length: 10 }, () => blobs.put(chunksOf(body))),
      ]);
      expect(await buffer(await blobs.get(sha256))).toEqual(body);
    });

    it("refuses what is not a hash instead of making a path of it", async () => {
      await expect(blobs.get("../../etc/passwd")).rejects.toMatchObject({ code: "invalid" });
      await expect(blobs.stat("AB".repeat(32))).rejects.toMatchObject({ code: "invalid" });
    });
  });
}

const sha256 = (body: Uint8Array) => createHash("sha256").update(body).digest("hex");

async function* chunksOf(body: Buffer): AsyncGenerator<Buffer> {
  for (let at = 0; at < body.length; at += 64 * 1024) yield body.subarray(at, at + 64 * 1024);
}
