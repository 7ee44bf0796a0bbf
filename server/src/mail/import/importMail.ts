import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import type { Authenticity, ContactDoc, FolderRole, MailSettingsDoc, RuleDoc } from "@kontor/shared/mail";
import { draftText, snippetOf, mailLimits, type Draft } from "@kontor/shared/mail";
import { noteBlob, type BlobStore, type NewFile } from "#files";
import { recordChanges, type Database, type Transaction } from "#kernel";
import type { TypeRegistry } from "#objects";
import { contactTables, type ContactBody } from "../contacts/contacts.repo.ts";
import { emailsOf } from "../contacts/saveContact.ts";
import { createMailboxes, type NewMailbox } from "../mailboxes/createMailbox.ts";
import { findMailboxes, mailboxTables } from "../mailboxes/mailboxes.repo.ts";
import { jsonb, messageTables } from "../messages/messages.repo.ts";
import { placeMessage, placeMessages } from "../messages/placeMessage.ts";
import { linkNumbers } from "../messages/receiveMessage.ts";
import { keepAttachments, storeContent } from "../messages/storeContent.ts";
import { buildMessage, type OutgoingMessage } from "../mime/buildMessage.ts";
import { parseMessage } from "../mime/parseMessage.ts";
import { ruleTables, type RuleBody } from "../rules/rules.repo.ts";
import { insertDraftContent } from "../send/drafts.repo.ts";

/** Whose: somebody's own mailbox, or the one with this id. */
export type ImportedPlace = { readonly ownerId: string } | { readonly mailboxId: string };

/** A message that comes with its past: from another system, or with the demo company. */
export interface ImportedMessage {
  readonly message: OutgoingMessage;
  readonly authenticity: Authenticity;
  readonly at: string;
  readonly copies: readonly ImportedCopy[];
}

export interface ImportedCopy {
  readonly id: string;
  readonly in: ImportedPlace;
  readonly folder: { readonly role: FolderRole } | { readonly id: string };
  /** It is the copy of whoever sent it. */
  readonly sentBy?: string;
  readonly seen?: boolean;
  readonly flagged?: boolean;
  readonly answered?: boolean;
  readonly labels?: readonly string[];
  readonly assigneeId?: string;
}

export interface ImportedMail {
  readonly mailboxes: readonly NewMailbox[];
  readonly folders: readonly { readonly id: string; readonly in: ImportedPlace; readonly name: string }[];
  readonly messages: readonly ImportedMessage[];
  readonly drafts: readonly {
    readonly id: string;
    readonly in: ImportedPlace;
    readonly by: string;
    readonly at: string;
    readonly draft: Draft;
  }[];
  readonly rules: readonly {
    readonly id: string;
    readonly in: ImportedPlace;
    readonly by: string;
    readonly rule: RuleBody & Pick<RuleDoc, "position">;
  }[];
  readonly contacts: readonly {
    readonly id: string;
    readonly kind: ContactDoc["kind"];
    readonly ownerId: string;
    readonly at: string;
    readonly contact: ContactBody;
  }[];
  readonly settings: readonly { readonly userId: string; readonly settings: Partial<Omit<MailSettingsDoc, "id">> }[];
}

export interface ImportMailDeps {
  readonly db: Database;
  readonly blobs: Pick<BlobStore, "put">;
  readonly types: TypeRegistry;
  keepFiles(trx: Transaction, files: readonly NewFile[]): Promise<unknown>;
}

/**
 * Writes mail as if its past had happened here: the same bytes, threads, files and links as of mail that came, without asking for rights
 * and without sending anything. Each thing once, under its id: a second call for the same adds what an interruption left out.
 */
export async function importMail(deps: ImportMailDeps, mail: ImportedMail): Promise<void> {
  const { db } = deps;
  await db.transaction().execute(async (trx) => {
    const there = new Set(
      (
        await findMailboxes(
          trx,
          mail.mailboxes.map(({ id }) => id),
        )
      ).map(({ id }) => id),
    );
    await createMailboxes(
      trx,
      mail.mailboxes.filter(({ id }) => !there.has(id)),
    );
    await importFolders(trx, mail.folders);
  });
  for (const message of mail.messages) await importMessage(deps, message);
  await db.transaction().execute(async (trx) => {
    for (const draft of mail.drafts) await importDraft(trx, draft);
    await importRules(trx, mail.rules);
    await importContacts(trx, mail.contacts);
    await importSettings(trx, mail.settings);
  });
}

async function mailboxIdOf(db: Database | Transaction, place: ImportedPlace): Promise<string> {
  if ("mailboxId" in place) return place.mailboxId;
  const row = await mailboxTables(db)
    .selectFrom("mailbox")
    .select("id")
    .where("owner_id", "=", place.ownerId)
    .where("kind", "=", "personal")
    .executeTakeFirstOrThrow();
  return row.id;
}

async function importFolders(trx: Transaction, folders: ImportedMail["folders"]): Promise<void> {
  for (const { id, in: place, name } of folders) {
    const made = await messageTables(trx)
      .insertInto("mail_folder")
      .values({ id, mailbox_id: await mailboxIdOf(trx, place), parent_id: null, role: null, name })
      .onConflict((conflict) => conflict.column("id").doNothing())
      .returning("id")
      .executeTakeFirst();
    if (made) await recordChanges(trx, [{ collection: "mailFolders", id }]);
  }
}

