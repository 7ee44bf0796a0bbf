import { buffer } from "node:stream/consumers";
import { sql } from "kysely";
import type { SendState } from "@kontor/shared/mail";
import type { AccountWork } from "./account.work.ts";
import { removePending, type PendingChange } from "./accounts.repo.ts";
import { isBegun, noteBegun } from "./begun.ts";
import { findPut, type PutMessage } from "./findPut.ts";
import type { Appended } from "./imap.port.ts";
import { labelToKeyword } from "./keyword.ts";
import { toMarks, type MarkValues } from "./marks.ts";
import { removeThere } from "./pushDrafts.ts";
import { remoteFolderFor } from "./pushFolder.ts";
import { findPlaces, findRemoteFolder, placeThere, type RemotePlace } from "./remote.repo.ts";

/** A provider that keeps what it sends for us does so within seconds; after this we do it ourselves. */
const PROVIDER_MS = 120_000;

interface ToAppend extends MarkValues, PutMessage {
  readonly id: string;
  readonly received_at: string;
  readonly labels: readonly string[];
  readonly send_state: SendState | null;
  readonly at: string;
}

/**
 * Puts a message of ours into a folder there: the copy of what was sent, or what was deleted there while it was moved here.
 * False: the provider is about to do it by itself.
 *
 * APPEND is not repeatable: one whose answer was lost is looked for before it is tried again.
 */
export async function appendMessage(work: AccountWork, change: PendingChange): Promise<boolean> {
  const message = await readMessage(work, change);
  const done = () => work.transact((trx) => removePending(trx, [change.id]));
  const there = await placeOf(work, change.message_id ?? "");
  if (!message?.raw_sha256 || there !== undefined) {
    await done(); // deleted here since, or it lies there by now
    return true;
  }
  if (work.savesSent && message.send_state === "sent" && work.clock.now() - Date.parse(message.at) < PROVIDER_MS)
    return false;
  const target = await remoteFolderFor(work, message.folder_id);
  if (!target) {
    await done();
    return true;
  }
  const { session, blobs } = work;
  const { uidValidity, takesLabels, keeps } = await session.select(target.path);
  const labels = takesLabels ? message.labels.filter((label) => labelToKeyword(label) !== undefined) : [];
  const flags = { marks: toMarks(message) & keeps, labels };
  let placed: Appended = { uid: undefined, uidValidity };
  if (isBegun(change.args)) placed = { uid: await findPut(work, message), uidValidity };
  if (placed.uid === undefined) {
    await noteBegun(work.db, [change.id]);
    const raw = await buffer(await blobs.get(message.raw_sha256));
    placed = await session.append(target.path, raw, flags, message.received_at);
  }
  await work.transact(async (trx) => {
    const folder = await findRemoteFolder(trx, message.folder_id);
    const isKnown = placed.uid !== undefined && folder?.uid_validity === placed.uidValidity;
    // Where it lies is found as of any that moved there: by its Message-ID, when the folder is looked into.
    const at = isKnown ? { folderId: message.folder_id, uid: placed.uid ?? null } : { folderId: null, uid: null };
    await placeThere(trx, work.mailboxId, [{ messageId: message.id, ...flags, ...at }], {
      isPut: message.send_state !== "sent",
    });
    await removePending(trx, [change.id]);
  });
  return true;
}

/** It lay there as a draft until it was sent. */
async function placeOf(work: AccountWork, id: string): Promise<RemotePlace | undefined> {
  const place = (await findPlaces(work.db, [id])).get(id);
  if (place?.draft == null) return place;
  await removeThere(work, id, place);
  return undefined;
}

async function readMessage({ db }: AccountWork, { id }: PendingChange): Promise<ToAppend | undefined> {
  const { rows } = await sql<ToAppend>`
    select message.id, message.folder_id, message.received_at, message.seen, message.flagged, message.answered,
      message.forwarded, message.labels, message.send_state, content.raw_sha256, content.raw_size, content.message_id,
      change.at
    from mail_remote_change change
      join mail_message message on message.id = change.message_id
      join mail_content content on content.id = message.content_id
    where change.id = ${id}`.execute(db);
  return rows[0];
}
