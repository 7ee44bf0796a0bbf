import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, readdir, rename, rm, stat, utimes } from "node:fs/promises";
import { join } from "node:path";
import { createSealedWriter, openSealedFile, type SealedReader } from "./sealedFile.ts";

/** One thing that can be fetched of a file. */
export type Part = "content" | "pdf" | "thumbnail" | `page-${number}`;

/**
 * Bodies on this device: one folder a file, one sealed file a part. Parts that came from the server can be dropped and
 * fetched again; a body that is still to be uploaded cannot, and is never dropped for room.
 */
export interface BodyCache {
  /** Writes a part from any source; it is durable and whole when this resolves, or not there at all. */
  put(
    fileId: string,
    part: Part,
    source: AsyncIterable<Uint8Array>,
    check?: { readonly sha256?: string; readonly maxBytes?: number },
  ): Promise<{ size: number; sha256: string }>;
  has(fileId: string, part: Part): Promise<boolean>;
  open(fileId: string, part: Part): Promise<SealedReader | undefined>;
  drop(fileIds: readonly string[]): Promise<void>;
  /** The files of which anything is held. */
  held(): Promise<readonly string[]>;
  /** Drops what was longest not looked at until at most `maxBytes` are held; `keep` names files to spare. */
  trim(maxBytes: number, keep: (fileId: string) => boolean): Promise<void>;
}

export class BodyMismatch extends Error {
  override readonly name = "BodyMismatch";
}
export class BodyTooLarge extends Error {
  override readonly name = "BodyTooLarge";
}

const PARTIAL = ".partial";
const ID = /^[0-9a-f-]{36}$/;

export async function openBodyCache({ directory, key }: { directory: string; key: Buffer }): Promise<BodyCache> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  for (const folder of await readdir(directory)) await removePartials(join(directory, folder)); // of an earlier, killed process

  const folderOf = (fileId: string) => {
    if (!ID.test(fileId)) throw new Error(`"${fileId}" is not the id of a file.`); // ids become paths
    return join(directory, fileId);
  };
  const pathOf = (fileId: string, part: Part) => join(folderOf(fileId), part);

  return {
    async put(fileId, part, source, check = {}) {
      await mkdir(folderOf(fileId), { recursive: true, mode: 0o700 });
      const path = pathOf(fileId, part);
      const partial = `${path}${PARTIAL}`;
      const writer = await createSealedWriter(partial, key);
      const hash = createHash("sha256");
      let size = 0;
      try {
        for await (const bytes of source) {
          size += bytes.byteLength;
          if (check.maxBytes !== undefined && size > check.maxBytes)
            throw new BodyTooLarge(`The body is larger than ${check.maxBytes} bytes.`);
          hash.update(bytes);
          await writer.write(bytes);
        }
        const sha256 = hash.digest("hex");
        if (check.sha256 !== undefined && check.sha256 !== sha256) throw new BodyMismatch("The body arrived changed.");
        await writer.close();
        await rename(partial, path);
        return { size, sha256 };
      } catch (error) {
        await writer.abort().catch(() => undefined);
        await rm(partial, { force: true });
        throw error;
      }
    },

    has: (fileId, part) =>
      stat(pathOf(fileId, part)).then(
        () => true,
        () => false,
      ),

    async open(fileId, part) {
      const path = pathOf(fileId, part);
      try {
        const reader = await openSealedFile(path, key);
        const now = new Date();
        await utimes(path, now, now).catch(() => undefined); // "last looked at", for trim
        return reader;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
        throw error;
      }
    },

    async drop(fileIds) {
      for (const fileId of fileIds) await rm(folderOf(fileId), { recursive: true, force: true });
    },

    async held() {
      const names = await readdir(directory);
      return names.filter((name) => ID.test(name));
    },

    async trim(maxBytes, keep) {
      const parts: { path: string; size: number; lookedAt: number; fileId: string }[] = [];
      for (const fileId of await readdir(directory)) {
        for (const part of await readdir(join(directory, fileId))) {
          const path = join(directory, fileId, part);
          const { size, mtimeMs } = await stat(path);
          parts.push({ path, size, lookedAt: mtimeMs, fileId });
        }
      }
      let held = parts.reduce((sum, part) => sum + part.size, 0);
      for (const part of parts.sort((a, b) => a.lookedAt - b.lookedAt)) {
        if (held <= maxBytes) return;
        if (keep(part.fileId)) continue;
        await rm(part.path, { force: true });
        held -= part.size;
      }
    },
  };
}

async function removePartials(folder: string): Promise<void> {
  for (const name of await readdir(folder).catch(() => []))
    if (name.endsWith(PARTIAL)) await rm(join(folder, name), { force: true });
}

/** The bytes of an ordinary file of this device. */
export const bytesOf = (path: string): AsyncIterable<Uint8Array> =>
  createReadStream(path, { highWaterMark: 256 * 1024 });
