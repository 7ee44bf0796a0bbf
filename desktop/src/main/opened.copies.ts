import { chmod, mkdir, mkdtemp, rm } from "node:fs/promises";
import { basename, join } from "node:path";

/**
 * Plain copies of bodies that other applications were asked to show. They must not outlive the right to see the file
 * (VIS-4), the lease (VIS-6), nor the app; what a crash left goes at the next start.
 */
export function createOpenedCopies(folder: string) {
  /** By the copy's own folder: which file it is of. */
  const copies = new Map<string, string>();

  /** Undefined when the file was lost while it was being written. */
  async function make(
    { fileId, name }: { readonly fileId: string; readonly name: string },
    write: (path: string) => Promise<void>,
  ): Promise<string | undefined> {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const own = await mkdtemp(join(folder, "kontor-"));
    copies.set(own, fileId);
    const path = join(own, basename(name));
    try {
      await write(path);
      if (copies.has(own)) {
        await chmod(path, 0o400);
        return path;
      }
    } catch (error) {
      if (copies.has(own)) throw error;
    }
    await removeFolder(own);
    return undefined;
  }

  async function remove(isMeant: (fileId: string) => boolean): Promise<void> {
    const meant = [...copies].filter(([, fileId]) => isMeant(fileId)).map(([own]) => own);
    for (const own of meant) copies.delete(own);
    await Promise.all(meant.map(removeFolder));
  }

  return {
    make,
    removeOf: (fileIds: readonly string[]) => remove((fileId) => fileIds.includes(fileId)),
    removeAll: () => remove(() => true),
    /** At the start, when nothing was opened yet. */
    removeLeftovers: () => removeFolder(folder),
  };
}

/** An application may hold its copy open, and on Windows keep it so; then it goes with the leftovers of the next start. */
const removeFolder = (path: string): Promise<void> =>
  rm(path, { recursive: true, force: true, maxRetries: 3 }).catch(() => undefined);
