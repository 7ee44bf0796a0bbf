import type { JsonObject } from "@kontor/shared/base";
import type { FileDoc } from "@kontor/shared/files";
import { defineCollection } from "#kernel";
import type { RecordAccess } from "#objects";
import { fileTables, fileToDoc, findFiles, findFilesOf, type FileRow } from "./files.repo.ts";

/** What replicas hold of files: seen through the record, and only where the field they hang in is plain (VIS-2). */
export const filesCollection = ({ parent }: { readonly parent: Pick<RecordAccess, "sensitiveOf"> }) =>
  defineCollection<FileRow>({
    name: "files",
    access: { kind: "parent", collection: "records", parentId: (row) => row.record_id, byParents: findFilesOf },
    byIds: findFiles,
    scan: (db, after, limit) =>
      fileTables(db)
        .selectFrom("file")
        .selectAll()
        .$if(after !== undefined, (query) => query.where("id", ">", after ?? ""))
        .orderBy("id")
        .limit(limit)
        .execute(),
    project(row, access) {
      if (row.deleted_at !== null || !access.readable || access.field(row.field) !== "visible") return undefined;
      return fileToDoc(row) as FileDocJson;
    },
    sensitive: (db, docs) => parent.sensitiveOf(db, docs as unknown as readonly FileDoc[]),
  });

// The interface has no index signature, which is all that tells it from JSON.
type FileDocJson = ReturnType<typeof fileToDoc> & JsonObject;
