import { DomainError, newId, type Clock } from "@kontor/shared/base";
import type { SignInRequest } from "@kontor/shared/people";
import type { AuditActor, Database, Transaction } from "#kernel";
import { audited } from "./people.audit.ts";
import { peopleTables } from "./people.tables.ts";

/** The device that signed in here before keeps its id; a device that was revoked, or is another's, gets a new one. */
export async function registerDevice(
  trx: Transaction,
  userId: string,
  device: NonNullable<SignInRequest["device"]>,
  now: string,
): Promise<string> {
  if (device.id) {
    const known = await peopleTables(trx)
      .updateTable("device")
      .set({ name: device.name, platform: device.platform, last_seen_at: now })
      .where("id", "=", device.id)
      .where("user_id", "=", userId)
      .where("revoked_at", "is", null)
      .returning("id")
      .executeTakeFirst();
    if (known) return known.id;
  }
  const id = newId();
  await peopleTables(trx)
    .insertInto("device")
    .values({
      id,
      user_id: userId,
      name: device.name,
      platform: device.platform,
      app_version: null,
      created_at: now,
      last_seen_at: now,
      revoked_at: null,
    })
    .execute();
  return id;
}

/** An administrator vouches for the device, or does not any more; counts from its next request on. */
export const trustDevice = (
  deps: { readonly db: Database; readonly clock: Clock },
  deviceId: string,
  trusted: boolean,
  by: AuditActor,
): Promise<void> =>
  audited(deps, async (trx) => {
    const device = await peopleTables(trx)
      .updateTable("device")
      .set({ trusted })
      .where("id", "=", deviceId)
      .where("revoked_at", "is", null)
      .returning(["user_id", "name"])
      .executeTakeFirst();
    if (!device) throw unknownDevice();
    return {
      result: undefined,
      entry: {
        action: trusted ? "device.trusted" : "device.distrusted",
        outcome: "done",
        by,
        object: { kind: "device", id: deviceId, title: device.name },
        details: { userId: device.user_id },
      },
    };
  });

export const unknownDevice = () =>
  new DomainError("notFound", "There is no such device.", { reason: "device.unknown" });
