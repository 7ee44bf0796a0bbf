import type { Json } from "@kontor/shared/base";
import type { Names, TypeDefinition } from "@kontor/shared/objects";
import { useDirectory, useRowsById } from "../replica/index.ts";

/** The ids of records that these values name, so that their titles can be fetched together. */
export function relatedIds(
  type: TypeDefinition | undefined,
  values: readonly Readonly<Record<string, Json | undefined>>[],
  keys?: readonly string[],
): readonly string[] {
  const ids: string[] = [];
  for (const [key, field] of Object.entries(type?.fields ?? {})) {
    if (field.kind !== "relation" || (keys && !keys.includes(key))) continue;
    for (const each of values) {
      const value = each[key];
      if (typeof value === "string") ids.push(value);
      if (Array.isArray(value)) for (const item of value) if (typeof item === "string") ids.push(item);
    }
  }
  return ids;
}

/** Names behind ids, for `formatFieldValue` and `describeChange`. */
export function useNames(recordIds: readonly string[]): Names {
  const directory = useDirectory();
  const records = useRowsById("records", recordIds);
  return {
    person: directory.personName,
    department: directory.departmentName,
    // Until the answer is there, nobody may take a record for one that cannot be seen.
    record: (id) => (records ? records.get(id)?.title : "…"),
  };
}
