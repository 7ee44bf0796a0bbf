import { sectionOf, type HistoryDoc, type RecordDoc, type TypeDefinition } from "@kontor/shared/objects";
import type { AuditActor, AuditEntry, SensitivePart } from "#kernel";
import type { TypeRegistry } from "./typeRegistry.ts";

/** What of a document lies in sections marked sensitive: its sending is in the audit log (POL-12). */
export function sensitiveOfRecord(
  doc: Pick<RecordDoc, "id" | "type" | "fields">,
  types: TypeRegistry,
): SensitivePart[] {
  // A redacted value shows a part of itself, and counts like one that is plain.
  return partOf(types.get(doc.type), doc.id, Object.keys(doc.fields));
}

export function sensitiveOfHistory(doc: HistoryDoc, types: TypeRegistry): SensitivePart[] {
  const fields = doc.changes.map(({ field }) => field);
  return partOf(types.get(doc.type), doc.recordId, fields);
}

export function partOf(type: TypeDefinition | undefined, id: string, fields: readonly string[]): SensitivePart[] {
  const marked = new Set(type?.sections.filter(({ sensitive }) => sensitive).map(({ key }) => key));
  if (!type || marked.size === 0) return [];
  const found = fields.flatMap((key) => {
    const field = Object.hasOwn(type.fields, key) ? type.fields[key] : undefined;
    return field ? [sectionOf(type, field)] : [];
  });
  const sections = new Set(found.filter((section) => marked.has(section)));
  return sections.size > 0 ? [{ type: type.name, id, sections: [...sections].sort() }] : [];
}

/** A sum over a sensitive field, or its largest value, tells of it without naming a record. */
export function sensitiveSums(
  type: TypeDefinition | undefined,
  fields: readonly string[],
  by: AuditActor,
): readonly AuditEntry[] {
  return partOf(type, "", fields).map(({ type: kind, sections }) => ({
    action: "record.sensitiveRead",
    outcome: "done",
    by,
    object: { kind },
    details: { via: "summary", sections },
  }));
}
