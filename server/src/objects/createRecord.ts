import { type FieldProblem, type Json } from "@kontor/shared/base";
import {
  checkRecord,
  dayIn,
  departmentOf,
  ownerOf,
  problemOf,
  withDefaults,
  type RecordIntentArgs,
  type TypeDefinition,
} from "@kontor/shared/objects";
import type { Actor, IntentOutcome, Transaction } from "#kernel";
import { nextNumber } from "./numbering.ts";
import { findRecords, type ChangeMeta, type RecordRow } from "./objects.repo.ts";
import { checkReferences, filled, parseValues } from "./record.values.ts";
import { changesBetween, saveRecord, type RecordDeps } from "./record.write.ts";
import { refusal } from "./refusals.ts";
import { resourceOfRow } from "./resource.ts";
import { typeOf } from "./typeRegistry.ts";

/**
 * Makes a record under the id that the client chose, so that what hangs on it offline (files, relations) already knows
 * it. Fields that the author may not fill are refused by name and left out; the right to create is then asked of the
 * record as it will be.
 */
export async function createRecord(
  trx: Transaction,
  intent: { readonly id: string; readonly args: RecordIntentArgs<"record.create"> },
  actor: Actor,
  deps: RecordDeps,
): Promise<IntentOutcome> {
  const type = typeOf(deps.types, intent.args.type);
  if ((await findRecords(trx, [intent.id])).length > 0) throw refusal("record.exists");

  const given = parseValues(type, intent.args.fields);
  const { row, refused } = await allowedPart(trx, intent.id, type, given, actor, deps);

  const problems = checkRecord(type, row.fields);
  if (problems.length > 0) throw refusal("record.invalid", { problems: namingRefused(problems, refused) });
  await checkReferences(trx, { type, before: {}, after: row.fields, actor, people: deps.people });

  const number = await nextNumber(trx, type, dayIn(deps.timeZone, actor.now));
  const numbered = number ? withFields(row, type, { ...row.fields, [number.field]: number.value }, actor) : row;
  const changes = changesBetween(
    {},
    numbered.fields,
    Object.keys(type.fields).filter((key) => key in numbered.fields),
  );
  await saveRecord(trx, type, { before: undefined, after: numbered, act: { kind: "created", changes }, actor });

  return refused.length > 0
    ? { status: "merged", data: { refused: refused.map((problem) => ({ ...problem })) } }
    : { status: "applied" };
}

async function allowedPart(
  trx: Transaction,
  id: string,
  type: TypeDefinition,
  given: Readonly<Record<string, Json>>,
  actor: Actor,
  deps: RecordDeps,
) {
  const rowOf = (values: Readonly<Record<string, Json>>) => {
    const defaults = {
      userId: actor.subject.id,
      now: actor.now,
      timeZone: deps.timeZone,
      department: actor.subject.department,
    };
    return newRow(id, type, filled(withDefaults(type, values, defaults)), actor);
  };
  const accessTo = async (row: RecordRow) =>
    actor.engine.accessTo(actor.subject, await resourceOfRow(trx, actor.engine, row), actor.context);

  const wished = rowOf(given);
  const access = await accessTo(wished);
  if (!access.may("create")) throw refusal("record.create.forbidden");
  const forbidden = Object.keys(given).filter((key) => given[key] !== null && !access.fillable(key));
  if (forbidden.length === 0) return { row: wished, refused: [] };

  const rest = Object.fromEntries(Object.entries(given).filter(([key]) => !forbidden.includes(key)));
  const row = rowOf(rest);
  // What was left out may have been what the right to create hung on.
  if (!(await accessTo(row)).may("create")) throw refusal("record.create.forbidden");
  return { row, refused: forbidden.map((key) => problemOf(key, "field.forbidden")) };
}

function newRow(id: string, type: TypeDefinition, fields: Readonly<Record<string, Json>>, actor: Actor): RecordRow {
  const row: RecordRow = {
    id,
    type: type.name,
    state: type.states?.initial ?? null,
    owner: ownerOf(type, fields, actor.subject.id) ?? null,
    department: departmentOf(type, fields, actor.subject.department) ?? null,
    created_by: actor.subject.id,
    created_at: actor.now,
    fields: {},
    field_meta: {},
    state_meta: type.states ? [1, actor.now, actor.subject.id] : null,
    conflicts: {},
    deleted_at: null,
    deleted_by: null,
  };
  return withFields(row, type, fields, actor);
}

function withFields(
  row: RecordRow,
  type: TypeDefinition,
  fields: Readonly<Record<string, Json>>,
  actor: Actor,
): RecordRow {
  const known = Object.keys(type.fields).filter((key) => fields[key] !== undefined);
  return {
    ...row,
    fields,
    field_meta: Object.fromEntries(known.map((key): [string, ChangeMeta] => [key, [1, actor.now, actor.subject.id]])),
  };
}

/** A required field that was filled but refused says so, and not "fill this in". */
const namingRefused = (problems: readonly FieldProblem[], refused: readonly FieldProblem[]): readonly FieldProblem[] =>
  problems.map((problem) => refused.find(({ field }) => field === problem.field) ?? problem);
