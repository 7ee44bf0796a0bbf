import { newId } from "@kontor/shared/base";
import type { Transaction } from "#kernel";
import { findNumbered, type TypeRegistry } from "#objects";
import { applyRules, type ForwardMessage } from "../rules/applyRules.ts";
import { findRulesOf } from "../rules/rules.repo.ts";
import { tellEvents } from "../webhooks/tellEvents.ts";
import { insertLinks } from "./linkRecord.ts";
import { messageTables } from "./messages.repo.ts";
import { placeMessages, type PlacedMessage } from "./placeMessage.ts";

export interface ReceiveDeps {
  readonly types: TypeRegistry;
  readonly forward: ForwardMessage;
}

/** A content that has come to mailboxes of ours, from outside or from one of them. */
export interface Arrival {
  readonly contentId: string;
  /** Absent: read from the content. */
  readonly subject?: string | undefined;
  readonly receivedAt: string;
  readonly recipients: readonly {
    readonly mailboxId: string;
    /** The addresses by which it came here; blind copies are among them. */
    readonly addresses: readonly string[];
  }[];
  /** It goes to junk, and no rule takes it: what nobody asked for is not sent on, nor laid before somebody. */
  readonly isJunk?: boolean;
}

/**
 * Puts a message into every mailbox that it came to: into its thread, where the rules say, and linked to the records whose numbers
 * stand in its subject. Once a mailbox, however often it comes: an address, a group and a repeated delivery are one arrival.
 */
export async function receiveMessage(
  trx: Transaction,
  deps: ReceiveDeps,
  { contentId, subject, receivedAt, recipients, isJunk = false }: Arrival,
): Promise<readonly PlacedMessage[]> {
  const addressesOf = new Map<string, string[]>();
  for (const { mailboxId, addresses } of recipients)
    addressesOf.set(mailboxId, [...(addressesOf.get(mailboxId) ?? []), ...addresses]);
  const there = await alreadyThere(trx, contentId, [...addressesOf.keys()]);
  const mailboxIds = [...addressesOf.keys()].filter((id) => !there.has(id));
  const placed = await placeMessages(
    trx,
    mailboxIds.map((mailboxId) => ({
      mailboxId,
      folder: { role: isJunk ? "junk" : "inbox" },
      contentId,
      receivedAt,
    })),
  );
  if (isJunk) return placed;
  await tellEvents(trx, "mail.received", {
    at: receivedAt,
    happened: placed.map(({ id: messageId, mailboxId }) => ({ mailboxId, messageId })),
  });
  await linkNumbers(trx, deps.types, { contentId, subject, placed, at: receivedAt });
  // A message to a whole company lies in a thousand mailboxes, of which a few have rules: they are looked for once.
  const ruled = new Set((await findRulesOf(trx, mailboxIds)).map(({ mailbox_id }) => mailbox_id));
  for (const { id, mailboxId } of placed.filter((each) => ruled.has(each.mailboxId)))
    await applyRules(trx, deps, {
      mailboxId,
      messages: [{ id, recipients: addressesOf.get(mailboxId) ?? [] }],
      at: receivedAt,
    });
  return placed;
}

/** A copy that its author keeps is no arrival. */
async function alreadyThere(
  trx: Transaction,
  contentId: string,
  mailboxIds: readonly string[],
): Promise<ReadonlySet<string>> {
  if (mailboxIds.length === 0) return new Set();
  const rows = await messageTables(trx)
    .selectFrom("mail_message")
    .select("mailbox_id")
    .where("content_id", "=", contentId)
    .where("mailbox_id", "in", mailboxIds)
    .where("send_state", "is", null)
    .execute();
  return new Set(rows.map(({ mailbox_id }) => mailbox_id));
}

/** Threads that a subject names records in, of messages that lie in mailboxes already. */
export async function linkNumbers(
  trx: Transaction,
  types: TypeRegistry,
  {
    contentId,
    subject,
    placed,
    at,
  }: Pick<Arrival, "contentId" | "subject"> & { readonly placed: readonly PlacedMessage[]; readonly at: string },
): Promise<void> {
  if (placed.length === 0) return;
  const records = await findNumbered(trx, types, subject ?? (await subjectOf(trx, contentId)));
  await insertLinks(
    trx,
    placed.flatMap(({ mailboxId, threadId }) =>
      records.map(({ id: recordId }) => ({ id: newId(), mailboxId, threadId, recordId, how: "number" as const, at })),
    ),
  );
}

async function subjectOf(trx: Transaction, contentId: string): Promise<string> {
  const content = await messageTables(trx)
    .selectFrom("mail_content")
    .select("subject")
    .where("id", "=", contentId)
    .executeTakeFirstOrThrow();
  return content.subject;
}
