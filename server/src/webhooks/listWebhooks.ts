import type { JsonObject } from "@kontor/shared/base";
import type { Database } from "#kernel";
import { webhookNotFound } from "./webhooks.service.ts";
import { webhookTables, type EventReason, type EventState, type WebhookRow } from "./webhooks.repo.ts";

/** A webhook without its secrets. */
export type ListedWebhook = Omit<
  WebhookRow,
  "secret_sealed" | "old_secret_sealed" | "old_secret_until" | "paused_until"
> & {
  readonly waiting: number;
};

export interface ListedEvent {
  readonly id: string;
  readonly name: string;
  readonly data: JsonObject;
  readonly at: string;
  readonly state: EventState;
  readonly attempts: number;
  readonly nextAt: string | null;
  readonly status: number | null;
  readonly reason: EventReason | null;
  readonly finishedAt: string | null;
}

/** Of one resource, or of all of a kind; the oldest first. */
export async function listWebhooks(
  db: Database,
  { type, id, limit }: { readonly type: string; readonly id?: string | undefined; readonly limit: number },
): Promise<readonly ListedWebhook[]> {
  return webhookTables(db)
    .selectFrom("webhook")
    .select(listed)
    .select((hook) =>
      hook
        .selectFrom("webhook_event")
        .select((event) => event.fn.countAll<number>().as("count"))
        .whereRef("webhook_id", "=", "webhook.id")
        .where("webhook_event.state", "=", "waiting")
        .$asScalar()
        .$notNull()
        .as("waiting"),
    )
    .where("resource_type", "=", type)
    .$if(id !== undefined, (query) => query.where("resource_id", "=", id ?? ""))
    .orderBy("id")
    .limit(limit)
    .execute();
}

const listed = [
  "webhook.id",
  "owner_id",
  "created_by",
  "resource_type",
  "resource_id",
  "url",
  "events",
  "webhook.state",
  "off_reason",
  "failing_since",
  "failures",
  "delivered_at",
  "created_at",
] as const;

/** Of what it hears, and by whose rights. */
export async function requireWebhook(
  db: Database,
  type: string,
  id: string,
): Promise<Pick<WebhookRow, "resource_id" | "owner_id" | "created_by" | "url">> {
  const hook = await webhookTables(db)
    .selectFrom("webhook")
    .select(["resource_id", "owner_id", "created_by", "url"])
    .where("id", "=", id)
    .where("resource_type", "=", type)
    .executeTakeFirst();
  if (!hook) throw webhookNotFound();
  return hook;
}

/** What became of its events, the newest first. */
export async function listEvents(
  db: Database,
  webhookId: string,
  { limit, before }: { readonly limit: number; readonly before?: string | undefined },
): Promise<readonly ListedEvent[]> {
  const rows = await webhookTables(db)
    .selectFrom("webhook_event")
    .select(["id", "name", "data", "at", "state", "attempts", "next_at", "status", "reason", "finished_at"])
    .where("webhook_id", "=", webhookId)
    .$if(before !== undefined, (query) => query.where("id", "<", before ?? ""))
    .orderBy("id", "desc")
    .limit(limit)
    .execute();
  return rows.map(({ next_at, finished_at, ...row }) => ({
    ...row,
    nextAt: row.state === "waiting" ? next_at : null,
    finishedAt: finished_at,
  }));
}
