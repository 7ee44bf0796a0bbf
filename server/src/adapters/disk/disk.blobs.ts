import { closeSync, createReadStream, fstatSync, open as openDescriptor, read as readDescriptor } from "node:fs";
import { chmod, mkdir, open, readdir, rename, rm, stat as statFile, utimes } from "node:fs/promises";
import { createHash, randomUUID } from "node:crypto";
import { promisify } from "node:util";
import { dirname, join } from "node:path";
import { Readable } from "node:stream";
import {
  asStorageError,
  blobNotFound,
  checkExpected,
  hashFile,
  requireRange,
  requireSha256,
  writeHashed,
  type BlobStat,
  type BlobStore,
  type ByteRange,
  type ExpectedBlob,
} from "#files";
import { findWholeSync } from "./disk.wholeSync.ts";

/**
 * Bodies in a directory: `ab/abcd…`. One level, and so 256 directories that are soon all there: with two, nearly every body of the
 * first hundred thousand makes a directory of its own, which takes longer than writing it. ext4, XFS, APFS and NTFS keep names in
 * trees; ten million bodies are forty thousand names in each.
 *
 * A body is written under `.tmp`, synced, and renamed into place: rename is atomic, so no reader sees half of it
 * (BLB-2), and the directory is synced after it, so that a power cut does not take the name away (BLB-3).
 */
export async function createDiskBlobs(deps: { root: string }): Promise<BlobStore> {
  const root = deps.root;
  const temporary = join(root, ".tmp");
  await mkdir(temporary, { recursive: true, mode: 0o700 });
  await sweepTemporary(temporary);
  const syncWhole = findWholeSync(root);

  const pathOf = (sha256: string) => join(root, sha256.slice(0, 2), requireSha256(sha256));

  const stat = async (sha256: string): Promise<BlobStat | undefined> => {
    const found = await statFile(pathOf(sha256)).catch(undefinedIfMissing);
    return found && { sha256, size: found.size };
  };

  const place = async (from: string, blob: BlobStat): Promise<void> => {
    const path = pathOf(blob.sha256);
    const made = await moveInto(from, path);
    await syncDirectory(dirname(path));
    // A directory that was made for it has its own name to be kept.
    if (made) await syncDirectory(root);
  };

  const put = async (body: AsyncIterable<Uint8Array>, expected: ExpectedBlob = {}): Promise<BlobStat> => {
    const path = join(temporary, randomUUID());
    try {
      const blob = await writeHashed(path, body, expected.maxBytes ?? expected.size);
      checkExpected(blob, expected);
      await place(path, blob);
      return blob;
    } catch (error) {
      throw asStorageError(error);
    } finally {
      await rm(path, { force: true });
    }
  };

  /**
   * Syncing is nearly all of the cost: for each body its file and its directory. Many at once are
   * written, and the whole file system is synced; then they are put in place, and it is synced once more. Where that cannot be
   * asked for, each file is synced by itself, and each directory once.
   */
  const putMany = async (bodies: readonly Uint8Array[]): Promise<readonly BlobStat[]> => {
    const stats = bodies.map(statOf);
    const distinct = new Map(stats.map(({ sha256 }, index) => [sha256, bodies[index] as Uint8Array]));
    const written = new Map([...distinct.keys()].map((sha256) => [sha256, join(temporary, randomUUID())]));
    const wholeSync = distinct.size >= MANY ? await syncWhole : undefined;
    const directories = new Set<string>();
    try {
      const write = async ([sha256, path]: readonly [string, string]) =>
        writeBody(path, distinct.get(sha256) as Uint8Array, { sync: !wholeSync });
      await eachOf(written, write, wholeSync ? AT_ONCE_UNSYNCED : AT_ONCE);
      await wholeSync?.();
      const move = async ([sha256, from]: readonly [string, string]) => {
        const path = pathOf(sha256);
        const made = await moveInto(from, path);
        written.delete(sha256);
        directories.add(dirname(path));
        if (made) directories.add(root);
      };
      await eachOf(written, move, AT_ONCE_UNSYNCED);
      if (wholeSync) await wholeSync();
      else await eachOf(directories, syncDirectory);
      return stats;
    } catch (error) {
      await eachOf(written.values(), (path) => rm(path, { force: true }));
      throw asStorageError(error);
    }
  };

  return {
    put,
    putMany,

    async putFile(path: string, expected: ExpectedBlob = {}) {
      const blob = await hashFile(path);
      checkExpected(blob, expected);
      await chmod(path, 0o600);
      // When its last part came may be days ago; that it is kept is from now on (BLB-6).
      const now = new Date();
      await utimes(path, now, now);
      await syncFile(path);
      try {
        await place(path, blob);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EXDEV") throw asStorageError(error);
        // Another file system: nothing for it but to copy.
        await put(createReadStream(path), blob);
        await rm(path, { force: true });
      }
      return blob;
    },

    async get(sha256: string, range?: ByteRange): Promise<Readable> {
      const path = pathOf(sha256);
      const descriptor = await openToRead(path).catch(undefinedIfMissing);
      if (descriptor === undefined) throw blobNotFound();
      let isStreamed = false;
      try {
        // Of an open file, its size is in memory, and closing it writes nothing: a turn of the thread pool for each would take longer.
        const { size } = fstatSync(descriptor);
        if (range) requireRange(range, size);
        else if (size <= ONE_PIECE_BYTES) return await readWhole(descriptor, size);
        isStreamed = true;
        return createReadStream(path, { fd: descriptor, ...range });
      } finally {
        if (!isStreamed) closeSync(descriptor);
      }
    },

    stat,

    async delete(sha256: string) {
      await rm(pathOf(sha256), { force: true });
    },

    /**
     * Taken out of its place first, and looked at there: whoever writes it in between writes a new one. One that was written a
     * moment before is put back, for which moment it is missing; nothing names it yet.
     */
    async deleteOlder(sha256: string, beforeMs: number) {
      const path = pathOf(sha256);
      const aside = join(temporary, randomUUID());
      const isThere = await rename(path, aside).then(() => true, undefinedIfMissing);
      if (!isThere) return true;
      const { mtimeMs } = await statFile(aside);
      if (mtimeMs < beforeMs) {
        await rm(aside, { force: true });
        return true;
      }
      await rename(aside, path);
      await syncDirectory(dirname(path));
      return false;
    },

    async *list() {
      for (const first of await readdir(root)) {
        if (first.length !== 2) continue;
        for (const sha256 of await readdir(join(root, first))) {
          const found = await stat(sha256);
          if (found) yield found;
        }
      }
    },
  };
}

