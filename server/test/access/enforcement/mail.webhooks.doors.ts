import { newId } from "@kontor/shared/base";
import type { GuardedOffice, Target } from "./guardedOffice.ts";
import type { Probe } from "./probes.ts";

const HOST = "hook.far.example";
const url = `https://${HOST}/31337`; // whoever may not, hears no path

/** A new webhook of the shared mailbox; the ones before it are in the way, since a mailbox has a few at most. */
async function aWebhook({ mail }: Target, { test, userIds }: GuardedOffice): Promise<string> {
  const id = newId();
  await test.pool.query("delete from webhook");
  await test.pool.query(
    `insert into webhook (id, owner_id, created_by, resource_type, resource_id, url, events, secret_sealed, state)
     values ($1, $2, $2, 'mailbox', $3, $4, '{mail.received}', '\\x00', 'off')`,
    [id, userIds.everything, mail.mailboxId, `https://${HOST}/path`],
  );
  return id;
}

const at =
  (path: string, body?: object) =>
  async (target: Target, office: GuardedOffice): Promise<{ path: string; body?: object }> => ({
    path: path.replace(":hook", await aWebhook(target, office)),
    ...(body && { body }),
  });

/** What a mailbox tells is for those who manage it; to have oneself told asks for seeing it. */
export const webhookProbes: Readonly<Record<string, Probe>> = {
  "get /mail/mailboxes/:id/webhooks": {
    kind: "reads",
    readOnlyMayNot: true,
    maskedMay: true,
    shows: HOST,
    async request(target, office) {
      await aWebhook(target, office);
      return { path: `/mail/mailboxes/${target.mail.mailboxId}/webhooks` };
    },
  },
  "post /mail/mailboxes/:id/webhooks": {
    kind: "changes",
    async request(target, office) {
      await aWebhook(target, office);
      return { path: `/mail/mailboxes/${target.mail.mailboxId}/webhooks`, body: { url, events: ["mail.received"] } };
    },
  },
  "patch /mail/webhooks/:id": { kind: "changes", request: at("/mail/webhooks/:hook", { url }) },
  "delete /mail/webhooks/:id": { kind: "changes", maskedMay: true, request: at("/mail/webhooks/:hook") },
  "post /mail/webhooks/:id/secret": { kind: "changes", request: at("/mail/webhooks/:hook/secret", {}) },
  "post /mail/webhooks/:id/test": { kind: "changes", maskedMay: true, request: at("/mail/webhooks/:hook/test", {}) },
  "get /mail/webhooks/:id/events": {
    kind: "reads",
    readOnlyMayNot: true,
    maskedMay: true,
    shows: "mail.received",
    async request(target, office) {
      const id = await aWebhook(target, office);
      await office.test.pool.query(
        `insert into webhook_event (id, webhook_id, name, data, at, state, next_at, finished_at)
         values ($1, $2, 'mail.received', '{"messageId":"31337"}', now(), 'delivered', now(), now())`,
        [newId(), id],
      );
      return { path: `/mail/webhooks/${id}/events` };
    },
  },
};
