import type { FieldProblem, Json, JsonObject } from "@kontor/shared/base";
import {
  sameValue,
  type FieldConflict,
  type HistoryChange,
  type RecordIntentArgs,
  type TypeDefinition,
} from "@kontor/shared/objects";
import type { Access } from "@kontor/shared/access";
import type { Actor, IntentOutcome, Transaction } from "#kernel";
import { lockRecord, type RecordRow } from "./objects.repo.ts";
import { isWritable } from "./projectRecord.ts";
import { checkReferences, checkWhole, parseValues, seenBy, sortByRight } from "./record.values.ts";
import { changedFields, changesBetween, saveRecord, withValues, type RecordDeps } from "./record.write.ts";
import { refusal } from "./refusals.ts";
import { resourceOfRow } from "./resource.ts";
import { typeOf } from "./typeRegistry.ts";

export interface Found {
  readonly row: RecordRow;
  readonly type: TypeDefinition;
  readonly access: Access;
}

/** The record, locked, with what the actor may do with it. What they may not read is not there. */
export async function lockFor(trx: Transaction, id: string, actor: Actor, deps: RecordDeps): Promise<Found> {
  const row = await lockRecord(trx, id);
  if (!row) throw refusal("record.notFound");
  const type = typeOf(deps.types, row.type);
  const access = actor.engine.accessTo(actor.subject, await resourceOfRow(trx, actor.engine, row), actor.context);
  if (!access.readable) throw refusal("record.notFound");
  return { row, type, access };
}

/**
 * Sets fields, each against the revision that its author saw. Different fields both survive. Of two authors of one
 * field the later wins, and the value that lost waits on the record, to be seen and settled, and stays in the history.
 */
export async function editRecord(
  trx: Transaction,
  intent: { readonly id: string; readonly args: RecordIntentArgs<"record.edit"> },
  actor: Actor,
  deps: RecordDeps,
): Promise<IntentOutcome> {
  const found = await lockFor(trx, intent.id, actor, deps);
  if (found.row.deleted_at !== null) throw refusal("record.deleted");
  const { set, refused } = await checkEdit(trx, found, intent.args.set, actor, deps);

  const { row, type } = found;
  const changed = changedFields(type, row.fields, set);
  const conflicts = conflictsOf(row, changed, intent.args.base, actor);
  if (changed.length > 0) {
    const values = Object.fromEntries(changed.map((key) => [key, set[key] ?? null]));
    const after = {
      ...withValues(row, type, values, actor),
      conflicts: { ...without(row.conflicts, knowinglyChanged(row, changed, intent.args.base)), ...conflicts },
    };
    const changes = changesBetween(row.fields, after.fields, changed).map((change) => withLoss(change, conflicts));
    await saveRecord(trx, type, { before: row, after, act: { kind: "edited", changes }, actor });
  }
  return outcomeOf(Object.keys(conflicts), refused);
}

/** POL-7 and everything that can be wrong with the values; the fields that may be set, parsed. */
async function checkEdit(
  trx: Transaction,
  { row, type, access }: Found,
  wished: Readonly<Record<string, Json>>,
  actor: Actor,
  deps: RecordDeps,
) {
  // A field that nobody could write is a mistake of the author's program and named as such; the rest is a matter of rights.
  const { allowed, refused } = sortByRight(wished, (key) => !isWritable(type, key) || access.editable(key));
  const set = parseValues(type, allowed);
  if (Object.keys(set).length === 0 && refused.length > 0)
    throw refusal("record.edit.forbidden", { problems: refused });
  const after = fieldsWith(row.fields, set);
  const touched = new Set(changedFields(type, row.fields, set));
  checkWhole(type, after, touched, seenBy(access));
  await checkReferences(trx, { type, before: row.fields, after, actor, people: deps.people });
  return { set, refused };
}

function fieldsWith(fields: Readonly<Record<string, Json>>, set: Readonly<Record<string, Json>>): Record<string, Json> {
  const merged = Object.entries({ ...fields, ...set }).filter(([, value]) => value !== null);
  return Object.fromEntries(merged);
}

/** Another author's value, newer than what this one saw, loses. */
function conflictsOf(
  row: RecordRow,
  changed: readonly string[],
  base: Readonly<Record<string, number>>,
  actor: Actor,
): Record<string, FieldConflict> {
  const conflicts: Record<string, FieldConflict> = {};
  for (const key of changed) {
    const [rev, at, by] = row.field_meta[key] ?? [0, row.created_at, row.created_by];
    if ((base[key] ?? 0) >= rev || by === actor.subject.id) continue;
    conflicts[key] = {
      lost: row.fields[key] ?? null,
      lostBy: by,
      lostAt: at,
      wonBy: actor.subject.id,
      wonAt: actor.now,
    };
  }
  return conflicts;
}

/** An author who saw the newest value saw the disagreement too: their word settles it. */
const knowinglyChanged = (
  row: RecordRow,
  changed: readonly string[],
  base: Readonly<Record<string, number>>,
): readonly string[] => changed.filter((key) => (base[key] ?? 0) >= (row.field_meta[key]?.[0] ?? 0));

const without = <Value>(values: Readonly<Record<string, Value>>, keys: readonly string[]): Record<string, Value> =>
  Object.fromEntries(Object.entries(values).filter(([key]) => !keys.includes(key)));

const withLoss = (change: HistoryChange, conflicts: Readonly<Record<string, FieldConflict>>): HistoryChange =>
  change.field in conflicts ? { ...change, lost: true } : change;

function outcomeOf(conflicts: readonly string[], refused: readonly FieldProblem[]): IntentOutcome {
  if (conflicts.length === 0 && refused.length === 0) return { status: "applied" };
  const data: JsonObject = {
    ...(conflicts.length > 0 && { conflicts }),
    ...(refused.length > 0 && { refused: refused.map((problem) => ({ ...problem })) }),
  };
  return { status: "merged", data };
}

/** Settles a disagreement. */
export async function resolveConflict(
  trx: Transaction,
  intent: { readonly id: string; readonly args: RecordIntentArgs<"record.resolve"> },
  actor: Actor,
  deps: RecordDeps,
): Promise<IntentOutcome> {
  const found = await lockFor(trx, intent.id, actor, deps);
  const { row, type, access } = found;
  const { field, choice, value } = intent.args;
  if (row.deleted_at !== null) throw refusal("record.deleted");
  const conflict = access.field(field) === "visible" ? row.conflicts[field] : undefined;
  if (!conflict) throw refusal("record.noConflict");

  const wished = { theirs: row.fields[field] ?? null, mine: conflict.lost, value: value ?? null }[choice];
  const { set } = await checkEdit(trx, found, { [field]: wished }, actor, deps);
  const changed = changedFields(type, row.fields, set);
  const values = Object.fromEntries(changed.map((key) => [key, set[key] ?? null]));
  const after = { ...withValues(row, type, values, actor), conflicts: without(row.conflicts, [field]) };
  const changes: readonly HistoryChange[] =
    changed.length > 0 ? changesBetween(row.fields, after.fields, changed) : [sameChange(field, row.fields[field])];
  await saveRecord(trx, type, { before: row, after, act: { kind: "resolved", changes }, actor });
  return { status: "applied" };
}

/** The winner was kept: the entry says of which field. */
const sameChange = (field: string, value: Json | undefined): HistoryChange =>
  sameValue(value, undefined) ? { field } : { field, from: value as Json, to: value as Json };
