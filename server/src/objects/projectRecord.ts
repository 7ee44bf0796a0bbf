import type { Access } from "@kontor/shared/access";
import { projectFields } from "@kontor/shared/access";
import {
  fieldsOfSection,
  numberFieldOf,
  titleOf,
  type HistoryChange,
  type HistoryDoc,
  type RecordCan,
  type RecordDoc,
  type TypeDefinition,
} from "@kontor/shared/objects";
import type { ChangeMeta, HistoryRow, RecordRow } from "./objects.repo.ts";

/**
 * The record as one reader may see it, or undefined. Whatever is derived of fields is derived of the fields that this
 * reader sees plain: revisions, conflicts, owner, department, and when and by whom it was changed last (VIS-2, VIS-3).
 */
export function projectRecord(row: RecordRow, type: TypeDefinition, access: Access): RecordDoc | undefined {
  if (!access.readable) return undefined;
  const isPlain = (key: string) => access.field(key) === "visible";
  const known = pick(row.fields, (key) => type.fields[key] !== undefined);
  const fields = projectFields(known, access);
  const redacted = Object.keys(fields).filter((key) => !isPlain(key));
  const conflicts = pick(row.conflicts, (key) => isPlain(key) && type.fields[key] !== undefined);
  const metas = pick(row.field_meta, (key) => isPlain(key) && type.fields[key] !== undefined);
  const latest = latestOf([...Object.values(metas), ...(row.state_meta ? [row.state_meta] : [])], row);
  const numberField = numberFieldOf(type);
  const number = numberField === undefined ? undefined : fields[numberField];
  const owner = type.ownerField === undefined || isPlain(type.ownerField) ? row.owner : null;
  const department = type.departmentField === undefined || isPlain(type.departmentField) ? row.department : null;
  return {
    id: row.id,
    type: row.type,
    title: titleOf(type, fields),
    ...(typeof number === "string" && { number }),
    ...(row.state !== null && { state: row.state }),
    ...(owner !== null && { owner }),
    ...(department !== null && { department }),
    fields,
    revs: Object.fromEntries(Object.entries(metas).map(([key, [rev]]) => [key, rev])),
    ...(redacted.length > 0 && { redacted }),
    ...(Object.keys(conflicts).length > 0 && { conflicts }),
    createdAt: row.created_at,
    createdBy: row.created_by,
    updatedAt: latest.at,
    updatedBy: latest.by,
    ...(row.deleted_at !== null && { deletedAt: row.deleted_at }),
    can: canOf(row, type, access),
  };
}

function latestOf(metas: readonly ChangeMeta[], row: RecordRow): { readonly at: string; readonly by: string } {
  let latest = { at: row.created_at, by: row.created_by };
  for (const [, at, by] of metas) if (at > latest.at) latest = { at, by };
  return latest;
}

function canOf(row: RecordRow, type: TypeDefinition, access: Access): RecordCan {
  const possible = possibleActions(row, type);
  const actions = possible.filter((action) => access.may(action));
  const refused = possible.filter((action) => !actions.includes(action)).map((act) => ({ act, by: access.why(act) }));
  const unseen = unseenSections(type, access);
  const hidden = unseen.hidden.length > 0 ? { hidden: unseen.hidden } : {};
  if (row.deleted_at !== null) return { edit: [], actions, ...hidden, ...whyOf([...refused, ...unseen.refused]) };
  const written = Object.keys(type.fields).filter((key) => isWritable(type, key));
  const editable = written.filter((key) => access.field(key) === "visible");
  const edit = editable.filter((key) => access.editable(key));
  return {
    edit: edit.length === written.length && edit.length > 0 ? "*" : edit,
    actions,
    ...hidden,
    ...whyOf([...refused, ...closedSections(type, access, editable), ...unseen.refused]),
  };
}

function possibleActions(row: RecordRow, type: TypeDefinition): readonly string[] {
  if (row.deleted_at !== null) return ["restore"];
  const steps = (type.states?.transitions ?? []).filter((transition) => transition.from.includes(row.state ?? ""));
  return ["delete", "attach", ...steps.map((transition) => `transition:${transition.key}`)];
}

