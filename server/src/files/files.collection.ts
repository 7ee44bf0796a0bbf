import type { JsonObject } from "@kontor/shared/base";
import type { FileDoc } from "@kontor/shared/files";
import { defineCollection, type Database } from "#kernel";
import type { RecordAccess } from "#objects";
import { fileTables } from "./files.repo.ts";
import { findRecordFiles, recordFileToDoc, type RecordFile } from "./record.place.ts";

/**
 * What replicas hold of the files of records: seen through the record, and only where the field they hang in is plain
 * (VIS-2). Files in other places are part of what those tell replicas.
 */
export const filesCollection = ({ parent }: { readonly parent: Pick<RecordAccess, "sensitiveOf"> }) =>
  defineCollection<RecordFile>({
    name: "files",
    access: { kind: "parent", collection: "records", parentId: (row) => row.record_id, byParents: findRecordFiles },
    byIds: async (db, ids) => (ids.length === 0 ? [] : await recordFiles(db).where("id", "in", ids).execute()),
    scan: (db, after, limit) =>
      recordFiles(db)
        .$if(after !== undefined, (query) => query.where("id", ">", after ?? ""))
        .orderBy("id")
        .limit(limit)
        .execute(),
    project(row, access) {
      if (row.deleted_at !== null || !access.readable || access.field(row.field) !== "visible") return undefined;
      return recordFileToDoc(row) as FileDocJson;
    },
    sensitive: (db, docs) => parent.sensitiveOf(db, docs as unknown as readonly FileDoc[]),
  });

const recordFiles = (db: Database) =>
  fileTables(db).selectFrom("file").selectAll().where("record_id", "is not", null).$castTo<RecordFile>();

// The interface has no index signature, which is all that tells it from JSON.
type FileDocJson = FileDoc & JsonObject;
