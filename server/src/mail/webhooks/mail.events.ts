import { sql } from "kysely";
import { z } from "zod";
import type { JsonObject } from "@kontor/shared/base";
import { mailEventNames } from "@kontor/shared/mail";
import type { Database } from "#kernel";
import type { EventSource } from "#webhooks";
import { accessToMailbox, mailboxResource, requireMailbox, seesMessages } from "../mailboxes/mailbox.resource.ts";

const dataSchema = z.object({ messageId: z.uuid(), outboundId: z.uuid().optional() });

/**
 * What mailboxes tell webhooks. Ids, by which a receiver asks for the rest with a token of its own; of a bounce the recipient as well.
 * Nothing of what a message says ever leaves this way.
 */
export const mailEvents: EventSource = {
  resource: mailboxResource.name,
  events: mailEventNames,
  async requireSight(db, reader, mailboxId) {
    await requireMailbox(db, reader, mailboxId, "read");
  },
  async dataFor(db, reader, { resourceId: mailboxId, data }) {
    const found = await accessToMailbox(db, reader, mailboxId);
    if (!found || !seesMessages(found.access)) return undefined;
    const { messageId, outboundId } = dataSchema.parse(data);
    const place = await findPlace(db, mailboxId, messageId);
    const bounce = outboundId === undefined ? undefined : await findBounce(db, mailboxId, outboundId);
    return { mailboxId, messageId, ...place, ...bounce };
  },
};

/** Where it lies now; nothing where it has gone. */
async function findPlace(db: Database, mailboxId: string, messageId: string): Promise<JsonObject | undefined> {
  const { rows } = await sql<{ threadId: string; folderId: string }>`
    select thread_id as "threadId", folder_id as "folderId" from mail_message
    where id = ${messageId} and mailbox_id = ${mailboxId}`.execute(db);
  return rows[0];
}

async function findBounce(db: Database, mailboxId: string, outboundId: string): Promise<JsonObject | undefined> {
  const { rows } = await sql<{ recipient: string; reply: string | null }>`
    select recipient, reply from mail_outbound where id = ${outboundId} and mailbox_id = ${mailboxId}`.execute(db);
  return rows[0] && { ...rows[0] };
}