interface Refused {
  readonly act: string;
  readonly by: string | undefined;
}

/** By policy, since one of them usually stands behind most of it: a card is sent thousands of times. */
function whyOf(refused: readonly Refused[]): Pick<RecordCan, "why"> {
  const why: Record<string, string[]> = {};
  for (const { act, by } of refused) if (by !== undefined) (why[by] ??= []).push(act);
  return Object.keys(why).length > 0 ? { why } : {};
}

/** Sections with something to edit that this reader may not edit; one answer where it is the same for all. */
function closedSections(type: TypeDefinition, access: Access, writable: readonly string[]): readonly Refused[] {
  if (writable.every((key) => access.editable(key))) return [];
  const bySection = Map.groupBy(writable, (key) => sectionOf(type, key));
  const closed = [...bySection].flatMap(([section, keys]) => {
    const key = keys.find((each) => !access.editable(each));
    return key === undefined ? [] : [{ act: `edit:${section}`, by: access.why("edit", key) }];
  });
  const [first] = closed;
  const isWhole = closed.length === bySection.size && closed.every(({ by }) => by === first?.by);
  return isWhole && first ? [{ act: "edit", by: first.by }] : closed;
}

interface Closed {
  readonly hidden: readonly string[];
  readonly refused: readonly Refused[];
}

/** Sections of which this reader sees nothing, or something only redacted. */
function unseenSections(type: TypeDefinition, access: Access): Closed {
  const hidden: string[] = [];
  const refused: Refused[] = [];
  for (const [section, keys] of sectionsOf(type)) {
    const seen = keys.filter((key) => access.field(key) !== "absent");
    const masked = seen.length === 0 ? keys[0] : seen.find((key) => access.field(key) !== "visible");
    if (masked === undefined) continue;
    if (seen.length === 0) hidden.push(section);
    refused.push({ act: `read:${section}`, by: access.why("read", masked) });
  }
  return { hidden, refused };
}

/** Asked for every row of a type, and the same for all of them. */
const sectionsByType = new WeakMap<TypeDefinition, readonly (readonly [string, readonly string[]])[]>();
function sectionsOf(type: TypeDefinition): readonly (readonly [string, readonly string[]])[] {
  const known = sectionsByType.get(type);
  if (known) return known;
  const sections = type.sections.map(({ key }) => [key, fieldsOfSection(type, key)] as const);
  sectionsByType.set(type, sections);
  return sections;
}

const sectionOf = (type: TypeDefinition, key: string): string =>
  type.fields[key]?.section ?? type.sections[0]?.key ?? "";

export const isWritable = (type: TypeDefinition, key: string): boolean => {
  const field = type.fields[key];
  return field !== undefined && !field.readOnly && field.kind !== "autoNumber" && field.kind !== "files";
};

/** A history entry as a reader of the record may see it; undefined when nothing of it is for them. */
export function projectHistory(row: HistoryRow, type: TypeDefinition, access: Access): HistoryDoc | undefined {
  if (!access.readable) return undefined;
  if (row.file && access.field(row.file.field) === "absent") return undefined;
  const changes = row.changes.flatMap((change) => projectChange(change, type, access));
  if (changes.length === 0 && (row.kind === "edited" || row.kind === "resolved")) return undefined;
  return {
    id: row.id,
    recordId: row.record_id,
    type: row.type,
    kind: row.kind,
    at: row.at,
    by: row.by_user,
    changes,
    ...(row.transition && { transition: row.transition }),
    ...(row.file && { file: { id: row.file.id, name: row.file.name, act: row.file.act } }),
  };
}

/** A redacted field's changes are left out whole: two redacted values side by side tell more than one. */
const projectChange = (change: HistoryChange, type: TypeDefinition, access: Access): readonly HistoryChange[] =>
  type.fields[change.field] !== undefined && access.field(change.field) === "visible" ? [change] : [];

function pick<Value>(values: Readonly<Record<string, Value>>, keep: (key: string) => boolean): Record<string, Value> {
  return Object.fromEntries(Object.entries(values).filter(([key]) => keep(key)));
}
