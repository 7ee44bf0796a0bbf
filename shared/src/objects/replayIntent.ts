import type { Json } from "../base/index.ts";
import type { Intent } from "../protocol/index.ts";
import { departmentOf, ownerOf } from "./attributes.ts";
import { isEmptyValue, parseFieldValue } from "./fieldValue.ts";
import { sameValue } from "./record.history.ts";
import { numberFieldOf, titleOf, transitionSets, withDefaults } from "./record.check.ts";
import type { RecordCan, RecordDoc } from "./record.docs.ts";
import { recordIntentSchemas, type RecordIntentArgs } from "./record.intents.ts";
import type { TransitionDefinition, TypeDefinition } from "./type.ts";

/** Who replays, for what only the acting person knows. */
export interface ReplayFrom {
  readonly userId: string;
  readonly department?: string | null;
  /** Where "today" is asked; default UTC. */
  readonly timeZone?: string;
  /** What buttons a record shows that only this device knows yet; the server's own hints replace it. */
  readonly canOfNew?: RecordCan;
}

const CAN_OF_NEW: RecordCan = { edit: "*", actions: ["attach", "delete"] };

/**
 * The row as it will look once the server has taken the intent: what the desktop shows meanwhile (SYN-1). It is pure
 * and total: an intent that does not fit the row, the type or this version leaves the row as it is, because only the
 * server refuses. Revisions stay the server's, for they are what the next edit names as its base; an automatic number
 * is absent until the server gives one.
 */
export function replayIntent(doc: RecordDoc, intent: Intent, type: TypeDefinition, from: ReplayFrom): RecordDoc;
export function replayIntent(
  doc: RecordDoc | undefined,
  intent: Intent,
  type: TypeDefinition,
  from: ReplayFrom,
): RecordDoc | undefined;
export function replayIntent(
  doc: RecordDoc | undefined,
  intent: Intent,
  type: TypeDefinition,
  from: ReplayFrom,
): RecordDoc | undefined {
  if (!(intent.name in recordIntentSchemas)) return doc;
  const name = intent.name as keyof typeof recordIntentSchemas;
  const parsed = recordIntentSchemas[name].safeParse(intent.args);
  if (!parsed.success) return doc;
  if (name === "record.create") {
    const args = parsed.data as RecordIntentArgs<"record.create">;
    // A row that is there already is the server's answer to this very intent.
    return doc ?? (args.type === type.name ? created(intent, args, type, from) : undefined);
  }
  if (!doc || doc.type !== type.name) return doc;
  switch (name) {
    case "record.edit":
      return edited(doc, (parsed.data as RecordIntentArgs<"record.edit">).set, intent, type, from);
    case "record.transition": {
      const { transition: key } = parsed.data as RecordIntentArgs<"record.transition">;
      const transition = type.states?.transitions.find((each) => each.key === key);
      return transition && doc.state !== undefined && transition.from.includes(doc.state)
        ? moved(doc, transition, intent, type, from)
        : doc;
    }
    case "record.delete":
      return doc.deletedAt ? doc : { ...touched(doc, intent, from), deletedAt: intent.at };
    case "record.restore": {
      const { deletedAt: _, ...kept } = touched(doc, intent, from);
      return doc.deletedAt ? kept : doc;
    }
    case "record.resolve":
      return resolved(doc, parsed.data as RecordIntentArgs<"record.resolve">, intent, type, from);
  }
}

function created(
  intent: Intent,
  args: RecordIntentArgs<"record.create">,
  type: TypeDefinition,
  from: ReplayFrom,
): RecordDoc {
  const given = withDefaults(type, args.fields, { ...from, now: intent.at });
  const fields = applied({}, given, type);
  const owner = ownerOf(type, fields, from.userId);
  const department = departmentOf(type, fields, from.department);
  return {
    id: intent.id,
    type: type.name,
    title: titleOf(type, fields),
    ...(type.states && { state: type.states.initial }),
    ...(owner !== undefined && { owner }),
    ...(department !== undefined && { department }),
    fields,
    revs: {},
    createdAt: intent.at,
    createdBy: from.userId,
    updatedAt: intent.at,
    updatedBy: from.userId,
    can: from.canOfNew ?? CAN_OF_NEW,
  };
}

