import { newId } from "@kontor/shared/base";
import type { Access } from "@kontor/shared/access";
import type { TypeDefinition } from "@kontor/shared/objects";
import { recordChanges, type Actor, type Database, type SensitivePart, type Transaction } from "#kernel";
import { findRecords, insertHistory, type HistoryRow } from "./objects.repo.ts";
import { resourceOfRow } from "./resource.ts";
import { partOf } from "./sensitive.ts";
import { sheetOfRecord, type RecordSheet, type SheetOrder } from "./sheetOfRecord.ts";
import type { TypeRegistry } from "./typeRegistry.ts";

/** What the features to the right (files, previews, mail) may ask about a record. */
export interface RecordAccess {
  /** Undefined for a record that does not exist, and for one that the actor may not read. */
  accessTo(
    db: Database | Transaction,
    actor: Pick<Actor, "engine" | "subject" | "context">,
    recordId: string,
  ): Promise<ReadableRecord | undefined>;
  /** What of it somebody gives to people outside; undefined where they may not read it. */
  sheetOf(
    db: Database | Transaction,
    giver: Pick<Actor, "engine" | "subject" | "context">,
    order: SheetOrder,
  ): Promise<RecordSheet | undefined>;
  /** Which of these fields lie in sections marked sensitive, of whatever type the records are. */
  sensitiveOf(
    db: Database,
    fields: readonly { readonly recordId: string; readonly field: string }[],
  ): Promise<readonly SensitivePart[]>;
}

export interface ReadableRecord {
  readonly access: Access;
  readonly type: TypeDefinition;
  readonly deleted: boolean;
}

export const createRecordAccess = ({ types }: { types: TypeRegistry }): RecordAccess => ({
  async accessTo(db, { engine, subject, context }, recordId) {
    const [row] = await findRecords(db, [recordId]);
    const type = row && types.get(row.type);
    if (!row || !type) return undefined;
    const access = engine.accessTo(subject, await resourceOfRow(db, engine, row), context);
    return access.readable ? { access, type, deleted: row.deleted_at !== null } : undefined;
  },
  sheetOf: (db, giver, order) => sheetOfRecord(db, types, giver, order),
  async sensitiveOf(db, fields) {
    const ids = [...new Set(fields.map(({ recordId }) => recordId))];
    const typesById = new Map((await findRecords(db, ids)).map((row) => [row.id, types.get(row.type)]));
    return fields.flatMap(({ recordId, field }) => partOf(typesById.get(recordId), recordId, [field]));
  },
});

/** Notes in the record's history what was done to a file of it, in the transaction in which it was done. */
export async function noteFileChange(
  trx: Transaction,
  change: {
    readonly recordId: string;
    readonly file: NonNullable<HistoryRow["file"]>;
    readonly actor: Pick<Actor, "now"> & { readonly subject: { readonly id: string } };
  },
): Promise<void> {
  const [record] = await findRecords(trx, [change.recordId]);
  if (!record) return;
  const id = newId();
  await insertHistory(trx, {
    id,
    record_id: record.id,
    type: record.type,
    kind: "file",
    at: change.actor.now,
    by_user: change.actor.subject.id,
    changes: [],
    transition: null,
    file: change.file,
  });
  await recordChanges(trx, [{ collection: "history", id }]);
}
