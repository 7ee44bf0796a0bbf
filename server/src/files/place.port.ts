import { DomainError } from "@kontor/shared/base";
import type { FileFacts } from "@kontor/shared/files";
import type { Actor, Database, SensitivePart, Transaction } from "#kernel";
import type { FileRow } from "./files.repo.ts";

/**
 * Where files hang: in a field of a record, in what a message says. A file has no access of its own (VIS-2): its place
 * decides who may see and change it, and what replicas are told of it. Records are brought by this feature; features to
 * the right bring theirs.
 *
 * Every method is asked only about files that hang in a place of this kind, whose columns are as `File` says.
 */
export interface FilePlace<File extends FileRow = FileRow> {
  /** The column of `file` that names it. */
  readonly column: "record_id" | "mail_content_id";
  isReadable(db: Database | Transaction, actor: FileReader, file: File): Promise<boolean>;
  /** Throws where the actor, who can read the file, may not change what hangs there. */
  requireChange(trx: Transaction, actor: Actor, file: File): Promise<void>;
  /** Tells replicas that these rows came or changed, in the same transaction. */
  noteRows(trx: Transaction, files: readonly File[]): Promise<void>;
  /** Tells people who did what, where the place keeps a history. */
  noteAct(trx: Transaction, file: File, act: FileAct, actor: FileActor): Promise<void>;
  /** Which of these lie in sections marked sensitive. */
  sensitiveOf(db: Database, files: readonly File[]): Promise<readonly SensitivePart[]>;
  /** Whether what `share` names still gives the file to people who have no account here. */
  isShared(db: Database, file: File, share: string): Promise<boolean>;
  toDoc(file: File): FileFacts;
}

export type FileReader = Pick<Actor, "engine" | "subject" | "context">;
export type FileActor = Pick<Actor, "now"> & { readonly subject: { readonly id: string } };
export type FileAct = "attached" | "detached" | "renamed" | "restored";

export interface FilePlaces {
  of(file: FileRow): FilePlace;
  sensitiveOf(db: Database, files: readonly FileRow[]): Promise<readonly SensitivePart[]>;
  noteRows(trx: Transaction, files: readonly FileRow[]): Promise<void>;
}

export function createFilePlaces(places: readonly FilePlace[]): FilePlaces {
  const of = (file: FileRow): FilePlace => {
    const place = places.find(({ column }) => file[column] !== null);
    if (!place) throw new Error(`no feature knows the place of file ${file.id}`);
    return place;
  };
  return {
    of,
    async sensitiveOf(db, files) {
      const parts: SensitivePart[] = [];
      for (const [place, hanging] of Map.groupBy(files, of)) parts.push(...(await place.sensitiveOf(db, hanging)));
      return parts;
    },
    async noteRows(trx, files) {
      for (const [place, hanging] of Map.groupBy(files, of)) await place.noteRows(trx, hanging);
    },
  };
}

export const fileNotFound = () => new DomainError("notFound", "There is no such file.", { reason: "file.notFound" });
