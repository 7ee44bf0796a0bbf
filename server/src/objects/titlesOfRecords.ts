import { titleOf } from "@kontor/shared/objects";
import type { Database } from "#kernel";
import { findRecords } from "./objects.repo.ts";
import type { TypeRegistry } from "./typeRegistry.ts";

/** As whoever sees everything reads them: for administrators, who are told what a change of policies would do. */
export async function titlesOfRecords(
  db: Database,
  types: TypeRegistry,
  ids: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const rows = await findRecords(db, ids);
  return new Map(
    rows.flatMap(({ id, type, fields }) => {
      const definition = types.get(type);
      return definition ? [[id, titleOf(definition, fields)] as const] : [];
    }),
  );
}
