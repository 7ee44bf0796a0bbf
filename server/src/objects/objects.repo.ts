import { sql, type Generated } from "kysely";
import type { Json } from "@kontor/shared/base";
import {
  sortKeysOf,
  type FieldConflict,
  type HistoryChange,
  type HistoryDoc,
  type TypeDefinition,
} from "@kontor/shared/objects";
import type { Database, Transaction } from "#kernel";

/** Revision, when and by whom. */
export type ChangeMeta = readonly [rev: number, at: string, by: string];

export interface RecordRow {
  readonly id: string;
  readonly type: string;
  readonly state: string | null;
  readonly owner: string | null;
  readonly department: string | null;
  readonly created_by: string;
  readonly created_at: string;
  readonly fields: Readonly<Record<string, Json>>;
  readonly field_meta: Readonly<Record<string, ChangeMeta>>;
  readonly state_meta: ChangeMeta | null;
  readonly conflicts: Readonly<Record<string, FieldConflict>>;
  readonly deleted_at: string | null;
  readonly deleted_by: string | null;
}

export interface HistoryRow {
  readonly id: string;
  readonly record_id: string;
  readonly type: string;
  readonly kind: HistoryDoc["kind"];
  readonly at: string;
  readonly by_user: string;
  readonly changes: readonly HistoryChange[];
  readonly transition: HistoryDoc["transition"] | null;
  /** `field` is where the file hangs: whoever may not see it does not see the entry. */
  readonly file: (NonNullable<HistoryDoc["file"]> & { readonly field: string }) | null;
}

export interface TypeRow {
  readonly id: string;
  readonly name: string;
  readonly definition: TypeDefinition;
  readonly rev: number;
}

type Sorted = { sort1: string; sort2: string; sort3: string; sort4: string };

export type ObjectTables = {
  object_type: {
    name: string;
    id: Generated<string>;
    definition: TypeDefinition;
    rev: Generated<number>;
    updated_at: Generated<string>;
  };
  record: { -readonly [Key in keyof RecordRow]: RecordRow[Key] } & Sorted;
  record_history: { -readonly [Key in keyof HistoryRow]: HistoryRow[Key] };
  record_link: { from_id: string; field: string; to_id: string };
  record_unique: { type: string; field: string; value: string; record_id: string };
  record_duplicate: { type: string; field: string; value: string; record_id: string; at: Generated<string> };
  record_counter: { type: string; field: string; period: string; last: number };
};

export const objectTables = (db: Database | Transaction) => db.withTables<ObjectTables>();

export const recordColumns = [
  "id",
  "type",
  "state",
  "owner",
  "department",
  "created_by",
  "created_at",
  "fields",
  "field_meta",
  "state_meta",
  "conflicts",
  "deleted_at",
  "deleted_by",
] as const;

const jsonb = <Value>(value: Value) => sql<Value>`${JSON.stringify(value)}::jsonb`;

export async function findRecords(db: Database | Transaction, ids: readonly string[]): Promise<readonly RecordRow[]> {
  if (ids.length === 0) return [];
  return objectTables(db).selectFrom("record").select(recordColumns).where("id", "in", ids).execute();
}

/** Holds the row to the end of the transaction: whoever comes second sees what the first one wrote. */
export const lockRecord = (trx: Transaction, id: string): Promise<RecordRow | undefined> =>
  objectTables(trx).selectFrom("record").select(recordColumns).where("id", "=", id).forUpdate().executeTakeFirst();

/** False when the id is taken. */
export async function insertRecord(trx: Transaction, type: TypeDefinition, row: RecordRow): Promise<boolean> {
  const inserted = await objectTables(trx)
    .insertInto("record")
    .values(stored(type, row))
    .onConflict((conflict) => conflict.column("id").doNothing())
    .returning("id")
    .executeTakeFirst();
  return inserted !== undefined;
}

export async function updateRecord(trx: Transaction, type: TypeDefinition, row: RecordRow): Promise<void> {
  await objectTables(trx).updateTable("record").set(stored(type, row)).where("id", "=", row.id).execute();
}

function stored(type: TypeDefinition, row: RecordRow) {
  const [sort1, sort2, sort3, sort4] = sortKeysOf(type, { state: row.state ?? undefined, fields: row.fields });
  return {
    ...row,
    fields: jsonb(row.fields),
    field_meta: jsonb(row.field_meta),
    state_meta: row.state_meta && jsonb(row.state_meta),
    conflicts: jsonb(row.conflicts),
    sort1,
    sort2,
    sort3,
    sort4,
  };
}

export async function insertHistory(trx: Transaction, ...rows: readonly HistoryRow[]): Promise<void> {
  const values = rows.map((row) => ({
    ...row,
    changes: jsonb(row.changes),
    transition: row.transition && jsonb(row.transition),
    file: row.file && jsonb(row.file),
  }));
  if (values.length > 0) await objectTables(trx).insertInto("record_history").values(values).execute();
}

export const historyColumns = [
  "id",
  "record_id",
  "type",
  "kind",
  "at",
  "by_user",
  "changes",
  "transition",
  "file",
] as const;

export async function findHistory(
  db: Database | Transaction,
  recordIds: readonly string[],
): Promise<readonly HistoryRow[]> {
  if (recordIds.length === 0) return [];
  return objectTables(db)
    .selectFrom("record_history")
    .select(historyColumns)
    .where("record_id", "in", recordIds)
    .orderBy("at")
    .orderBy("id")
    .execute();
}

/** Makes the links equal to what the relation fields say. */
export async function saveLinks(
  trx: Transaction,
  type: TypeDefinition,
  row: RecordRow,
  changed: readonly string[],
): Promise<void> {
  const relations = changed.filter((key) => type.fields[key]?.kind === "relation");
  if (relations.length === 0) return;
  const db = objectTables(trx);
  await db.deleteFrom("record_link").where("from_id", "=", row.id).where("field", "in", relations).execute();
  const links = relations.flatMap((field) =>
    idsIn(row.fields[field]).map((to_id) => ({ from_id: row.id, field, to_id })),
  );
  if (links.length > 0) await db.insertInto("record_link").values(links).execute();
}

export const idsIn = (value: Json | undefined): readonly string[] => {
  if (typeof value === "string") return [value];
  return Array.isArray(value) ? (value as readonly string[]) : [];
};
