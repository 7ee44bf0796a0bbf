import { sql } from "kysely";
import { DomainError, canonicalJson, type Json } from "@kontor/shared/base";
import { checkTypes, defineType, sortColumnsOf, sortKeysOf, type TypeDefinition } from "@kontor/shared/objects";
import { recordChanges, type Database, type Transaction } from "#kernel";
import { objectTables, recordColumns } from "./objects.repo.ts";

/** The types this server knows, checked as a set. */
export interface TypeRegistry {
  get(name: string): TypeDefinition | undefined;
  all(): readonly TypeDefinition[];
}

export function createTypeRegistry(types: readonly TypeDefinition[]): TypeRegistry {
  for (const type of types) defineType(type);
  checkTypes(types);
  const byName = new Map(types.map((type) => [type.name, type]));
  return { get: (name) => byName.get(name), all: () => types };
}

export const typeOf = (types: TypeRegistry, name: string): TypeDefinition => {
  const type = types.get(name);
  if (!type) throw new DomainError("notFound", `There is no type "${name}".`, { reason: "record.noType" });
  return type;
};

/** Any number that no other lock on this database is likely to use: "types" in ASCII. */
const LOCK = 0x7479706573;

/**
 * Brings the database to what the pack says, at start: definitions, and the sort keys of records whose list columns
 * changed. Two nodes that start together wait for each other, and the second finds nothing left to do.
 */
export async function saveTypes(db: Database, types: TypeRegistry): Promise<{ readonly changed: readonly string[] }> {
  return db.transaction().execute(async (trx) => {
    await sql`select pg_advisory_xact_lock(${LOCK})`.execute(trx);
    const before = new Map(
      (await objectTables(trx).selectFrom("object_type").selectAll().execute()).map((row) => [
        row.name,
        row.definition,
      ]),
    );
    const changed: string[] = [];
    for (const type of types.all()) {
      const old = before.get(type.name);
      if (old && sameJson(old, type)) continue;
      changed.push(type.name);
      await saveType(trx, type);
      if (old && !sameJson(sortingOf(old), sortingOf(type))) await renewSortKeys(trx, type);
    }
    return { changed };
  });
}

async function saveType(trx: Transaction, type: TypeDefinition): Promise<void> {
  const definition = sql<TypeDefinition>`${JSON.stringify(type)}::jsonb`;
  const { id } = await objectTables(trx)
    .insertInto("object_type")
    .values({ name: type.name, definition })
    .onConflict((conflict) =>
      conflict
        .column("name")
        .doUpdateSet((row) => ({ definition, rev: row("object_type.rev", "+", 1), updated_at: sql<string>`now()` })),
    )
    .returning("id")
    .executeTakeFirstOrThrow();
  await recordChanges(trx, [{ collection: "types", id }]);
}

/** Whatever a sort key is made of. */
const sortingOf = (type: TypeDefinition): Json =>
  asJson({
    columns: sortColumnsOf(type).map((column) => ({ column, field: type.fields[column] ?? null })),
    states: type.states?.list ?? null,
  });

const asJson = (value: unknown) => JSON.parse(JSON.stringify(value)) as Json;
const sameJson = (a: unknown, b: unknown) => canonicalJson(asJson(a)) === canonicalJson(asJson(b));

const BATCH = 1_000; // rows per statement: some megabytes of fields at most

async function renewSortKeys(trx: Transaction, type: TypeDefinition): Promise<void> {
  const db = objectTables(trx);
  let after = "00000000-0000-0000-0000-000000000000";
  for (;;) {
    const rows = await db
      .selectFrom("record")
      .select(recordColumns)
      .where("type", "=", type.name)
      .where("id", ">", after)
      .orderBy("id")
      .limit(BATCH)
      .execute();
    const keys = rows.map((row) => sortKeysOf(type, { state: row.state ?? undefined, fields: row.fields }));
    const column = (place: 0 | 1 | 2 | 3) => sql`${keys.map((key) => key[place])}::text[]`;
    await sql`update record set sort1 = k.s1, sort2 = k.s2, sort3 = k.s3, sort4 = k.s4
      from unnest(${rows.map((row) => row.id)}::uuid[], ${column(0)}, ${column(1)}, ${column(2)}, ${column(3)}) as k (id, s1, s2, s3, s4)
      where record.id = k.id`.execute(trx);
    const last = rows.at(-1);
    if (!last || rows.length < BATCH) return;
    after = last.id;
  }
}
