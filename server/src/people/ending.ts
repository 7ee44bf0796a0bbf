import { DomainError, type Clock } from "@kontor/shared/base";
import { auditActor, recordAudit, type AuditActor, type Database, type Principal, type Transaction } from "#kernel";
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

export interface SignOut {
  readonly except?: string;
  readonly why?: Ended["why"];
  readonly by?: AuditActor;
}

export interface Ending {
  signOut(principal: Principal): Promise<void>;
  /** All sessions of a user except one; tokens stay, they are signed out by deleting them. */
  signOutEverywhere(userId: string, options?: SignOut): Promise<number>;
  /**
   * The same in a transaction that changes how one gets in, so that nothing stays open under the old password if the
   * server is stopped between the two. The answer tells who listens, and is called once it is committed.
   */
  signOutWithin(trx: Transaction, userId: string, options?: SignOut): Promise<() => number>;
  endSession(sessionId: string, by?: AuditActor): Promise<void>;
  revokeDevice(deviceId: string, by?: AuditActor): Promise<void>;
  onEnded(listener: (ended: Ended) => void): () => void;
}

/** How sessions end before their time. */
export function createEnding(deps: { readonly db: Database; readonly clock: Clock }): Ending {
  const now = () => new Date(deps.clock.now()).toISOString();
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

  async function signOutWithin(
    trx: Transaction,
    userId: string,
    { except, why = "signedOut", by }: SignOut = {},
  ): Promise<() => number> {
    let query = peopleTables(trx).deleteFrom("session").where("user_id", "=", userId);
    if (except) query = query.where("id", "!=", except);
    const ended = await query.returning(["id", "device_id"]).execute();
    const entry = entryAbout("people.sessionsEnded", userId, by, { sessions: ended.length, why });
    if (ended.length > 0) await recordAudit(trx, now(), [entry]);
    return () => {
      for (const session of ended)
        tell({ userId, sessionId: session.id, ...(session.device_id ? { deviceId: session.device_id } : {}), why });
      // A personal access token has no session, and a socket opened with it ends with its owner's account, too.
      if (why === "disabled") tell({ userId, why });
      return ended.length;
    };
  }

  return {
    async endSession(sessionId, by) {
      if (!(await endSession(sessionId, "people.sessionEnded", by)))
        throw new DomainError("notFound", "There is no such session.", { reason: "session.unknown" });
    },
    async signOut(principal) {
      if (principal.sessionId) await endSession(principal.sessionId, "people.signedOut", auditActor(principal));
    },
    async signOutEverywhere(userId, options) {
      const tellEnded = await deps.db.transaction().execute((trx) => signOutWithin(trx, userId, options));
      return tellEnded();
    },
    signOutWithin,
    async revokeDevice(deviceId, by) {
      const device = await audited(deps, async (trx) => {
        const tables = peopleTables(trx);
        const result = await tables
          .updateTable("device")
          .set({ revoked_at: now() })
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
