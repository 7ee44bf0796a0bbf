import { sql } from "kysely";
import { DomainError, newId } from "@kontor/shared/base";
import type { DraftOrigin, FolderRole, MailAddress, SendState } from "@kontor/shared/mail";
import { recordChanges, type Transaction } from "#kernel";
import { assignThreads } from "../threads/assignThread.ts";
import { messageTables } from "./messages.repo.ts";

/** Where a content is put, and how it is marked there. */
export interface Placement {
  /** Absent: a new one. */
  readonly id?: string;
  readonly mailboxId: string;
  /** A folder of this mailbox, or the one that has this role. */
  readonly folder: { readonly id: string } | { readonly role: FolderRole };
  readonly contentId: string;
  /** The server's clock; of an external account the provider's (INTERNALDATE). Lists are ordered by it. */
  readonly receivedAt: string;
  readonly seen?: boolean;
  readonly flagged?: boolean;
  readonly answered?: boolean;
  readonly forwarded?: boolean;
  readonly labels?: readonly string[];
  readonly assigneeId?: string;
  /** Only on the copy of whoever sends. */
  readonly bcc?: readonly MailAddress[];
  readonly send?: { readonly state: SendState; readonly at?: string; readonly by: string };
  readonly origin?: DraftOrigin;
  readonly draftRev?: number;
  /** The device that saved it. */
  readonly draftWriter?: string;
}

export interface PlacedMessage {
  readonly id: string;
  readonly mailboxId: string;
  readonly folderId: string;
  readonly threadId: string;
}

/**
 * Puts messages into folders and threads; replicas hear of them. Whoever fills several mailboxes in one transaction does it
 * in one call, since mailboxes are locked in one order for their threads. In the order given.
 */
export async function placeMessages(
  trx: Transaction,
  placements: readonly Placement[],
): Promise<readonly PlacedMessage[]> {
  if (placements.length === 0) return [];
  const linked = await readLinked(trx, [...new Set(placements.map(({ contentId }) => contentId))]);
  const threadIds = await assignThreads(
    trx,
    placements.map(({ mailboxId, contentId }) => {
      const content = linked.get(contentId);
      if (!content) throw new Error(`there is no content ${contentId}`);
      return { mailboxId, messageId: content.message_id, inReplyTo: content.in_reply_to, refs: content.refs };
    }),
  );
  const folderOf = await readFolders(trx, placements);
  const placed = placements.map((placement, index) => ({
    id: placement.id ?? newId(),
    mailboxId: placement.mailboxId,
    folder: folderOf(placement),
    threadId: threadIds[index] ?? "",
    placement,
  }));
  await insertRows(
    trx,
    placed.map(({ id, mailboxId, folder, threadId, placement }) => ({
      id,
      mailbox_id: mailboxId,
      folder_id: folder.id,
      content_id: placement.contentId,
      thread_id: threadId,
      received_at: placement.receivedAt,
      seen: placement.seen ?? false,
      flagged: placement.flagged ?? false,
      answered: placement.answered ?? false,
      forwarded: placement.forwarded ?? false,
      labels: placement.labels ?? [],
      assignee_id: placement.assigneeId,
      bcc: placement.bcc,
      send_state: placement.send?.state,
      send_at: placement.send?.at,
      send_by: placement.send?.by,
      origin: placement.origin,
      draft_rev: placement.draftRev ?? 0,
      draft_writer: placement.draftWriter,
      // What begins in the trash ends with it like everything that was put there.
      trashed_at: folder.inTrash ? placement.receivedAt : undefined,
    })),
  );
  await recordChanges(
    trx,
    placed.flatMap(({ id }) => [
      { collection: "messages", id },
      { collection: "mailBodies", id },
    ]),
  );
  return placed.map(({ id, mailboxId, folder, threadId }) => ({ id, mailboxId, folderId: folder.id, threadId }));
}

export async function placeMessage(trx: Transaction, placement: Placement): Promise<PlacedMessage> {
  const [placed] = await placeMessages(trx, [placement]);
  if (!placed) throw new Error("a message was not placed");
  return placed;
}

/** One parameter however many rows: with a value each, reading the statement would take longer than writing the rows. */
const insertRows = (trx: Transaction, rows: readonly Readonly<Record<string, unknown>>[]) =>
  sql`insert into mail_message (id, mailbox_id, folder_id, content_id, thread_id, received_at, seen, flagged, answered, forwarded,
      labels, assignee_id, bcc, send_state, send_at, send_by, origin, draft_rev, draft_writer, draft_alone_since, trashed_at)
    select id, mailbox_id, folder_id, content_id, thread_id, received_at, seen, flagged, answered, forwarded,
      array(select jsonb_array_elements_text(labels)), assignee_id, bcc, send_state, send_at, send_by, origin, draft_rev,
      draft_writer, draft_rev, trashed_at
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as placed (id uuid, mailbox_id uuid, folder_id uuid, content_id uuid,
      thread_id uuid, received_at timestamptz, seen boolean, flagged boolean, answered boolean, forwarded boolean, labels jsonb,
      assignee_id uuid, bcc jsonb, send_state text, send_at timestamptz, send_by uuid, origin jsonb, draft_rev integer,
      draft_writer text, trashed_at timestamptz)`.execute(trx);

async function readLinked(trx: Transaction, contentIds: readonly string[]) {
  const rows = await messageTables(trx)
    .selectFrom("mail_content")
    .select(["id", "message_id", "in_reply_to", "refs"])
    .where("id", "in", contentIds)
    .execute();
  return new Map(rows.map((row) => [row.id, row]));
}

/** Locks the folders that are named against being removed meanwhile, in one order. */
async function readFolders(trx: Transaction, placements: readonly Placement[]) {
  const mailboxIds = [...new Set(placements.map(({ mailboxId }) => mailboxId))];
  const named = placements.flatMap(({ folder }) => ("id" in folder ? [folder.id] : []));
  const roles = placements.flatMap(({ folder }) => ("role" in folder ? [folder.role] : []));
  const rows = await messageTables(trx)
    .selectFrom("mail_folder")
    .select(["id", "mailbox_id", "role", "trashed_at"])
    .where("mailbox_id", "in", mailboxIds)
    .where((where) =>
      where.or([
        ...(roles.length > 0 ? [where("role", "in", [...new Set(roles)])] : []),
        ...(named.length > 0 ? [where("id", "in", named)] : []),
      ]),
    )
    .orderBy("id")
    .forKeyShare()
    .execute();
  return ({ mailboxId, folder }: Placement) => {
    const own = rows.filter((row) => row.mailbox_id === mailboxId);
    const found = own.find((row) => ("id" in folder ? row.id === folder.id : row.role === folder.role));
    if (!found) throw folderNotFound();
    return { id: found.id, inTrash: found.role === "trash" || found.trashed_at !== null };
  };
}

export const folderNotFound = () =>
  new DomainError("notFound", "There is no such folder in this mailbox.", { reason: "folder.notFound" });