const statOf = (body: Uint8Array): BlobStat => ({
  sha256: createHash("sha256").update(body).digest("hex"),
  size: body.byteLength,
});

/** What a stream reads at once anyway: for a smaller body it would take as much memory, and a second look for its end. */
const ONE_PIECE_BYTES = 65_536;

const openToRead = promisify((path: string, done: (error: Error | null, descriptor: number) => void) =>
  openDescriptor(path, "r", done),
);
const readAt = promisify(readDescriptor);

async function readWhole(descriptor: number, size: number): Promise<Readable> {
  const body = Buffer.allocUnsafe(size);
  let at = 0;
  while (at < size) {
    const { bytesRead } = await readAt(descriptor, body, at, size - at, at);
    if (bytesRead === 0) throw new Error("a body of the file store is shorter than it was a moment ago");
    at += bytesRead;
  }
  return Readable.from(size === 0 ? [] : [body], { objectMode: false });
}

/** Writes that wait for the disk at once: what a journal joins into one commit; more only wait in a row. */
const AT_ONCE = 32;
/** Those that only fill memory: each step of each waits for a turn of the main thread, and where that is busy, many must take it together. */
const AT_ONCE_UNSYNCED = 128;

async function eachOf<Item>(
  items: Iterable<Item>,
  act: (item: Item) => Promise<unknown>,
  atOnce = AT_ONCE,
): Promise<void> {
  const queue = [...items].values();
  const lane = async () => {
    for (const item of queue) await act(item);
  };
  const lanes = await Promise.allSettled(Array.from({ length: atOnce }, lane));
  const failed = lanes.find(({ status }) => status === "rejected");
  if (failed) throw (failed as PromiseRejectedResult).reason;
}

async function writeBody(path: string, body: Uint8Array, { sync }: { readonly sync: boolean }): Promise<void> {
  const file = await open(path, "wx", 0o600);
  try {
    await file.writeFile(body);
    if (sync) await file.sync();
  } finally {
    await file.close();
  }
}

/** So many are cheaper by one sync of everything than by three for each of them (measured on ext4: from about twenty). */
const MANY = 32;

/** A write that was cut off by a kill is never resumed here (uploads resume before this store), so age alone decides. */
const ABANDONED_AFTER_MS = 24 * 3600 * 1000;

async function sweepTemporary(directory: string): Promise<void> {
  for (const name of await readdir(directory)) {
    const path = join(directory, name);
    const found = await statFile(path).catch(undefinedIfMissing);
    if (found && Date.now() - found.mtimeMs > ABANDONED_AFTER_MS) await rm(path, { force: true });
  }
}

/** Returns whether the directory had to be made for it. */
async function moveInto(from: string, to: string): Promise<boolean> {
  const isThere = await rename(from, to).then(() => true, undefinedIfMissing);
  if (isThere) return false;
  const firstMade = await mkdir(dirname(to), { recursive: true, mode: 0o700 });
  await rename(from, to);
  return firstMade !== undefined;
}

function undefinedIfMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code === "ENOENT") return undefined;
  throw error;
}

async function syncFile(path: string): Promise<void> {
  const file = await open(path, "r+");
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

async function syncDirectory(path: string): Promise<void> {
  // Windows cannot open a directory for syncing, and NTFS journals renames itself.
  if (process.platform === "win32") return;
  const directory = await open(path, "r");
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
