import type { ResourceInstance } from "@kontor/shared/access";
import type { RecordDoc } from "@kontor/shared/objects";
import { auditActor, sensitiveReads, type Actor, type AuditLog, type Database } from "#kernel";
import { listRecords, present, type RecordPage } from "./listRecords.ts";
import { findRecords } from "./objects.repo.ts";
import { resourceOfRow } from "./resource.ts";
import { sensitiveOfRecord } from "./sensitive.ts";
import type { TypeRegistry } from "./typeRegistry.ts";

export interface ViewedRecord {
  readonly resource: ResourceInstance;
  /** Absent where the actor may not read it. */
  readonly doc?: RecordDoc;
}

/** Records as an actor would be sent them, who need not be the caller and need not be asked by the set in force. */
export interface RecordViews {
  list(
    actor: Actor,
    page: { readonly type: string; readonly limit: number; readonly cursor?: string | undefined },
  ): Promise<RecordPage>;
  /** Undefined: there is no such record. */
  one(actor: Actor, id: string): Promise<ViewedRecord | undefined>;
}

export function createRecordViews({
  db,
  types,
  audit,
}: {
  readonly db: Database;
  readonly types: TypeRegistry;
  /** Whoever really asks is on record before they see what is sensitive (POL-12). */
  readonly audit: Pick<AuditLog, "note">;
}): RecordViews {
  const noteReads = ({ principal }: Actor, docs: readonly RecordDoc[]) => {
    const parts = docs.flatMap((doc) => sensitiveOfRecord(doc, types));
    return audit.note(sensitiveReads(parts, auditActor(principal), "viewAs"));
  };
  return {
    async list(actor, page) {
      const found = await listRecords(db, { ...page, deleted: "false" }, actor, types);
      await noteReads(actor, found.records);
      return found;
    },
    async one(actor, id) {
      const [row] = await findRecords(db, [id]);
      if (!row || !types.get(row.type)) return undefined;
      const resource = await resourceOfRow(db, actor.engine, row);
      const [doc] = await present(db, [row], actor, types);
      await noteReads(actor, doc ? [doc] : []);
      return { resource, ...(doc && { doc }) };
    },
  };
}