function edited(
  doc: RecordDoc,
  set: Readonly<Record<string, Json>>,
  intent: Intent,
  type: TypeDefinition,
  from: ReplayFrom,
): RecordDoc {
  const fields = applied(doc.fields, set, type);
  if (fields === doc.fields) return doc;
  const redacted = doc.redacted?.filter((key) => !(key in set));
  const { redacted: _, ...rest } = withFields(touched(doc, intent, from), fields, type);
  return redacted?.length ? { ...rest, redacted } : rest;
}

function moved(
  doc: RecordDoc,
  transition: TransitionDefinition,
  intent: Intent,
  type: TypeDefinition,
  from: ReplayFrom,
): RecordDoc {
  const sets = transitionSets(transition, { ...from, now: intent.at });
  const fields = { ...doc.fields, ...sets };
  // Which steps follow is known when the server answers; those that cannot follow are taken away at once.
  const possible = new Set(
    (type.states?.transitions ?? [])
      .filter((each) => each.from.includes(transition.to))
      .map((each) => `transition:${each.key}`),
  );
  const actions = doc.can.actions.filter((action) => !action.startsWith("transition:") || possible.has(action));
  return {
    ...withFields(touched(doc, intent, from), fields, type),
    state: transition.to,
    can: { ...doc.can, actions },
  };
}

function resolved(
  doc: RecordDoc,
  args: RecordIntentArgs<"record.resolve">,
  intent: Intent,
  type: TypeDefinition,
  from: ReplayFrom,
): RecordDoc {
  const conflict = doc.conflicts?.[args.field];
  if (!conflict) return doc;
  const { [args.field]: _, ...others } = doc.conflicts ?? {};
  const { conflicts: __, ...bare } = doc;
  const settled: RecordDoc = Object.keys(others).length > 0 ? { ...bare, conflicts: others } : bare;
  if (args.choice === "theirs") return settled;
  return edited(
    settled,
    { [args.field]: args.choice === "mine" ? conflict.lost : (args.value ?? null) },
    intent,
    type,
    from,
  );
}

/** The given object itself when nothing changes. */
function applied(
  fields: Readonly<Record<string, Json>>,
  set: Readonly<Record<string, Json>>,
  type: TypeDefinition,
): Readonly<Record<string, Json>> {
  const next: Record<string, Json> = { ...fields };
  let changed = false;
  for (const [key, raw] of Object.entries(set)) {
    const field = type.fields[key];
    if (!field || field.kind === "files" || field.kind === "autoNumber") continue;
    // A value that does not fit is shown as it was typed: the person is about to read why it was refused.
    const result = parseFieldValue(field, raw, key);
    const value = result.ok ? result.value : raw;
    if (sameValue(value, fields[key])) continue;
    if (value === undefined || isEmptyValue(value)) delete next[key];
    else next[key] = value;
    changed = true;
  }
  return changed ? next : fields;
}

function withFields(doc: RecordDoc, fields: Readonly<Record<string, Json>>, type: TypeDefinition): RecordDoc {
  const { owner: _, department: __, number: ___, ...rest } = doc;
  const owner = type.ownerField === undefined ? doc.owner : ownerOf(type, fields, doc.createdBy);
  const department = type.departmentField === undefined ? doc.department : departmentOf(type, fields, undefined);
  const numberField = numberFieldOf(type);
  const number = numberField === undefined ? undefined : fields[numberField];
  return {
    ...rest,
    title: titleOf(type, fields),
    ...(typeof number === "string" && { number }),
    ...(owner !== undefined && { owner }),
    ...(department !== undefined && { department }),
    fields,
  };
}

/** The later of both times wins, so that edits of different fields give the same row in either order. */
function touched(doc: RecordDoc, intent: Intent, from: ReplayFrom): RecordDoc {
  return intent.at >= doc.updatedAt ? { ...doc, updatedAt: intent.at, updatedBy: from.userId } : doc;
}
