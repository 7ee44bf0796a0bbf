import type { FolderRole } from "@kontor/shared/mail";
import { isAboutFolder } from "./account.failure.ts";
import type { AccountWork } from "./account.work.ts";
import { importMessages } from "./importMessages.ts";
import { matchMessages } from "./matchMessages.ts";
import { findByUids, findRemoteFolder, updateRemoteFolder } from "./remote.repo.ts";
import type { SyncedFolder } from "./syncFolders.ts";

/** Of each folder first, before any is filled further: what somebody looks at first. */
const NEWEST = 200;

/** In this order: what people look for first. */
const ORDER: readonly (FolderRole | undefined)[] = ["inbox", "sent", "drafts", "archive", undefined, "junk", "trash"];

export interface Filling {
  /** After each batch; false ends the filling for now. */
  goOn(count: number): boolean | Promise<boolean>;
}

/**
 * Fetches what folders hold from the newest down to the first, the newest of all of them before the rest of any. Goes on where it
 * stopped. Returns whether everything is fetched.
 */
export async function fillFolders(
  work: AccountWork,
  folders: readonly SyncedFolder[],
  { goOn }: Filling,
): Promise<boolean> {
  const ordered = folders.toSorted((a, b) => ORDER.indexOf(a.role) - ORDER.indexOf(b.role));
  for (const most of [NEWEST, Number.POSITIVE_INFINITY]) {
    for (const folder of ordered) {
      if (!(await fillUnlessRefused(work, folder, { most, goOn }))) return false;
    }
  }
  return true;
}

/** What somebody looks at first, alone. */
export const fillNewest = (work: AccountWork, folder: SyncedFolder): Promise<boolean> =>
  fillUnlessRefused(work, folder, { most: NEWEST, goOn: () => true });

/** A folder that cannot be read keeps no other from being filled; it is tried again with the next session. */
async function fillUnlessRefused(...args: Parameters<typeof fillFolder>): Promise<boolean> {
  try {
    return await fillFolder(...args);
  } catch (error) {
    if (!isAboutFolder(error)) throw error;
    const [{ log, mailboxId }, { folder_id: folderId }] = args;
    log.info({ mailboxId, folderId, err: error }, "a folder of an account cannot be filled");
    return true;
  }
}

/** False: it was told to stop. */
async function fillFolder(
  work: AccountWork,
  { folder_id: folderId, role, only }: SyncedFolder,
  { most, goOn }: Filling & { readonly most: number },
): Promise<boolean> {
  const folder = await findRemoteFolder(work.db, folderId);
  if (!folder || folder.filled_down_to <= 1) return true;
  // The newest of this one are here already; the second time round, the rest.
  if (most !== Number.POSITIVE_INFINITY && folder.filled_down_to < folder.uid_next) return true;
  const selected = await work.session.select(folder.path);
  if (selected.uidValidity !== folder.uid_validity) return false; // it is looked at again first
  const below = await work.session.listUids({ from: 1, to: folder.filled_down_to - 1 }, only);
  const all = below.toReversed();
  const uids = all.slice(0, most);
  const isLast = uids.length === all.length;
  // Found among the lost before a stop, below the point to which it was filled then.
  const known = await findByUids(work.db, folderId, uids);
  let isToStop = false;
  const unknown = await matchMessages(
    work,
    folderId,
    uids.filter((uid) => !known.has(uid)),
  );
  await importMessages(work, {
    folderId,
    areDrafts: role === "drafts",
    uids: unknown,
    stored: (trx, { downTo }) => updateRemoteFolder(trx, folderId, { filled_down_to: downTo }),
    async goOn(count) {
      isToStop = !(await goOn(count));
      return !isToStop;
    },
  });
  if (isToStop) return false;
  const downTo = isLast ? 1 : (uids.at(-1) ?? 1);
  await work.transact((trx) => updateRemoteFolder(trx, folderId, { filled_down_to: downTo }));
  return true;
}
