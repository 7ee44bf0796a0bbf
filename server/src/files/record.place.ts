import { DomainError } from "@kontor/shared/base";
import type { FileDoc } from "@kontor/shared/files";
import { recordChanges, type Database, type Transaction } from "#kernel";
import { noteFileChange, type ReadableRecord, type RecordAccess } from "#objects";
import { fileFacts, fileTables, type FileRow } from "./files.repo.ts";
import type { FilePlace, FileReader } from "./place.port.ts";

/** A file that hangs in a field of a record; somebody of the house put it there. */
export type RecordFile = FileRow & {
  readonly record_id: string;
  readonly field: string;
  readonly created_by: string;
};

/** It is exactly as visible as the field it hangs in (VIS-2). */
export const isVisible = (record: ReadableRecord, file: Pick<RecordFile, "field">): boolean =>
  record.access.field(file.field) === "visible";

export const createRecordPlace = ({ parent }: { readonly parent: RecordAccess }): FilePlace<RecordFile> => ({
  column: "record_id",
  async isReadable(db, actor, file) {
    const record = await parent.accessTo(db, actor, file.record_id);
    return record !== undefined && isVisible(record, file);
  },
  async requireChange(trx, actor, file) {
    await requireAttach(trx, parent, actor, { recordId: file.record_id, field: file.field });
  },
  noteRows: (trx, files) =>
    recordChanges(
      trx,
      files.map(({ id }) => ({ collection: "files", id })),
    ),
  noteAct: (trx, { id, record_id, field, name }, act, actor) =>
    noteFileChange(trx, { recordId: record_id, file: { id, name, act, field }, actor }),
  sensitiveOf: (db, files) =>
    parent.sensitiveOf(
      db,
      files.map(({ record_id, field }) => ({ recordId: record_id, field })),
    ),
  // Records are for people who sign in.
  isShared: async () => false,
  toDoc: recordFileToDoc,
});

export const recordFileToDoc = (row: RecordFile): FileDoc => ({
  ...fileFacts(row),
  recordId: row.record_id,
  field: row.field,
  createdAt: row.created_at,
  createdBy: row.created_by,
});

export async function findRecordFiles(
  db: Database | Transaction,
  recordIds: readonly string[],
): Promise<readonly RecordFile[]> {
  if (recordIds.length === 0) return [];
  const rows = await fileTables(db)
    .selectFrom("file")
    .selectAll()
    .where("record_id", "in", recordIds)
    .orderBy("id")
    .execute();
  return rows as readonly RecordFile[];
}

/** The record for changing the files in one of its fields. */
export async function requireAttach(
  db: Database | Transaction,
  parent: RecordAccess,
  actor: FileReader,
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
