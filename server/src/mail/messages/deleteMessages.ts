import { sql } from "kysely";
import { DomainError, type Json } from "@kontor/shared/base";
import { recordChanges, type Actor, type IntentOutcome, type Transaction } from "#kernel";
import { holdMessage } from "./message.access.ts";
import { messageTables, noteRemoteChanges } from "./messages.repo.ts";

/** For good, and only from where one looks before emptying. What it said goes with the last message that says it (`sweepMail`). */
export async function deleteMessage(
  trx: Transaction,
  { id }: { readonly id: string },
  actor: Actor,
): Promise<IntentOutcome> {
  const { message, mailbox } = await holdMessage(trx, actor, id, "edit");
  if (message.send_state === "scheduled" || message.send_state === "sending")
    throw new DomainError("conflict", "It is about to leave. Call it back first.", { reason: "message.leaving" });
  const folder = await messageTables(trx)
    .selectFrom("mail_folder")
    .select(["role"])
    .where("id", "=", message.folder_id)
    .executeTakeFirst();
  if (message.trashed_at === null && folder?.role !== "junk" && folder?.role !== "trash")
    throw new DomainError("conflict", "Only what lies in the trash or in junk is deleted for good.", {
      reason: "message.notInTrash",
    });
  await removeMessages(trx, [{ ...message, isExternal: mailbox.kind === "external" }]);
  return { status: "applied" };
}

export interface RemovedMessage {
  readonly id: string;
  readonly mailbox_id: string;
  readonly folder_id: string;
  readonly isExternal: boolean;
}

/** Rows, with the links that were of these messages alone; replicas and providers hear of it. */
export async function removeMessages(trx: Transaction, messages: readonly RemovedMessage[]): Promise<void> {
  if (messages.length === 0) return;
  const ids = messages.map(({ id }) => id);
  const external = messages.filter(({ isExternal }) => isExternal);
  const identities = await identitiesOf(
    trx,
    external.map(({ id }) => id),
  );
  const links = await messageTables(trx)
    .deleteFrom("mail_link")
    .where("message_id", "in", ids)
    .returning("id")
    .execute();
  await messageTables(trx).deleteFrom("mail_message").where("id", "in", ids).execute();
  await recordChanges(trx, [
    ...ids.map((id) => ({ collection: "messages", id })),
    ...links.flatMap(({ id }) => linkChanges(id)),
  ]);
  await noteRemoteChanges(
    trx,
    external.map(({ id, mailbox_id, folder_id }) => ({
      mailboxId: mailbox_id,
      kind: "delete" as const,
      messageId: id,
      folderId: folder_id,
      args: identities.get(id) ?? {},
    })),
  );
}

/** By which a message is known at its provider when nobody says where it lies there: it is gone here before it is deleted there. */
async function identitiesOf(trx: Transaction, ids: readonly string[]): Promise<ReadonlyMap<string, Json>> {
  if (ids.length === 0) return new Map();
  const { rows } = await sql<{ id: string; identity: Json }>`
    select message.id, jsonb_build_object('messageId', content.message_id, 'size', content.raw_size,
      'receivedAt', message.received_at) as identity
    from mail_message message join mail_content content on content.id = message.content_id
    where message.id = any(${ids}::uuid[])`.execute(trx);
  return new Map(rows.map(({ id, identity }) => [id, identity]));
}

/** Both halves of a link. */
export const linkChanges = (id: string) => [
  { collection: "mailLinks", id },
  { collection: "mailLinkRecords", id },
];
