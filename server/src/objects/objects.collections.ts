import type { JsonObject } from "@kontor/shared/base";
import type { HistoryDoc, RecordDoc } from "@kontor/shared/objects";
import { defineCollection, type Collection, type Database } from "#kernel";
import {
  findHistory,
  findRecords,
  historyColumns,
  objectTables,
  recordColumns,
  type HistoryRow,
  type RecordRow,
  type TypeRow,
} from "./objects.repo.ts";
import { projectHistory, projectRecord } from "./projectRecord.ts";
import { dependentsOf, resourcesOf } from "./resource.ts";
import { sensitiveOfHistory, sensitiveOfRecord } from "./sensitive.ts";
import type { TypeRegistry } from "./typeRegistry.ts";

/** What replicas hold of objects: the types, the records, and the records' history. */
export function objectCollections({ types }: { types: TypeRegistry }): readonly Collection[] {
  return [typesCollection(types), recordsCollection(types), historyCollection(types)];
}

const typeColumns = ["id", "name", "definition", "rev"] as const;

const typesCollection = (types: TypeRegistry) =>
  defineCollection<TypeRow>({
    name: "types",
    access: { kind: "policy", resource: (row) => ({ type: "objectType", attributes: { name: row.name } }) },
    byIds: async (db, ids) =>
      ids.length === 0
        ? []
        : objectTables(db).selectFrom("object_type").select(typeColumns).where("id", "in", ids).execute(),
    scan: (db, after, limit) =>
      objectTables(db)
        .selectFrom("object_type")
        .select(typeColumns)
        .$if(after !== undefined, (query) => query.where("id", ">", after ?? ""))
        .orderBy("id")
        .limit(limit)
        .execute(),
    project(row, access) {
      // A type that the packs no longer define has no records that anybody could read.
      const definition = types.get(row.name);
      if (!access.readable || access.field("definition") !== "visible" || !definition) return undefined;
      // The pack's own, not the row's: jsonb forgets the order of keys, and that is the order of fields on the card.
      return asDoc({ id: row.id, rev: row.rev, ...definition });
    },
  });

const recordsCollection = (types: TypeRegistry) =>
  defineCollection<RecordRow>({
    name: "records",
    access: {
      kind: "policy",
      stored: { table: "record", typeColumn: "type", types: () => types.all().map(({ name }) => name) },
      resources: (db, rows, engine) => resourcesOf(db, engine, rows),
    },
    dependents: (db, ids, engine) => dependentsOf(db, engine, ids),
    byIds: findRecords,
    scan: (db, after, limit) =>
      objectTables(db)
        .selectFrom("record")
        .select(recordColumns)
        .$if(after !== undefined, (query) => query.where("id", ">", after ?? ""))
        .orderBy("id")
        .limit(limit)
        .execute(),
    project(row, access) {
      const type = types.get(row.type);
      return type && asDoc(projectRecord(row, type, access));
    },
    sensitive: async (_db, docs) => docs.flatMap((doc) => sensitiveOfRecord(doc as unknown as RecordDoc, types)),
  });

const historyCollection = (types: TypeRegistry) =>
  defineCollection<HistoryRow>({
    name: "history",
    access: { kind: "parent", collection: "records", parentId: (row) => row.record_id, byParents: findHistory },
    async byIds(db: Database, ids) {
      if (ids.length === 0) return [];
      return objectTables(db).selectFrom("record_history").select(historyColumns).where("id", "in", ids).execute();
    },
    scan: (db, after, limit) =>
      objectTables(db)
        .selectFrom("record_history")
        .select(historyColumns)
        .$if(after !== undefined, (query) => query.where("id", ">", after ?? ""))
        .orderBy("id")
        .limit(limit)
        .execute(),
    project(row, access) {
      const type = types.get(row.type);
      return type && asDoc(projectHistory(row, type, access));
    },
    sensitive: async (_db, docs) => docs.flatMap((doc) => sensitiveOfHistory(doc as unknown as HistoryDoc, types)),
  });

// The documents' interfaces have no index signature, which is all that tells them from JSON.
const asDoc = <Doc extends object | undefined>(doc: Doc) => doc as (Doc & JsonObject) | undefined;
