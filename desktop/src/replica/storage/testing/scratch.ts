/** Files and collections for the tests of this folder. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { DatabaseOptions } from "../database.ts";
import { openReplicaFile, type ReplicaFile } from "../replica.ts";

export * from "./scratch.documents.ts";

export const KEY = new Uint8Array(32).fill(7);

/** A path in a folder that goes away with the test. */
export function scratchFile(): string {
  const folder = mkdtempSync(join(tmpdir(), "kontor-replica-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, "replica.db");
}

export function openScratch(options: Partial<DatabaseOptions> = {}): ReplicaFile {
  const file = openReplicaFile({ filename: options.filename ?? scratchFile(), key: KEY, ...options });
  onTestFinished(() => file.close());
  return file;
}

/** Small fast generator (mulberry32), so that a printed seed repeats a run anywhere. */
export function randomFrom(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

export const seedOfRun = (): number => Number(process.env.KONTOR_SEED ?? Math.floor(Math.random() * 2 ** 31));
