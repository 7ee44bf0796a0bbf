import { newId, type Json } from "@kontor/shared/base";
import {
  changeOf,
  departmentOf,
  ownerOf,
  sameValue,
  type HistoryChange,
  type HistoryDoc,
  type TypeDefinition,
} from "@kontor/shared/objects";
import { recordChanges, type Actor, type Transaction } from "#kernel";
import {
  findRecords,
  insertHistory,
  insertRecord,
  saveLinks,
  updateRecord,
  type ChangeMeta,
  type RecordRow,
} from "./objects.repo.ts";
import type { PeopleLookup } from "./people.lookup.ts";
import { refusal } from "./refusals.ts";
import { resourceOfRow } from "./resource.ts";
import type { TypeRegistry } from "./typeRegistry.ts";
import { saveUnique } from "./unique.ts";

export interface RecordDeps {
  readonly types: TypeRegistry;
  readonly people: PeopleLookup;
  /** Where the office is: "today" and the year of a number are asked there. */
  readonly timeZone: string;
}

/** What one act does to a record, before it is written. */
export interface RecordAct {
  readonly kind: HistoryDoc["kind"];
  /** The changed fields in card order, with what the history says of them. */
  readonly changes: readonly HistoryChange[];
  readonly transition?: HistoryDoc["transition"];
}

/** Sets fields of a row (`null` empties), with their revisions; owner and department follow. */
export function withValues(
  row: RecordRow,
  type: TypeDefinition,
  set: Readonly<Record<string, Json>>,
  actor: Actor,
): RecordRow {
  const fields: Record<string, Json> = { ...row.fields };
  const meta: Record<string, ChangeMeta> = { ...row.field_meta };
  for (const [key, value] of Object.entries(set)) {
    if (value === null) delete fields[key];
    else fields[key] = value;
    meta[key] = [(meta[key]?.[0] ?? 0) + 1, actor.now, actor.subject.id];
  }
  return {
    ...row,
    fields,
    field_meta: meta,
    owner: ownerOf(type, fields, row.created_by) ?? null,
    department: departmentOf(type, fields, row.department) ?? null,
  };
}

export const touchState = (row: RecordRow, actor: Actor): ChangeMeta => [
  (row.state_meta?.[0] ?? 0) + 1,
  actor.now,
  actor.subject.id,
];

/** In card order, without those that stay as they are. */
export const changedFields = (
  type: TypeDefinition,
  before: RecordRow["fields"],
  set: Readonly<Record<string, Json>>,
): readonly string[] =>
  Object.keys(type.fields).filter((key) => key in set && !sameValue(before[key], set[key] ?? undefined));

export const changesBetween = (
  before: RecordRow["fields"],
  after: RecordRow["fields"],
  keys: readonly string[],
): readonly HistoryChange[] => keys.map((key) => changeOf(key, before[key], after[key]));

/** Writes a record with everything that follows from it: links, unique values, history and the change log. */
export async function saveRecord(
  trx: Transaction,
  type: TypeDefinition,
  { before, after, act, actor }: { before: RecordRow | undefined; after: RecordRow; act: RecordAct; actor: Actor },
): Promise<void> {
  if (!before) {
    if (!(await insertRecord(trx, type, after))) throw refusal("record.exists");
  } else await updateRecord(trx, type, after);
  await saveUnique(trx, type, { before, after, seesHolder: (id, field) => seesPlain(trx, actor, id, field) });
  await saveLinks(
    trx,
    type,
    after,
    act.changes.map((change) => change.field),
  );

  const historyId = newId();
  await insertHistory(trx, {
    id: historyId,
    record_id: after.id,
    type: type.name,
    kind: act.kind,
    at: actor.now,
    by_user: actor.subject.id,
    changes: act.changes,
    transition: act.transition ?? null,
    file: null,
  });
  await recordChanges(trx, [
    { collection: "records", id: after.id },
    { collection: "history", id: historyId },
  ]);
}

async function seesPlain(trx: Transaction, actor: Actor, id: string, field: string): Promise<boolean> {
  const [row] = await findRecords(trx, [id]);
  if (!row) return false;
  const resource = await resourceOfRow(trx, actor.engine, row);
  return actor.engine.accessTo(actor.subject, resource, actor.context).field(field) === "visible";
}
