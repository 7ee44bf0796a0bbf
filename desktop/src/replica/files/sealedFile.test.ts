import { randomBytes } from "node:crypto";
import { mkdtemp, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createSealedWriter, openSealedFile, SealBroken } from "./sealedFile.ts";

const KEY = randomBytes(32);
const CHUNK = 64 * 1024;
let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "kontor-sealed-"));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

let count = 0;
async function seal(body: Buffer, pieces: readonly number[] = [body.length]): Promise<string> {
  const path = join(directory, String(count++));
  const writer = await createSealedWriter(path, KEY);
  let at = 0;
  for (const piece of pieces) {
    await writer.write(body.subarray(at, at + piece));
    at += piece;
  }
  await writer.write(body.subarray(at));
  expect(await writer.close()).toEqual({ size: body.length });
  return path;
}

async function read(path: string, range?: { start?: number; end?: number }, key = KEY): Promise<Buffer> {
  const reader = await openSealedFile(path, key);
  try {
    const parts: Uint8Array[] = [];
    for await (const part of reader.read(range)) parts.push(Buffer.from(part));
    return Buffer.concat(parts);
  } finally {
    await reader.close();
  }
}

describe("a sealed file", () => {
  it.each([0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK])("gives back a body of %i bytes", async (size) => {
    const body = randomBytes(size);
    expect((await read(await seal(body))).equals(body)).toBe(true);
  });

  it("gives back any range of a body that was written in any pieces", async () => {
    const body = randomBytes(2 * CHUNK + 777);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 0, max: CHUNK }), { maxLength: 5 }),
        fc.nat(body.length + 10),
        fc.nat(body.length + 10),
        async (pieces, a, b) => {
          const [start, end] = a < b ? [a, b] : [b, a];
          expect((await read(await seal(body, pieces), { start, end })).equals(body.subarray(start, end))).toBe(true);
        },
      ),
      { numRuns: 30 },
    );
  });

  it("shows nothing of the body on disk", async () => {
    const path = await seal(Buffer.from("canary canary canary"));
    expect((await readFile(path)).includes("canary")).toBe(false);
  });

  it.each([
    [
      "a flipped bit",
      async (path: string) => {
        const bytes = await readFile(path);
        bytes[bytes.length - 20] = (bytes.at(-20) ?? 0) ^ 1;
        await writeFile(path, bytes);
      },
    ],
    ["a cut in a chunk", (path: string) => truncate(path, 36 + CHUNK + 16 + 50)],
    ["a cut at a chunk's border", (path: string) => truncate(path, 36 + CHUNK + 16)],
    [
      "two chunks in the other order",
      async (path: string) => {
        const bytes = await readFile(path);
        const [one, two] = [
          bytes.subarray(36, 36 + CHUNK + 16),
          bytes.subarray(36 + CHUNK + 16, 36 + 2 * (CHUNK + 16)),
        ];
        await writeFile(path, Buffer.concat([bytes.subarray(0, 36), two, one, bytes.subarray(36 + 2 * (CHUNK + 16))]));
      },
    ],
  ])("does not open with %s", async (_name, damage) => {
    const path = await seal(randomBytes(2 * CHUNK + 100));
    await damage(path);
    await expect(read(path)).rejects.toThrow(SealBroken);
  });

  it("does not open with another replica's key", async () => {
    await expect(read(await seal(Buffer.from("body")), undefined, randomBytes(32))).rejects.toThrow(SealBroken);
  });
});
