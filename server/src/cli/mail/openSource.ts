import { createReadStream } from "node:fs";
import { open, readdir, readFile, stat } from "node:fs/promises";
import { basename, extname, join, relative, sep } from "node:path";
import { DomainError } from "@kontor/shared/base";
import { noFlags, readMaildir, readMbox, type ArchiveEntry } from "#mail";

export type SourceFormat = "maildir" | "mbox" | "eml" | "folder";

export interface Source {
  readonly format: SourceFormat;
  /** In an order that stays the same, each with where it stands, for whoever looks for one that was refused. */
  readonly entries: AsyncIterable<SourceEntry>;
}

export interface SourceEntry {
  readonly where: string;
  readonly entry: ArchiveEntry;
}

/** What lies at a path: a Maildir, an mbox, one message, or a folder of these with folders in it. */
export async function openSource(path: string): Promise<Source> {
  const stats = await stat(path).catch(() => undefined);
  if (!stats) throw new DomainError("notFound", `There is nothing at ${path}.`, { reason: "path.unknown" });
  if (stats.isDirectory())
    return (await isMaildir(path))
      ? { format: "maildir", entries: maildirEntries(path) }
      : { format: "folder", entries: folderEntries(path) };
  return (await isMbox(path))
    ? { format: "mbox", entries: mboxEntries(path, []) }
    : { format: "eml", entries: emlEntries(path, []) };
}

const isMaildir = async (path: string): Promise<boolean> => {
  const names = await readdir(path);
  return names.includes("cur") && names.includes("new");
};

async function isMbox(path: string): Promise<boolean> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(5), position: 0 });
    return buffer.toString("latin1", 0, bytesRead) === "From ";
  } finally {
    await file.close();
  }
}

async function* maildirEntries(root: string): AsyncGenerator<SourceEntry> {
  for await (const path of filesIn(root)) {
    const file = {
      path: relative(root, path).split(sep).join("/"),
      size: (await stat(path)).size,
      read: () => readFile(path),
    };
    for await (const entry of readMaildir(one(file))) yield { where: path, entry };
  }
}

async function* mboxEntries(path: string, folder: readonly string[]): AsyncGenerator<SourceEntry> {
  let count = 0;
  for await (const entry of readMbox(createReadStream(path)))
    yield { where: `${path}, ${++count}`, entry: inFolder(entry, folder) };
}

async function* emlEntries(path: string, folder: readonly string[]): AsyncGenerator<SourceEntry> {
  yield { where: path, entry: { kind: "message", message: { raw: await readFile(path), flags: noFlags, folder } } };
}

/** An mbox is a folder of its own, as other programs keep one folder in one file. */
async function* folderEntries(root: string): AsyncGenerator<SourceEntry> {
  for await (const path of filesIn(root)) {
    const above = relative(root, join(path, ".."))
      .split(sep)
      .filter((name) => name !== "");
    if (extname(path).toLowerCase() === ".eml") yield* emlEntries(path, above);
    else if (await isMbox(path)) yield* mboxEntries(path, [...above, basename(path, ".mbox")]);
  }
}

async function* filesIn(directory: string): AsyncGenerator<string> {
  const found = await readdir(directory, { withFileTypes: true });
  for (const each of found.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(directory, each.name);
    if (each.isDirectory()) yield* filesIn(path);
    else if (each.isFile()) yield path;
  }
}

async function* one<Item>(item: Item): AsyncGenerator<Item> {
  yield item;
}

const inFolder = (entry: ArchiveEntry, folder: readonly string[]): ArchiveEntry =>
  entry.kind === "tooLarge" ? { ...entry, folder } : { ...entry, message: { ...entry.message, folder } };
