import { newId, type JsonObject } from "@kontor/shared/base";
import type { Database, Transaction } from "./database/database.ts";
import type { Principal } from "./principal.ts";

/** One thing that happened and that somebody may have to answer for (POL-12). */
export interface AuditEntry {
  /** `<feature>.<what happened>`: `people.signedIn`, `access.published`, `record.denied`. */
  readonly action: string;
  readonly outcome: "done" | "denied" | "failed";
  /** Absent: the server itself, or somebody who did not get as far as having a name. */
  readonly by?: AuditActor;
  readonly object?: { readonly kind: string; readonly id?: string; readonly title?: string };
  /** Never a secret, and no value that policies protect: names of fields, not what stands in them. */
  readonly details?: JsonObject;
}

export interface AuditActor extends Partial<Pick<Principal, "userId" | "login" | "channel" | "deviceId">> {
  readonly ip?: string;
}

/**
 * Writes entries in the transaction of what they tell of, so that neither exists without the other. The audit feature
 * chains them once they are committed, and shows them.
 */
export async function recordAudit(db: Database | Transaction, now: string, entries: readonly AuditEntry[]) {
  if (entries.length === 0) return;
  await db
    .withTables<AuditTables>()
    .insertInto("audit_entry")
    .values(
      entries.map(({ action, outcome, by, object, details }) => ({
        id: newId(),
        at: now,
        action,
        outcome,
        user_id: by?.userId ?? null,
        login: by?.login ?? null,
        channel: by?.channel ?? null,
        ip: by?.ip ?? null,
        device_id: by?.deviceId ?? null,
        object_kind: object?.kind ?? null,
        object_id: object?.id ?? null,
        object_title: object?.title ?? null,
        details: JSON.stringify(details ?? {}),
      })),
    )
    .execute();
}

type AuditTables = {
  audit_entry: {
    id: string;
    at: string;
    action: string;
    outcome: AuditEntry["outcome"];
    user_id: string | null;
    login: string | null;
    channel: string | null;
    ip: string | null;
    device_id: string | null;
    object_kind: string | null;
    object_id: string | null;
    object_title: string | null;
    details: string;
  };
};
