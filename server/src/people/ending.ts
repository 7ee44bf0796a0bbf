import { DomainError, type Clock } from "@kontor/shared/base";
import { auditActor, type AuditActor, type Database, type Principal } from "#kernel";
import { unknownDevice } from "./devices.ts";
import { audited, entryAbout } from "./people.audit.ts";
import { peopleTables } from "./people.tables.ts";

/** What ended: sockets that belong to it are closed at once (VIS-6). */
export interface Ended {
  readonly userId: string;
  readonly sessionId?: string;
  readonly deviceId?: string;
  readonly why: "signedOut" | "disabled" | "deviceRevoked";
}

export interface Ending {
  signOut(principal: Principal): Promise<void>;
  /** All sessions of a user except one; tokens stay, they are signed out by deleting them. */
  signOutEverywhere(
    userId: string,
    options?: { readonly except?: string; readonly why?: Ended["why"]; readonly by?: AuditActor },
  ): Promise<number>;
  endSession(sessionId: string, by?: AuditActor): Promise<void>;
  revokeDevice(deviceId: string, by?: AuditActor): Promise<void>;
  onEnded(listener: (ended: Ended) => void): () => void;
}

/** How sessions end before their time. */
export function createEnding(deps: { readonly db: Database; readonly clock: Clock }): Ending {
  const listeners = new Set<(ended: Ended) => void>();
  const tell = (ended: Ended) => {
    for (const listener of listeners) listener(ended);
  };

  async function endSession(sessionId: string, action: string, by: AuditActor | undefined): Promise<boolean> {
    const ended = await audited(deps, async (trx) => {
      const result = await peopleTables(trx)
        .deleteFrom("session")
        .where("id", "=", sessionId)
        .returning(["user_id", "device_id"])
        .executeTakeFirst();
      return { result, ...(result && { entry: entryAbout(action, result.user_id, by, { session: sessionId }) }) };
    });
    if (!ended) return false;
    const device = ended.device_id ? { deviceId: ended.device_id } : {};
    tell({ userId: ended.user_id, sessionId, ...device, why: "signedOut" });
    return true;
  }

  return {
    async endSession(sessionId, by) {
      if (!(await endSession(sessionId, "people.sessionEnded", by)))
        throw new DomainError("notFound", "There is no such session.", { reason: "session.unknown" });
    },
    async signOut(principal) {
      if (principal.sessionId) await endSession(principal.sessionId, "people.signedOut", auditActor(principal));
    },
    async signOutEverywhere(userId, { except, why = "signedOut", by } = {}) {
      const ended = await audited(deps, async (trx) => {
        let query = peopleTables(trx).deleteFrom("session").where("user_id", "=", userId);
        if (except) query = query.where("id", "!=", except);
        const result = await query.returning(["id", "device_id"]).execute();
        const entry = entryAbout("people.sessionsEnded", userId, by, { sessions: result.length, why });
        return { result, ...(result.length > 0 && { entry }) };
      });
      for (const session of ended)
        tell({ userId, sessionId: session.id, ...(session.device_id ? { deviceId: session.device_id } : {}), why });
      // A personal access token has no session, and a socket opened with it ends with its owner's account, too.
      if (why === "disabled") tell({ userId, why });
      return ended.length;
    },
    async revokeDevice(deviceId, by) {
      const device = await audited(deps, async (trx) => {
        const tables = peopleTables(trx);
        const result = await tables
          .updateTable("device")
          .set({ revoked_at: new Date(deps.clock.now()).toISOString() })
          .where("id", "=", deviceId)
          .returning("user_id")
          .executeTakeFirst();
        if (!result) throw unknownDevice();
        await tables.deleteFrom("session").where("device_id", "=", deviceId).execute();
        return { result, entry: entryAbout("people.deviceRevoked", result.user_id, by, { device: deviceId }) };
      });
      tell({ userId: device.user_id, deviceId, why: "deviceRevoked" });
    },
    onEnded(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
