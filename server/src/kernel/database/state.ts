import { randomBytes } from "node:crypto";
import type { Database } from "./database.ts";

/** A fact about this installation, made on first use and then the same for ever; two nodes that ask at once agree. */
export async function readState(db: Database, key: string, make: () => string): Promise<string> {
  await db
    .insertInto("server_state")
    .values({ key, value: JSON.stringify(make()) })
    .onConflict((conflict) => conflict.column("key").doNothing())
    .execute();
  const row = await db.selectFrom("server_state").select("value").where("key", "=", key).executeTakeFirstOrThrow();
  return row.value as string;
}

/** 32 random bytes under a name, for signing. */
export const secretState = async (db: Database, key: string): Promise<Buffer> =>
  Buffer.from(await readState(db, key, () => randomBytes(32).toString("base64")), "base64");
