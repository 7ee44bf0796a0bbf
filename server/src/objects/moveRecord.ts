import { missingFor, transitionSets, type RecordIntentArgs, type TransitionDefinition } from "@kontor/shared/objects";
import type { Actor, IntentOutcome, Transaction } from "#kernel";
import { lockFor, type Found } from "./editRecord.ts";
import { changedFields, changesBetween, saveRecord, touchState, withValues, type RecordDeps } from "./record.write.ts";
import { seenBy } from "./record.values.ts";
import { refusal } from "./refusals.ts";

type ById<Args = object> = { readonly id: string; readonly args: Args };

/** Takes a step from one state to the next. */
export async function transitionRecord(
  trx: Transaction,
  intent: ById<RecordIntentArgs<"record.transition">>,
  actor: Actor,
  deps: RecordDeps,
): Promise<IntentOutcome> {
  const found = await lockFor(trx, intent.id, actor, deps);
  const { row, type, access } = found;
  const transition = type.states?.transitions.find((each) => each.key === intent.args.transition);
  if (!transition) throw refusal("record.transition.unknown");
  if (row.deleted_at !== null) throw refusal("record.deleted");
  if (row.state === null || !transition.from.includes(row.state)) {
    throw refusal("record.transition.state", { params: { state: row.state ?? "" } });
  }
  if (!access.may(`transition:${transition.key}`)) throw refusal("record.transition.forbidden");
  checkComplete(found, transition);

  const sets = transitionSets(transition, { userId: actor.subject.id, now: actor.now, timeZone: deps.timeZone });
  const changed = changedFields(type, row.fields, sets);
  const values = Object.fromEntries(changed.map((key) => [key, sets[key] ?? null]));
  const after = { ...withValues(row, type, values, actor), state: transition.to, state_meta: touchState(row, actor) };
  const act = {
    kind: "transition",
    changes: changesBetween(row.fields, after.fields, changed),
    transition: { key: transition.key, from: row.state, to: transition.to },
  } as const;
  await saveRecord(trx, type, { before: row, after, act, actor });
  return { status: "applied" };
}

/** Names what is missing as far as the actor sees it: that a hidden field is empty is hidden as well. */
function checkComplete({ row, access }: Found, transition: TransitionDefinition): void {
  const missing = missingFor(transition, row.fields);
  if (missing.length > 0)
    throw refusal("record.transition.incomplete", { problems: missing.filter(({ field }) => seenBy(access)(field)) });
}

/** Into the trash: kept whole, with its history and files, until somebody restores it. */
export async function deleteRecord(
  trx: Transaction,
  intent: ById,
  actor: Actor,
  deps: RecordDeps,
): Promise<IntentOutcome> {
  const { row, type, access } = await lockFor(trx, intent.id, actor, deps);
  if (!access.may("delete")) throw refusal("record.delete.forbidden");
  if (row.deleted_at !== null) return { status: "applied" };
  const after = { ...row, deleted_at: actor.now, deleted_by: actor.subject.id, state_meta: touchState(row, actor) };
  await saveRecord(trx, type, { before: row, after, act: { kind: "deleted", changes: [] }, actor });
  return { status: "applied" };
}

export async function restoreRecord(
  trx: Transaction,
  intent: ById,
  actor: Actor,
  deps: RecordDeps,
): Promise<IntentOutcome> {
  const { row, type, access } = await lockFor(trx, intent.id, actor, deps);
  if (!access.may("restore")) throw refusal("record.restore.forbidden");
  if (row.deleted_at === null) return { status: "applied" };
  const after = { ...row, deleted_at: null, deleted_by: null, state_meta: touchState(row, actor) };
  await saveRecord(trx, type, { before: row, after, act: { kind: "restored", changes: [] }, actor });
  return { status: "applied" };
}
