import { DomainError } from "@kontor/shared/base";
import type { Actor, Database, Transaction } from "#kernel";
import type { ReadableRecord, RecordAccess } from "#objects";
import { findFiles, type FileRow } from "./files.repo.ts";

/** A file is exactly as visible as the field it hangs in; there is no access of its own (VIS-2). */
export const isVisible = (record: ReadableRecord, file: Pick<FileRow, "field">): boolean =>
  record.access.field(file.field) === "visible";

/** The file for reading. What may not be read is not found. */
export async function readableFile(
  db: Database | Transaction,
  parent: RecordAccess,
  actor: Pick<Actor, "engine" | "subject" | "context">,
  id: string,
): Promise<FileRow> {
  const [file] = await findFiles(db, [id]);
  if (!file || file.deleted_at !== null) throw fileNotFound();
  const record = await parent.accessTo(db, actor, file.record_id);
  if (!record || !isVisible(record, file)) throw fileNotFound();
  return file;
}

/** The record for changing the files in one of its fields. */
export async function requireAttach(
  db: Database | Transaction,
  parent: RecordAccess,
  actor: Pick<Actor, "engine" | "subject" | "context">,
  { recordId, field }: { recordId: string; field: string },
): Promise<ReadableRecord> {
  const record = await parent.accessTo(db, actor, recordId);
  if (!record) throw new DomainError("notFound", "There is no such record.", { reason: "record.notFound" });
  if (record.type.fields[field]?.kind !== "files" || !isVisible(record, { field })) {
    throw new DomainError("invalid", `The record has no files in "${field}".`, {
      reason: "file.field",
      problems: [{ field, reason: "file.field", message: "Files cannot be attached here." }],
    });
  }
  if (!record.access.may("attach")) {
    throw new DomainError("forbidden", "You may not change the files of this record.", { reason: "file.forbidden" });
  }
  if (record.deleted) {
    throw new DomainError("conflict", "The record is deleted. Restore it first.", { reason: "record.deleted" });
  }
  return record;
}

export const fileNotFound = () => new DomainError("notFound", "There is no such file.", { reason: "file.notFound" });
