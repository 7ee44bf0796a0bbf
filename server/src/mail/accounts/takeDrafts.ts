import { sql } from "kysely";
import { newId } from "@kontor/shared/base";
import { addressKey, mailLimits, type DraftOrigin, type MailAddress } from "@kontor/shared/mail";
import type { Transaction } from "#kernel";
import { findMailboxes, type MailboxRow } from "../mailboxes/mailboxes.repo.ts";
import { jsonb, messageTables } from "../messages/messages.repo.ts";
import { placeMessage } from "../messages/placeMessage.ts";
import { filesOf } from "../messages/storeContent.ts";
import { escapeText } from "../mime/html/escape.ts";
import { readAddresses } from "../mime/readAddresses.ts";
import { splitParts } from "../mime/splitParts.ts";
import { holdLeaving, insertDraftContent, noteMessage, type LeavingRow } from "../send/drafts.repo.ts";
import type { AccountWork } from "./account.work.ts";
import { draftState, removePendingDraft } from "./drafts.repo.ts";
import { fromMarks } from "./marks.ts";
import type { FetchedMessage } from "./readMessage.ts";
import { noteDraftThere, placeThere } from "./remote.repo.ts";

/**
 * What lies in the drafts folder there are drafts here: a copy of ours whose APPEND was not answered (DFT-4), what another client
 * made of one of ours (DFT-3), or one that was begun there.
 */
export async function takeDrafts(
  work: AccountWork,
  trx: Transaction,
  folderId: string,
  fetched: readonly FetchedMessage[],
): Promise<void> {
  const [mailbox] = await findMailboxes(trx, [work.mailboxId]);
  if (!mailbox || mailbox.owner_id === null) throw new Error(`mailbox ${work.mailboxId} is nobody's account`);
  for (const message of fetched) {
    const taking: Taking = { work, trx, folderId, mailbox, ownerId: mailbox.owner_id, message };
    if (await takeAttempt(taking)) continue;
    const own = await findOwn(taking);
    if (own?.isUnchanged) await rewriteOwn(taking, own.row);
    else await begin(taking, own?.row);
  }
}

interface Taking {
  readonly work: AccountWork;
  readonly trx: Transaction;
  readonly folderId: string;
  readonly mailbox: MailboxRow;
  readonly ownerId: string;
  readonly message: FetchedMessage;
}

async function takeAttempt({ work, trx, folderId, message }: Taking): Promise<boolean> {
  const { rows } = await sql<{ message_id: string; state: string }>`
    select message_id, args->>'state' as state from mail_remote_change
    where mailbox_id = ${work.mailboxId} and kind = 'draft' and args->>'sha256' = ${message.content.raw.sha256}`.execute(
    trx,
  );
  const [attempt] = rows;
  if (!attempt) return false;
  const { uid, marks, labels } = message;
  await placeThere(trx, work.mailboxId, [{ messageId: attempt.message_id, folderId, uid, marks, labels }]);
  await noteDraftThere(trx, attempt.message_id, attempt.state);
  await removePendingDraft(trx, attempt.message_id);
  return true;
}

/** The draft of this Message-ID whose copy is away there, or older than this one. */
async function findOwn({
  work,
  trx,
  message,
}: Taking): Promise<{ readonly row: LeavingRow; readonly isUnchanged: boolean } | undefined> {
  const { rows } = await sql<{ id: string; isUnchanged: boolean }>`
    select message.id, known.draft = ${draftState} and not exists (select from file
        where file.mail_content_id = message.content_id and file.deleted_at is null and file.state = 'awaiting') as "isUnchanged"
    from mail_content content
      join mail_message message on message.content_id = content.id and message.send_state in ('draft', 'failed')
      join mail_remote_message known on known.message_id = message.id and known.draft is not null
    where message.mailbox_id = ${work.mailboxId} and content.message_id = ${message.content.parsed.messageId}
      and (known.uid is null or known.uid < ${message.uid})
    order by known.uid nulls first limit 1`.execute(trx);
  const row = rows[0] && (await holdLeaving(trx, rows[0].id));
  return rows[0] && row ? { row, isUnchanged: rows[0].isUnchanged } : undefined;
}

