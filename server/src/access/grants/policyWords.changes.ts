import { canonicalJson, hash64, type Json } from "@kontor/shared/base";
import type { AccessEngine } from "@kontor/shared/access";
import { recordChanges, type Database } from "#kernel";
import { policyWords } from "./grants.collections.ts";
import type { KnownTypes } from "./grants.service.ts";

/** In server_state: the hash of each row's words as replicas were told of them last, by the row's id. */
const KEY = "access.policyWords";

/**
 * Words stand in policies and not in a table, and change with a set that no decision depends on: a new title, another
 * contact. Called at start and when a set comes into force, on every node; one of them finds something to note.
 */
export async function notePolicyWords(db: Database, engine: AccessEngine, types: KnownTypes): Promise<boolean> {
  const rows = policyWords(engine.policies, types);
  const now = Object.fromEntries(rows.map((row) => [row.id, hash64(canonicalJson(row as unknown as Json))]));
  return db.transaction().execute(async (trx) => {
    await trx
      .insertInto("server_state")
      .values({ key: KEY, value: "{}" })
      .onConflict((conflict) => conflict.column("key").doNothing())
      .execute();
    const state = await trx
      .selectFrom("server_state")
      .select("value")
      .where("key", "=", KEY)
      .forUpdate()
      .executeTakeFirstOrThrow();
    const before = state.value as Readonly<Record<string, string>>;
    const ids = [...new Set([...Object.keys(before), ...Object.keys(now)])].filter((id) => before[id] !== now[id]);
    if (ids.length === 0) return false;
    await trx
      .updateTable("server_state")
      .set({ value: JSON.stringify(now) })
      .where("key", "=", KEY)
      .execute();
    await recordChanges(
      trx,
      ids.map((id) => ({ collection: "policyWords", id })),
    );
    return true;
  });
}
