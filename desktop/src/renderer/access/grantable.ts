import type { GrantLevel } from "@kontor/shared/access";
import { fieldsOfSection, type RecordDoc, type TypeDefinition } from "@kontor/shared/objects";

/** Whether somebody could pass a section of this record on, as far as came with it: a hint, the server decides (POL-10). */
export function grantable(
  record: Pick<RecordDoc, "can" | "redacted">,
  type: TypeDefinition,
  section: string,
  level: GrantLevel,
): boolean {
  const keys = fieldsOfSection(type, section);
  if (record.can.hidden?.includes(section) || keys.some((key) => record.redacted?.includes(key))) return false;
  if (level === "read") return true;
  const { edit } = record.can;
  const written = keys.filter((key) => {
    const field = type.fields[key];
    return field && !field.readOnly && field.kind !== "autoNumber" && field.kind !== "files";
  });
  return edit === "*" || (written.length > 0 && written.every((key) => edit.includes(key)));
}
