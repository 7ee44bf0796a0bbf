import { newId, type JsonObject } from "@kontor/shared/base";
import type { Transaction } from "#kernel";
import { webhookTables } from "./webhooks.repo.ts";

/** Something that happened. */
export interface DomainEvent {
  /** In the past tense: `mail.received`. */
  readonly name: string;
  /** Where: who listens to it hears of it. */
  readonly resource: { readonly type: string; readonly id: string };
  /** Ids alone: what its owner may see of the rest is looked up when it leaves. */
  readonly data: JsonObject;
}

/**
 * Writes events into the outbox of whoever listens, in the transaction in which they happen: neither exists without the other, and
 * a kill at any moment loses none. Where nobody listens it is one question to a small table.
 */
export async function recordEvents(trx: Transaction, at: string, events: readonly DomainEvent[]): Promise<void> {
  if (events.length === 0) return;
  const hooks = await webhookTables(trx)
    .selectFrom("webhook")
    .select(["id", "resource_type", "resource_id", "events"])
    .where("state", "=", "on")
    .where("resource_id", "in", [...new Set(events.map(({ resource }) => resource.id))])
    .forKeyShare() // one that is removed meanwhile must not take the mail with it
    .execute();
  const rows = events.flatMap(({ name, resource, data }) =>
    hooks
      .filter((hook) => hook.resource_type === resource.type && hook.resource_id === resource.id)
      .filter((hook) => hook.events.includes(name))
      .map((hook) => ({ id: newId(), webhook_id: hook.id, name, data, at, next_at: at })),
  );
  if (rows.length === 0) return;
  await webhookTables(trx).insertInto("webhook_event").values(rows).execute();
}
