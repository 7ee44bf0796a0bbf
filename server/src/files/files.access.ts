import type { Database, Transaction } from "#kernel";
import { findFiles, type FileRow } from "./files.repo.ts";
import { fileNotFound, type FilePlaces, type FileReader } from "./place.port.ts";

/** The file for reading. What may not be read is not found. */
export async function readableFile(
  db: Database | Transaction,
  places: FilePlaces,
  actor: FileReader,
  id: string,
): Promise<FileRow> {
  const [file] = await findFiles(db, [id]);
  if (!file || file.deleted_at !== null || !(await places.of(file).isReadable(db, actor, file))) throw fileNotFound();
  return file;
}
