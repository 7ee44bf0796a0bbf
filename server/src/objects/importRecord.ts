import { newId, type Json } from "@kontor/shared/base";
import { checkRecord, dayIn, departmentOf, ownerOf, transitionSets, type TypeDefinition } from "@kontor/shared/objects";
import { recordChanges, type Transaction } from "#kernel";
import { nextNumber } from "./numbering.ts";
import {
  insertHistory,
  insertRecord,
  saveLinks,
  type ChangeMeta,
  type HistoryRow,
  type RecordRow,
} from "./objects.repo.ts";
import { filled, parseValues } from "./record.values.ts";
import { changedFields, changesBetween, type RecordDeps } from "./record.write.ts";
import { refusal } from "./refusals.ts";
import { typeOf } from "./typeRegistry.ts";
import { saveUnique } from "./unique.ts";

/** A record that comes with its past: from another system, or with the demo company. */
export interface ImportedRecord {
  readonly id: string;
  readonly type: string;
  readonly createdAt: string;
  readonly createdBy: string;
  /** The creator's, where the type has no department field. */
  readonly department?: string | null;
  readonly fields: Readonly<Record<string, Json>>;
  /** What was done to it since, oldest first. */
  readonly steps: readonly ImportedStep[];
}

export type ImportedStep = { readonly at: string; readonly by: string } & (
  | { readonly set: Readonly<Record<string, Json>> }
  | { readonly transition: string }
);

type Moment = { readonly at: string; readonly by: string };

/**
 * Writes a record as if its past had happened here: same checks, numbers, links and history, without asking for rights,
 * since whoever imports acts for the installation. Relations must lead to records that are there already. False when
 * a record with this id was imported before.
 */
export async function importRecord(
  trx: Transaction,
  imported: ImportedRecord,
  { types, timeZone }: Pick<RecordDeps, "types" | "timeZone">,
): Promise<boolean> {
  const type = typeOf(types, imported.type);
  const past: HistoryRow[] = [];
  let row = await begin(trx, type, imported, timeZone, past);
  for (const step of imported.steps) row = take(row, type, step, timeZone, past);
  const problems = checkRecord(type, row.fields);
  if (problems.length > 0) throw refusal("record.invalid", { problems });

  if (!(await insertRecord(trx, type, row))) return false;
  // Whoever brings records from elsewhere is the server: nothing is hidden from it.
  await saveUnique(trx, type, { before: undefined, after: row, seesHolder: async () => true });
  await saveLinks(trx, type, row, Object.keys(type.fields));
  await insertHistory(trx, ...past);
  await recordChanges(trx, [
    { collection: "records", id: row.id },
    ...past.map(({ id }) => ({ collection: "history", id })),
  ]);
  return true;
}

async function begin(
  trx: Transaction,
  type: TypeDefinition,
  { id, createdAt: at, createdBy: by, department, fields }: ImportedRecord,
  timeZone: string,
  past: HistoryRow[],
): Promise<RecordRow> {
  const number = await nextNumber(trx, type, dayIn(timeZone, at));
  const values = { ...filled(parseValues(type, fields)), ...(number && { [number.field]: number.value }) };
  const empty: RecordRow = {
    id,
    type: type.name,
    state: type.states?.initial ?? null,
    owner: null,
    department: department ?? null,
    created_by: by,
    created_at: at,
    fields: {},
    field_meta: {},
    state_meta: type.states ? [1, at, by] : null,
    conflicts: {},
    deleted_at: null,
    deleted_by: null,
  };
  const row = withSet(empty, type, values, { at, by });
  past.push(entryOf(row, "created", { at, by }, changesBetween({}, row.fields, Object.keys(row.fields))));
  return row;
}

function take(
  row: RecordRow,
  type: TypeDefinition,
  step: ImportedStep,
  timeZone: string,
  past: HistoryRow[],
): RecordRow {
  if ("set" in step) {
    const values = parseValues(type, step.set);
    const after = withSet(row, type, values, step);
    past.push(
      entryOf(row, "edited", step, changesBetween(row.fields, after.fields, changedFields(type, row.fields, values))),
    );
    return after;
  }
  const transition = type.states?.transitions.find(({ key }) => key === step.transition);
  if (!transition) throw refusal("record.transition.unknown");
  if (!transition.from.includes(row.state ?? ""))
    throw refusal("record.transition.state", { params: { state: row.state ?? "" } });
  const sets = transitionSets(transition, { userId: step.by, now: step.at, timeZone });
  const after = withSet(row, type, sets, step);
  const changes = changesBetween(row.fields, after.fields, changedFields(type, row.fields, sets));
  past.push({
    ...entryOf(row, "transition", step, changes),
    transition: { key: transition.key, from: row.state ?? "", to: transition.to },
  });
  return { ...after, state: transition.to, state_meta: [(row.state_meta?.[0] ?? 0) + 1, step.at, step.by] };
}

function withSet(
  row: RecordRow,
  type: TypeDefinition,
  set: Readonly<Record<string, Json>>,
  { at, by }: Moment,
): RecordRow {
  const fields = filled({ ...row.fields, ...set });
  const metas = Object.keys(set).map((key): [string, ChangeMeta] => [
    key,
    [(row.field_meta[key]?.[0] ?? 0) + 1, at, by],
  ]);
  return {
    ...row,
    fields,
    field_meta: { ...row.field_meta, ...Object.fromEntries(metas) },
    owner: ownerOf(type, fields, row.created_by) ?? null,
    department: departmentOf(type, fields, row.department) ?? null,
  };
}

const entryOf = (
  row: RecordRow,
  kind: HistoryRow["kind"],
  { at, by }: Moment,
  changes: HistoryRow["changes"],
): HistoryRow => ({
  id: newId(),
  record_id: row.id,
  type: row.type,
  kind,
  at,
  by_user: by,
  changes,
  transition: null,
  file: null,
});
