import type { Access } from "@kontor/shared/access";
import { projectFields } from "@kontor/shared/access";
import {
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
  if (row.deleted_at !== null) return { edit: [], actions: access.may("restore") ? ["restore"] : [] };
  const editable = Object.keys(type.fields).filter((key) => isWritable(type, key) && access.field(key) === "visible");
  const edit = editable.filter((key) => access.editable(key));
  const possible = (type.states?.transitions ?? []).filter((transition) => transition.from.includes(row.state ?? ""));
  const actions = ["delete", "attach", ...possible.map((transition) => `transition:${transition.key}`)];
  return {
    edit: edit.length === editable.length && edit.length > 0 ? "*" : edit,
    actions: actions.filter((action) => access.may(action)),
  };
}

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
