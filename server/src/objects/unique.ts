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

/** Whether a value that somebody else's record holds may be named to the author of this change. */
export type SeesHolder = (holderId: string, field: string) => Promise<boolean>;

/**
 * Makes this record the holder of its unique values and of no others; a deleted one holds none. The table's key decides
 * between two that want the same at once: the second waits for the first and is refused. A refusal tells that the value is
 * there: whoever may not see the holder's is not refused, and the two are kept for those who see both (VIS-3).
 */
export async function saveUnique(
  trx: Transaction,
  type: TypeDefinition,
  { before, after, seesHolder }: { before: RecordRow | undefined; after: RecordRow; seesHolder: SeesHolder },
): Promise<void> {
  const had = before && before.deleted_at === null ? claimsOf(type, before) : new Map<string, string>();
  const wanted = after.deleted_at === null ? claimsOf(type, after) : new Map<string, string>();
  const released = [...had].filter(([field, value]) => wanted.get(field) !== value);
  for (const [field, value] of released) await release(trx, { type: type.name, field, value }, after.id);

  // In one order for everybody, so that two records that swap values do not wait for each other for ever.
  const claimed = [...wanted].filter(([field, value]) => had.get(field) !== value).sort(([a], [b]) => (a < b ? -1 : 1));
  for (const [field, value] of claimed) {
    const holder = await claim(trx, { type: type.name, field, value }, after.id);
    if (holder === undefined) continue;
    if (await seesHolder(holder, field)) throw refusal("record.taken", { problems: [problemOf(field, "field.taken")] });
    await objectTables(trx)
      .insertInto("record_duplicate")
      .values({ type: type.name, field, value, record_id: after.id })
      .execute();
  }
}

interface Claim {
  readonly type: string;
  readonly field: string;
  readonly value: string;
}

/** Undefined: this record holds it now; else who does. */
async function claim(trx: Transaction, { type, field, value }: Claim, id: string): Promise<string | undefined> {
  const db = objectTables(trx);
  for (;;) {
    const taken = await db
      .insertInto("record_unique")
      .values({ type, field, value, record_id: id })
      .onConflict((conflict) => conflict.columns(["type", "field", "value"]).doNothing())
      .returning("record_id")
      .executeTakeFirst();
    if (taken) return undefined;
    const holder = await db
      .selectFrom("record_unique")
      .select("record_id")
      .where("type", "=", type)
      .where("field", "=", field)
      .where("value", "=", value)
      .executeTakeFirst();
    if (holder) return holder.record_id; // else it was given up between the two statements
  }
}

async function release(trx: Transaction, { type, field, value }: Claim, id: string): Promise<void> {
  const db = objectTables(trx);
  await db
    .deleteFrom("record_duplicate")
    .where("type", "=", type)
    .where("field", "=", field)
    .where("record_id", "=", id)
    .execute();
  const held = await db
    .deleteFrom("record_unique")
    .where("type", "=", type)
    .where("field", "=", field)
    .where("record_id", "=", id)
    .returning("record_id")
    .executeTakeFirst();
  if (!held) return;
  const next = await db
    .selectFrom("record_duplicate")
    .select("record_id")
    .where("type", "=", type)
    .where("field", "=", field)
    .where("value", "=", value)
    .orderBy("at")
    .orderBy("record_id")
    .limit(1)
    .executeTakeFirst();
  if (!next) return;
  await db
    .deleteFrom("record_duplicate")
    .where("type", "=", type)
    .where("field", "=", field)
    .where("record_id", "=", next.record_id)
    .execute();
  await db.insertInto("record_unique").values({ type, field, value, record_id: next.record_id }).execute();
}
