import type { AccountWork } from "./account.work.ts";
import { removePending, type PendingChange } from "./accounts.repo.ts";
import { applyFlags, applyMoves } from "./applyRemote.ts";
import { importMessages } from "./importMessages.ts";
import { markBits, markNames } from "./marks.ts";
import { deleteRemoteFolder, findPlaces, findRemoteFolder, forgetMessages } from "./remote.repo.ts";

/** Changes that the provider refuses for good: here it becomes again as it is there, so that both sides say the same. */
export async function giveUp(work: AccountWork, changes: readonly PendingChange[]): Promise<void> {
  work.log.warn(
    { mailboxId: work.mailboxId, kinds: changes.map(({ kind }) => kind) },
    "a provider refuses changes for good; they are taken back",
  );
  for (const change of changes) await takeBack(work, change);
}

async function takeBack(work: AccountWork, change: PendingChange): Promise<void> {
  const { id, kind, message_id: messageId, folder_id: folderId } = change;
  const place = messageId === null ? undefined : (await findPlaces(work.db, [messageId])).get(messageId);
  await work.transact(async (trx) => {
    await removePending(trx, [id]);
    if (kind === "deleteFolder" && folderId !== null) await deleteRemoteFolder(trx, folderId);
    if (!place?.folder_id) return;
    const { message_id, folder_id } = place;
    if (kind === "flags") {
      let asked = 0;
      for (const mark of markNames) if (mark in (change.args as object)) asked |= markBits[mark];
      // Labels are no less ours where the provider does not keep them.
      await applyFlags(trx, [{ messageId: message_id, before: { ...place, marks: place.marks ^ asked }, now: place }]);
    } else if (kind === "move") {
      const now = new Date(work.clock.now()).toISOString();
      await applyMoves(trx, [{ messageId: message_id, folderId: folder_id }], now);
    } else if (kind === "delete") await forgetMessages(trx, [message_id]);
  });
  if (kind === "delete" && place?.folder_id && place.uid !== null) await bringBack(work, place.folder_id, place.uid);
}

/** Deleted here, and there it stays: it comes again. */
async function bringBack(work: AccountWork, folderId: string, uid: number): Promise<void> {
  const folder = await findRemoteFolder(work.db, folderId);
  if (!folder) return;
  await work.session.select(folder.path);
  await importMessages(work, { folderId, uids: [uid] });
}
