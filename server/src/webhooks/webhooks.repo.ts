import type { Generated } from "kysely";
import type { JsonObject } from "@kontor/shared/base";
import type { Database, Transaction } from "#kernel";
import type { OffReason, SendFailure } from "./webhook.port.ts";

export interface WebhookRow {
  readonly id: string;
  readonly owner_id: string;
  readonly created_by: string | null;
  readonly resource_type: string;
  readonly resource_id: string;
  readonly url: string;
  readonly events: readonly string[];
  readonly secret_sealed: Buffer;
  readonly old_secret_sealed: Buffer | null;
  readonly old_secret_until: string | null;
  readonly state: "on" | "off";
  readonly off_reason: OffReason | null;
  readonly failing_since: string | null;
  readonly failures: number;
  readonly paused_until: string | null;
  readonly delivered_at: string | null;
  readonly created_at: string;
}

/** `dropped`: its owner may not see any longer what it is about. */
export type EventState = "waiting" | "delivered" | "failed" | "dropped";
/** `status`: the receiver answered something else than success. `off`: the webhook was switched off. */
export type EventReason = SendFailure | "status" | "notVisible" | "off";

type WebhookTables = {
  webhook: {
    id: string;
    owner_id: string;
    created_by: string | null;
    resource_type: string;
    resource_id: string;
    url: string;
    events: readonly string[];
    secret_sealed: Buffer;
    old_secret_sealed: Buffer | null;
    old_secret_until: string | null;
    state: Generated<"on" | "off">;
    off_reason: OffReason | null;
    failing_since: string | null;
    failures: Generated<number>;
    paused_until: string | null;
    delivered_at: string | null;
    created_at: Generated<string>;
  };
  webhook_event: {
    id: string;
    webhook_id: string;
    name: string;
    data: JsonObject;
    at: string;
    state: Generated<EventState>;
    attempts: Generated<number>;
    next_at: string;
    status: number | null;
    reason: EventReason | null;
    finished_at: string | null;
  };
};

export const webhookTables = (db: Database | Transaction) => db.withTables<WebhookTables>();