async function importMessage(deps: ImportMailDeps, imported: ImportedMessage): Promise<void> {
  const { db, blobs, keepFiles, types } = deps;
  const copies = await missing(db, imported.copies);
  if (copies.length === 0) return;
  const bytes = await buffer(buildMessage(imported.message));
  const read = parseMessage(bytes);
  if (read.kind !== "parsed") throw new Error(`a message that was made here cannot be read: ${read.message}`);
  const raw = { sha256: createHash("sha256").update(bytes).digest("hex"), size: bytes.length };
  await blobs.put(Readable.from([bytes]), raw);
  const bodies = await keepAttachments(blobs, read.message);
  await db.transaction().execute(async (trx) => {
    await noteBlob(trx, raw);
    const { authenticity, at: receivedAt } = imported;
    const contentId = await storeContent(
      trx,
      { keepFiles },
      { parsed: read.message, raw, bodies, authenticity, receivedAt },
    );
    const placements = [];
    for (const { in: place, folder, sentBy, ...marks } of copies)
      placements.push({
        ...marks,
        mailboxId: await mailboxIdOf(trx, place),
        folder,
        contentId,
        receivedAt,
        ...(sentBy !== undefined && { send: { state: "sent" as const, at: receivedAt, by: sentBy } }),
      });
    const placed = await placeMessages(trx, placements);
    await linkNumbers(trx, types, { contentId, placed, at: receivedAt });
  });
}

async function missing(db: Database, copies: readonly ImportedCopy[]): Promise<readonly ImportedCopy[]> {
  if (copies.length === 0) return [];
  const rows = await messageTables(db)
    .selectFrom("mail_message")
    .select("id")
    .where(
      "id",
      "in",
      copies.map(({ id }) => id),
    )
    .execute();
  const there = new Set(rows.map(({ id }) => id));
  return copies.filter(({ id }) => !there.has(id));
}

async function importDraft(
  trx: Transaction,
  { id, in: place, by, at, draft }: ImportedMail["drafts"][number],
): Promise<void> {
  const there = await messageTables(trx)
    .selectFrom("mail_message")
    .select("id")
    .where("id", "=", id)
    .executeTakeFirst();
  if (there) return;
  const { from, to, cc, bcc, subject, html, origin } = draft;
  const text = draftText(html);
  const contentId = await insertDraftContent(
    trx,
    {
      subject,
      people: { from: [from], to, cc },
      snippet: snippetOf(text, mailLimits.maxSnippetChars),
      text,
      html: html === "" ? null : html,
      hasRemote: false,
      extras: {},
    },
    { messageId: `${id}@${from.address.slice(from.address.lastIndexOf("@") + 1)}`, inReplyTo: [], refs: [] },
    at,
  );
  await placeMessage(trx, {
    id,
    mailboxId: await mailboxIdOf(trx, place),
    folder: { role: "drafts" },
    contentId,
    receivedAt: at,
    seen: true,
    ...(bcc.length > 0 && { bcc }),
    send: { state: "draft", by },
    origin: { kind: origin.kind, ...(origin.sourceId !== undefined && { sourceId: origin.sourceId }) },
    draftRev: 1,
  });
}

async function importRules(trx: Transaction, rules: ImportedMail["rules"]): Promise<void> {
  for (const { id, in: place, by, rule: whole } of rules) {
    const { position, ...rule } = whole;
    const made = await ruleTables(trx)
      .insertInto("mail_rule")
      .values({ id, mailbox_id: await mailboxIdOf(trx, place), position, rule: jsonb(rule), saved_by: by })
      .onConflict((conflict) => conflict.column("id").doNothing())
      .returning("id")
      .executeTakeFirst();
    if (made) await recordChanges(trx, [{ collection: "mailRules", id }]);
  }
}

async function importContacts(trx: Transaction, contacts: ImportedMail["contacts"]): Promise<void> {
  if (contacts.length === 0) return;
  const made = await contactTables(trx)
    .insertInto("contact")
    .values(
      contacts.map(({ id, kind, ownerId, at, contact }) => ({
        id,
        kind,
        owner_id: ownerId,
        contact: jsonb(contact),
        emails: emailsOf(contact),
        updated_at: at,
      })),
    )
    .onConflict((conflict) => conflict.column("id").doNothing())
    .returning("id")
    .execute();
  await recordChanges(
    trx,
    made.map(({ id }) => ({ collection: "contacts", id })),
  );
}

async function importSettings(trx: Transaction, all: ImportedMail["settings"]): Promise<void> {
  for (const { userId: id, settings } of all) {
    const made = await contactTables(trx)
      .insertInto("mail_settings")
      .values({ id, settings: jsonb(settings) })
      .onConflict((conflict) => conflict.column("id").doNothing())
      .returning("id")
      .executeTakeFirst();
    if (made) await recordChanges(trx, [{ collection: "mailSettings", id }]);
  }
}
