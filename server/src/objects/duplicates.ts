import { z } from "zod";
import type { RecordDoc } from "@kontor/shared/objects";
import type { Actor, Database } from "#kernel";
import { present, readableType } from "./listRecords.ts";
import { findRecords, objectTables } from "./objects.repo.ts";
import type { TypeRegistry } from "./typeRegistry.ts";

const MAX_DUPLICATES = 200; // what somebody could still settle; settling some brings the next

export const duplicatesSchema = z.object({
  duplicates: z.array(
    z.object({
      field: z.string(),
      /** Who holds the value, then who took it as well. */
      records: z.array(z.custom<RecordDoc>(() => true)),
    }),
  ),
});

/** Records that share a value that may be there once, for whoever sees it in both (see unique.ts for how it can come to that). */
export async function duplicatesOf(db: Database, name: string, actor: Actor, types: TypeRegistry) {
  const type = readableType(types, name, actor);
  const pairs = await objectTables(db)
    .selectFrom("record_duplicate as second")
    .innerJoin("record_unique as first", (join) =>
      join
        .onRef("first.type", "=", "second.type")
        .onRef("first.field", "=", "second.field")
        .onRef("first.value", "=", "second.value"),
    )
    .select(["second.field", "first.record_id as holder", "second.record_id as other"])
    .where("second.type", "=", type.name)
    .orderBy("second.at")
    .limit(MAX_DUPLICATES)
    .execute();
  const rows = await findRecords(db, [...new Set(pairs.flatMap(({ holder, other }) => [holder, other]))]);
  const docs = new Map<string, RecordDoc>();
  for (const doc of await present(db, rows, actor, types)) docs.set(doc.id, doc);
  const isPlain = (doc: RecordDoc | undefined, field: string): doc is RecordDoc =>
    doc !== undefined && field in doc.fields && !doc.redacted?.includes(field);
  return {
    duplicates: pairs.flatMap(({ field, holder, other }) => {
      const [first, second] = [docs.get(holder), docs.get(other)];
      return isPlain(first, field) && isPlain(second, field) ? [{ field, records: [first, second] }] : [];
    }),
  };
}