/** A content of its own with its own attachments: the old one goes with whatever else nothing leads to. */
async function insertContent({ work, trx, mailbox, message }: Taking, row: LeavingRow | undefined): Promise<string> {
  const { parsed } = message.content;
  const { cards } = row?.extras ?? {};
  const { importance } = parsed.extras;
  const contentId = await insertDraftContent(
    trx,
    {
      subject: parsed.subject,
      people: { from: [fromOf(parsed.people.from, mailbox)], to: whole(parsed.people.to), cc: whole(parsed.people.cc) },
      snippet: parsed.snippet,
      text: parsed.text,
      html: parsed.html ?? htmlOf(parsed.text),
      hasRemote: parsed.hasRemote,
      extras: { ...(importance && { importance }), ...(cards && { cards }) },
    },
    { messageId: parsed.messageId, inReplyTo: parsed.inReplyTo, refs: parsed.refs },
    message.receivedAt,
  );
  const files = filesOf(contentId, message.content);
  if (files.length > 0) await work.contents.keepFiles(trx, files);
  return contentId;
}

/** Half an address is no recipient yet. */
const whole = (list: readonly MailAddress[]): readonly MailAddress[] => list.filter(({ address }) => address !== "");

/** It leaves from this account whatever another client called its author. */
function fromOf([first]: readonly MailAddress[], { address, name }: MailboxRow): MailAddress {
  const isOwn = first && addressKey(first.address) === addressKey(address);
  return isOwn ? first : { address, name: first?.name ?? name };
}

const htmlOf = (text: string): string | null =>
  text.trim() === ""
    ? null
    : text
        .split("\n")
        .map((line) => `<p>${escapeText(line) || "<br>"}</p>`)
        .join("");

async function rewriteOwn(taking: Taking, row: LeavingRow): Promise<void> {
  const { work, trx, folderId, message } = taking;
  const contentId = await insertContent(taking, row);
  const bcc = bccOf(message, row.bcc ?? []);
  const rev = row.draft_rev + 1;
  await messageTables(trx)
    .updateTable("mail_message")
    .set({
      content_id: contentId,
      received_at: message.receivedAt,
      bcc: bcc.length > 0 ? jsonb(bcc) : null,
      draft_rev: rev,
      draft_writer: null,
      draft_alone_since: rev,
      rev: sql<number>`rev + 1`,
    })
    .where("id", "=", row.id)
    .execute();
  await noteMessage(trx, row.id);
  await settle(work, trx, { id: row.id, folderId, message });
}

/** Begun there; or what became there of one that changed here, too: both are kept, and a person decides. */
async function begin(taking: Taking, own: LeavingRow | undefined): Promise<void> {
  const { work, trx, folderId, mailbox, ownerId, message } = taking;
  const contentId = await insertContent(taking, own);
  const bcc = bccOf(message, []);
  const origin: DraftOrigin = { kind: own?.origin?.kind ?? "new", ...(own && { conflictOf: own.id }) };
  const { id } = await placeMessage(trx, {
    id: newId(),
    mailboxId: mailbox.id,
    folder: { id: folderId },
    contentId,
    receivedAt: message.receivedAt,
    ...fromMarks(message.marks),
    labels: message.labels.slice(0, mailLimits.maxLabels),
    ...(bcc.length > 0 && { bcc }),
    send: { state: "draft", by: ownerId },
    origin,
    draftRev: 1,
  });
  await settle(work, trx, { id, folderId, message });
}

/** Addresses alone: a name that we knew stays. */
function bccOf({ bodies }: FetchedMessage, before: readonly MailAddress[]): readonly MailAddress[] {
  const [source] = bodies;
  if (!source) return [];
  const fields = splitParts(source).root.headers.plainAll("bcc");
  const { found } = readAddresses(fields);
  return whole(found).map(
    (there) => before.find(({ address }) => addressKey(address) === addressKey(there.address)) ?? there,
  );
}

interface Taken {
  readonly id: string;
  readonly folderId: string;
  readonly message: FetchedMessage;
}

async function settle({ mailboxId }: AccountWork, trx: Transaction, { id, folderId, message }: Taken): Promise<void> {
  const { uid, marks, labels } = message;
  await placeThere(trx, mailboxId, [{ messageId: id, folderId, uid, marks, labels }]);
  const { rows } = await sql<{ state: string }>`
    select ${draftState} as state from mail_message message where message.id = ${id}`.execute(trx);
  await noteDraftThere(trx, id, rows[0]?.state ?? "");
}
