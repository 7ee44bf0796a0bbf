import { createWriteStream } from "node:fs";
import { writeFile } from "node:fs/promises";
import { basename } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { dialog, shell, type BrowserWindow } from "electron";
import { isProgram } from "@kontor/shared/files";
import type { Refusal } from "#contract";
import { resolveByteRange } from "./byteRange.ts";
import { CachedFileMissing, type CachedFiles } from "./cached.files.ts";
import type { createOpenedCopies } from "./opened.copies.ts";
import type { ReplicaHost } from "./replica.host.ts";

export function createFileActions(deps: {
  readonly files: CachedFiles;
  readonly copies: ReturnType<typeof createOpenedCopies>;
  readonly replica: Pick<ReplicaHost, "exportFolder">;
}) {
  async function copyTo(fileId: string, path: string): Promise<void> {
    const { body } = await deps.files.open({ what: "content", fileId }, (total) => resolveByteRange(undefined, total));
    if (!body) throw new CachedFileMissing("unavailable", "The file is empty.");
    await pipeline(Readable.fromWeb(body), createWriteStream(path, { mode: 0o600 }));
  }

  async function chooseFiles(window: BrowserWindow | null): Promise<readonly string[]> {
    const options: Electron.OpenDialogOptions = { properties: ["openFile", "multiSelections"] };
    const { canceled, filePaths } = await (window
      ? dialog.showOpenDialog(window, options)
      : dialog.showOpenDialog(options));
    return canceled ? [] : filePaths;
  }

  /** Undefined: the user thought better of it. */
  async function choosePath(window: BrowserWindow | null, name: string): Promise<string | undefined> {
    const options: Electron.SaveDialogOptions = { defaultPath: basename(name) };
    const { canceled, filePath } = await (window
      ? dialog.showSaveDialog(window, options)
      : dialog.showSaveDialog(options));
    return canceled || !filePath ? undefined : filePath;
  }

  async function saveFileAs(window: BrowserWindow | null, input: { fileId: string; name: string }) {
    const path = await choosePath(window, input.name);
    if (path === undefined) return { saved: false };
    await copyTo(input.fileId, path);
    return { saved: true };
  }

  async function saveFolderAs(
    window: BrowserWindow | null,
    input: { folderId: string; name: string },
  ): Promise<Refusal | { ok: true; saved: boolean }> {
    const path = await choosePath(window, input.name);
    if (path === undefined) return { ok: true, saved: false };
    const exported = await deps.replica.exportFolder({ folderId: input.folderId, path });
    return exported.ok ? { ok: true, saved: true } : exported;
  }

  async function saveBytesAs(window: BrowserWindow | null, input: { name: string; bytes: Uint8Array }) {
    const path = await choosePath(window, input.name);
    if (path === undefined) return { saved: false };
    await writeFile(path, input.bytes, { mode: 0o600 });
    return { saved: true };
  }

  /** A read-only copy in a folder that ends with the app: changes in it do not come back, and its being read-only says so. */
  async function openExternally(input: { fileId: string; name: string }): Promise<Refusal | { ok: true }> {
    const name = basename(input.name);
    if (isProgram(name)) {
      return { ok: false, reason: "file.program", message: "Opening this file would run it." };
    }
    try {
      const path = await deps.copies.make({ fileId: input.fileId, name }, (to) => copyTo(input.fileId, to));
      if (path === undefined) throw new CachedFileMissing("notFound", "This file is not here any more.");
      const problem = await shell.openPath(path);
      return problem ? { ok: false, reason: "file.noApplication", message: problem } : { ok: true };
    } catch (error) {
      if (!(error instanceof CachedFileMissing)) throw error;
      return { ok: false, reason: `file.${error.code}`, message: error.message };
    }
  }

  return { chooseFiles, saveFileAs, saveBytesAs, saveFolderAs, openExternally };
}
