import { z } from "zod";
import { AccountFailure, isOverQuota, isRefusal } from "./account.failure.ts";
import type { AccountWork } from "./account.work.ts";
import { readPendingOf, removePending, type PendingChange } from "./accounts.repo.ts";
import { isBegun } from "./begun.ts";
import type { Moved, SelectedFolder } from "./imap.port.ts";
import { createAgain, remoteFolderFor } from "./pushFolder.ts";
import { findCopied, findRenumbered } from "./resumeMove.ts";
import { findRemoteFolder, loseMessages, placeThere, type RemoteFolderRow, type RemotePlace } from "./remote.repo.ts";

export const moveArgs = z.object({ toFolderId: z.uuid() });

/** A change of a message that lies there where we know it. */
export interface Placed {
  readonly change: PendingChange;
  readonly place: RemotePlace & { readonly folder_id: string; readonly uid: number };
}

/** In one folder, which is selected. */
export interface PlacedGroup {
  readonly folder: RemoteFolderRow;
  readonly selected: SelectedFolder;
  readonly group: readonly Placed[];
}

interface Target {
  readonly folderId: string;
  readonly path: string;
}

/** Returns those whose new place the server did not tell, or that were not where we knew them: they are looked for. */
export async function pushMove(
  work: AccountWork,
  first: PendingChange,
  from: PlacedGroup,
): Promise<readonly PendingChange[]> {
  const { folder, selected, group } = from;
  const { toFolderId } = moveArgs.parse(first.args);
  const there = toFolderId === folder.folder_id ? undefined : await remoteFolderFor(work, toFolderId);
  const target = there && { folderId: toFolderId, path: there.path };
  // UIDs mean other messages now: they are looked for first, but for what lies there twice, half moved.
  if (selected.uidValidity !== folder.uid_validity) {
    const begun = target ? await findRenumbered(work, group) : [];
    const resumed = target && begun.length > 0 ? await resume(work, { ...from, group: begun }, target) : [];
    return without(group, resumed).map(({ change }) => change);
  }
  if (!target) {
    // There already, or the folder is no more; then a later change says where it went.
    await work.transact((trx) =>
      removePending(
        trx,
        group.map(({ change }) => change.id),
      ),
    );
    return [];
  }
  const left = without(group, await resume(work, from, target));
  if (left.length === 0) return [];
  const moved = await moveInto(
    work,
    left.map(({ place }) => place.uid),
    target,
  );
  await noteMoved(work, toFolderId, left, moved);
  return left.filter(({ place }) => !moved.uids.has(place.uid)).map(({ change }) => change);
}

const without = (group: readonly Placed[], done: readonly Placed[]): readonly Placed[] => {
  const ids = new Set(done.map(({ change }) => change.id));
  return group.filter(({ change }) => !ids.has(change.id));
};

/** Without MOVE, ends what was begun before and copied; returns that. */
async function resume(
  work: AccountWork,
  { folder, selected, group }: PlacedGroup,
  target: Target,
): Promise<readonly Placed[]> {
  if (work.session.offers.move) return [];
  const copied = await findCopied(work, target, group);
  const again = await work.session.select(folder.path);
  if (again.uidValidity !== selected.uidValidity) throw new AccountFailure("server", "UIDVALIDITY changed");
  const resumed = group.filter(({ place }) => copied.uids.has(place.uid));
  if (resumed.length === 0) return [];
  await work.session.expunge([...copied.uids.keys()]);
  await noteMoved(work, target.folderId, resumed, copied);
  return resumed;
}

/** What the server did not tell the new place of is lost, and found by its Message-ID when the target is looked into. */
async function noteMoved(work: AccountWork, toFolderId: string, group: readonly Placed[], moved: Moved): Promise<void> {
  await work.transact(async (trx) => {
    const known = await findRemoteFolder(trx, toFolderId);
    const uids = known?.uid_validity === moved.uidValidity ? moved.uids : new Map<number, number>();
    const placed = group.flatMap(({ place }) => {
      const uid = uids.get(place.uid);
      return uid === undefined
        ? []
        : [{ messageId: place.message_id, folderId: toFolderId, uid, marks: place.marks, labels: place.labels }];
    });
    await placeThere(trx, work.mailboxId, placed, { isPut: true });
    await loseMessages(
      trx,
      group.filter(({ place }) => !uids.has(place.uid)).map(({ place }) => place.message_id),
    );
    await removePending(
      trx,
      group.filter(({ place }) => uids.has(place.uid)).map(({ change }) => change.id),
    );
  });
}

/** The folder may have been deleted there since it was listed: it is made again, since somebody here still has it. */
async function moveInto(work: AccountWork, uids: readonly number[], { path, folderId }: Target): Promise<Moved> {
  try {
    return await work.session.move(uids, path);
  } catch (error) {
    if (!isRefusal(error) || isOverQuota(error)) throw error;
    await createAgain(work, folderId);
    return work.session.move(uids, path);
  }
}

/**
 * Without MOVE, what was deleted after it was moved goes from where it lies, unless it is half moved already: a full mailbox takes no
 * copy, not even in the trash. With MOVE it may lie there by now, when an answer was lost.
 */
export async function findLeaving(
  work: AccountWork,
  moves: readonly PendingChange[],
): Promise<ReadonlySet<PendingChange>> {
  if (work.session.offers.move) return new Set();
  const pending = await readPendingOf(
    work.db,
    moves.flatMap(({ message_id }) => message_id ?? []),
  );
  const isDeleted = ({ message_id }: PendingChange) =>
    pending.get(message_id ?? "")?.some(({ kind }) => kind === "delete");
  return new Set(moves.filter((change) => isDeleted(change) && !isBegun(change.args)));
}
