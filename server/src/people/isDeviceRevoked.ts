import type { Database } from "#kernel";
import { peopleTables } from "./people.tables.ts";

/** Said to whoever names the device, and needs no sign-in: it only makes the device forget. */
export async function isDeviceRevoked(db: Database, deviceId: string): Promise<boolean> {
  const device = await peopleTables(db)
    .selectFrom("device")
    .select("id")
    .where("id", "=", deviceId)
    .where("revoked_at", "is not", null)
    .executeTakeFirst();
  return device !== undefined;
}
