import { DomainError, newId, type Clock } from "@kontor/shared/base";
import { recordAudit, type AuditActor, type Database, type Seal, type Transaction } from "#kernel";
import { makeSecret, requireSecret } from "./signEvent.ts";
import { webhookLimits } from "./webhooks.limits.ts";
import { webhookTables, type WebhookRow } from "./webhooks.repo.ts";

export interface NewWebhook {
  readonly ownerId: string;
  readonly createdBy?: string | undefined;
  readonly resource: { readonly type: string; readonly id: string };
  readonly url: string;
  readonly events: readonly string[];
  /** Absent: one is made. */
  readonly secret?: string | undefined;
}

export interface WebhookChange {
  readonly url?: string | undefined;
  readonly events?: readonly string[] | undefined;
  readonly on?: boolean | undefined;
}

/** Webhooks and what became of their events. Each change is in the audit log of its own transaction. Asks for no rights. */
export interface WebhookService {
  create(input: NewWebhook, by: AuditActor): Promise<{ readonly id: string; readonly secret: string }>;
  change(id: string, change: WebhookChange, by: AuditActor): Promise<void>;
  /** The old secret signs beside the new one for a day. */
  renewSecret(id: string, by: AuditActor): Promise<{ readonly secret: string }>;
  /** An event that says nothing, to see whether it arrives; also where the webhook is off. */
  test(id: string, by: AuditActor): Promise<{ readonly eventId: string }>;
  remove(id: string, by: AuditActor): Promise<void>;
}

export const TEST_EVENT = "webhook.test";

/** To what its secrets are bound. */
export const sealPurpose = (id: string) => `webhook ${id}`;

export function createWebhookService({
  db,
  seal,
  clock,
  wake,
}: {
  readonly db: Database;
  readonly seal: Seal;
  readonly clock: Clock;
  /** Something may be due. */
  wake(): void;
}): WebhookService {
  const iso = (at = clock.now()) => new Date(at).toISOString();

  /** Changes a webhook that is there, and notes it. */
  async function act<T>(
    { id, action, by }: { readonly id: string; readonly action: string; readonly by: AuditActor },
    change: (trx: Transaction, hook: WebhookRow) => Promise<T>,
  ): Promise<T> {
    const result = await db.transaction().execute(async (trx) => {
      const hook = await webhookTables(trx)
        .selectFrom("webhook")
        .selectAll()
        .where("id", "=", id)
        .forNoKeyUpdate() // events are written meanwhile
        .executeTakeFirst();
      if (!hook) throw webhookNotFound();
      const done = await change(trx, hook);
      await note(trx, by, action, hook);
      return done;
    });
    wake();
    return result;
  }

  const note = (
    trx: Transaction,
    by: AuditActor,
    action: string,
    hook: Pick<WebhookRow, "id" | "url" | "events" | "resource_type" | "resource_id">,
  ) =>
    recordAudit(trx, iso(), [
      {
        action,
        outcome: "done",
        by,
        object: { kind: "webhook", id: hook.id },
        // The path of an address is often a password.
        details: { host: new URL(hook.url).host, events: hook.events, [hook.resource_type]: hook.resource_id },
      },
    ]);

  return {
    async create({ ownerId, createdBy, resource, url, events, secret: own }, by) {
      const id = newId();
      const secret = own === undefined ? makeSecret() : requireSecret(own);
      const row = {
        id,
        owner_id: ownerId,
        created_by: createdBy ?? null,
        resource_type: resource.type,
        resource_id: resource.id,
        url: checkUrl(url),
        events: [...new Set(events)],
        secret_sealed: seal.close(secret, sealPurpose(id)),
      };
      await db.transaction().execute(async (trx) => {
        const others = await webhookTables(trx)
          .selectFrom("webhook")
          .select("id")
          .where("resource_type", "=", resource.type)
          .where("resource_id", "=", resource.id)
          .execute();
        if (others.length >= webhookLimits.perResource) throw tooMany();
        await webhookTables(trx).insertInto("webhook").values(row).execute();
        await note(trx, by, "webhooks.added", row);
      });
      return { id, secret };
    },
    change: (id, { url, events, on }, by) =>
      act({ id, action: "webhooks.changed", by }, async (trx, hook) => {
        const isTurnedOn = on === true && hook.state === "off";
        await webhookTables(trx)
          .updateTable("webhook")
          .set({
            ...(url !== undefined && { url: checkUrl(url) }),
            ...(events !== undefined && { events: [...new Set(events)] }),
            ...(on !== undefined && { state: on ? "on" : "off", off_reason: null }),
            // Whoever mended something sees at once whether it helped.
            ...((isTurnedOn || url !== undefined) && { failing_since: null, failures: 0, paused_until: null }),
          })
          .where("id", "=", id)
          .execute();
        if (on === false) await dropWaiting(trx, id, iso());
      }),
    renewSecret: (id, by) =>
      act({ id, action: "webhooks.secretRenewed", by }, async (trx, { secret_sealed }) => {
        const secret = makeSecret();
        await webhookTables(trx)
          .updateTable("webhook")
          .set({
            secret_sealed: seal.close(secret, sealPurpose(id)),
            old_secret_sealed: secret_sealed,
            old_secret_until: iso(clock.now() + webhookLimits.oldSecretMs),
          })
          .where("id", "=", id)
          .execute();
        return { secret };
      }),
    test: (id, by) =>
      act({ id, action: "webhooks.tested", by }, async (trx) => {
        const eventId = newId();
        const at = iso();
        await webhookTables(trx)
          .insertInto("webhook_event")
          .values({ id: eventId, webhook_id: id, name: TEST_EVENT, data: { webhookId: id }, at, next_at: at })
          .execute();
        return { eventId };
      }),
    remove: (id, by) =>
      act({ id, action: "webhooks.removed", by }, async (trx) => {
        await webhookTables(trx).deleteFrom("webhook").where("id", "=", id).execute();
      }),
  };
}

/** What nobody is to hear any longer. */
export async function dropWaiting(trx: Transaction, webhookId: string, now: string): Promise<void> {
  await webhookTables(trx)
    .updateTable("webhook_event")
    .set({ state: "failed", reason: "off", finished_at: now })
    .where("webhook_id", "=", webhookId)
    .where("state", "=", "waiting")
    .execute();
}

/** HTTPS alone: what is signed is not secret by that. A name and password in it would end in logs. */
function checkUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === "https:" && url.username === "" && url.password === "") {
    url.hash = "";
    if (url.href.length <= webhookLimits.maxUrlChars) return url.href;
  }
  const message = `This is not an address such as https://example.com/hook, with at most ${webhookLimits.maxUrlChars} characters and no password.`;
  throw new DomainError("invalid", message, {
    reason: "webhook.url",
    problems: [{ field: "url", reason: "webhook.url", message, limit: webhookLimits.maxUrlChars }],
  });
}

const tooMany = () =>
  new DomainError("conflict", `There are ${webhookLimits.perResource} webhooks here already.`, {
    reason: "webhook.tooMany",
    params: { limit: webhookLimits.perResource },
  });

export const webhookNotFound = () =>
  new DomainError("notFound", "There is no such webhook.", { reason: "webhook.notFound" });
