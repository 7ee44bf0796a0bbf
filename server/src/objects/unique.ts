import type { Json } from "@kontor/shared/base";
import { problemOf, type TypeDefinition } from "@kontor/shared/objects";
import type { Transaction } from "#kernel";
import { objectTables, type RecordRow } from "./objects.repo.ts";
import { refusal } from "./refusals.ts";

// A B-tree takes 2,704 bytes; some single characters unfold to eighteen.
const MAX_KEY = 600;

/** "A-1" and "a-1" are one number to a person, and so are they here. */
const foldUnique = (text: string) => text.normalize("NFKC").toLowerCase().trim().slice(0, MAX_KEY);

const claimsOf = (type: TypeDefinition, row: RecordRow): ReadonlyMap<string, string> =>
  new Map(
    Object.entries(type.fields).flatMap(([key, field]) => {
      const value: Json | undefined = row.fields[key];
      return field.kind === "text" && field.unique && typeof value === "string"
        ? [[key, foldUnique(value)] as const]
        : [];
    }),
  );

/**
 * Makes this record the holder of its unique values and of no others; a deleted one holds none. The table's key decides
 * between two that want the same at once: the second waits for the first and is refused.
 */
export async function saveUnique(
  trx: Transaction,
  type: TypeDefinition,
  before: RecordRow | undefined,
  after: RecordRow,
): Promise<void> {
  const held = before && before.deleted_at === null ? claimsOf(type, before) : new Map<string, string>();
  const wanted = after.deleted_at === null ? claimsOf(type, after) : new Map<string, string>();
  const db = objectTables(trx);
  const released = [...held].filter(([field, value]) => wanted.get(field) !== value).map(([field]) => field);
  if (released.length > 0)
    await db.deleteFrom("record_unique").where("record_id", "=", after.id).where("field", "in", released).execute();

  // In one order for everybody, so that two records that swap values do not wait for each other for ever.
  const claimed = [...wanted]
    .filter(([field, value]) => held.get(field) !== value)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  for (const [field, value] of claimed) {
    const taken = await db
      .insertInto("record_unique")
      .values({ type: type.name, field, value, record_id: after.id })
      .onConflict((conflict) => conflict.columns(["type", "field", "value"]).doNothing())
      .returning("record_id")
      .executeTakeFirst();
    if (!taken) throw refusal("record.taken", { problems: [problemOf(field, "field.taken")] });
  }
}
