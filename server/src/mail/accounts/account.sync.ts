import type { Transaction } from "#kernel";
import type { PlacedMessage } from "../messages/placeMessage.ts";
import { isAboutFolder } from "./account.failure.ts";
import type { AccountWork } from "./account.work.ts";
import { fillFolders, fillNewest, type Filling } from "./fillFolders.ts";
import type { FolderStatus, RemoteFolder } from "./imap.port.ts";
import { importMessages } from "./importMessages.ts";
import { matchMessages } from "./matchMessages.ts";
import { pushChanges, type Room } from "./pushChanges.ts";
import { pushDrafts } from "./pushDrafts.ts";
import { findRemoteFolders } from "./remote.repo.ts";
import { hasLost, resolveLost } from "./resolveLost.ts";
import { finishScan, mayDiffer, scanFolder, type Scan } from "./scanFolder.ts";
import { dropEmptyFolders, syncFolders, type SyncedFolder } from "./syncFolders.ts";

/**
 * Two-way sync of one account over one session.
 *
 * Rules, quoted by tests:
 * - **ACC-1** What was done here is done there in its order; until then an older state from there does not undo it.
 * - **ACC-2** A message that moves there, or lies under another UID since UIDVALIDITY changed, stays the same message here, and
 *   is not fetched again.
 * - **ACC-3** What is deleted for good there goes here, unless it was moved here to be kept: then it is put there again.
 * - **ACC-4** After any break (connection, process, database) each message is here once, and none is missing.
 * - **ACC-5** Of a first filling, the newest come first, and those of the inbox before other folders are looked into; what arrives
 *   meanwhile and what is done here does not wait for its end.
 * - **ACC-6** What the provider refuses for good is taken back here; both sides say the same in the end.
 */
export interface AccountSync {
  /** Does there what was done here, then looks at everything that may differ. `thorough`: at every folder. */
  round(options?: { readonly thorough?: boolean; readonly inbox?: boolean }): Promise<void>;
  /** Fetches what is still missing; true when nothing is. */
  bringRest(filling: Filling): Promise<boolean>;
  /** How many messages there are on the other side. */
  total(): number;
  inbox(): SyncedFolder | undefined;
}

export interface SyncHooks {
  /** New messages in the inbox, in the transaction that brings them; not what a first filling finds. */
  arrived?(trx: Transaction, placed: readonly PlacedMessage[]): Promise<void>;
}

/** Of one round. A mailbox in which something arrives between each two looks is looked at again by the next one. */
const MAX_PASSES = 5;

export function createAccountSync(work: AccountWork, hooks: SyncHooks = {}): AccountSync {
  const { session, log, mailboxId } = work;
  const lastStatus = new Map<string, FolderStatus>();
  const refusedDrafts = new Map<string, string>();
  const room: Room = { fullUntil: 0 };
  let folders: readonly SyncedFolder[] = [];

  async function round({ thorough = false, inbox = false } = {}): Promise<void> {
    await pushChanges(work, room);
    let before: readonly RemoteFolder[] | undefined;
    for (let pass = 0; pass < MAX_PASSES; pass++) {
      const listed = await session.listFolders();
      folders = await syncFolders(work, listed);
      const isWhole = await lookInto(
        folders.filter(
          (folder) =>
            (thorough && pass === 0) ||
            (inbox && pass === 0 && folder.role === "inbox") ||
            mayDiffer(folder, lastStatus.get(folder.folder_id), session.offers),
        ),
      );
      if (!isWhole) return;
      // What was put there before is known again by now.
      if (await isFilling()) return pushDrafts(work, refusedDrafts);
      if (!(await hasLost(work))) break;
      if (before && nothingArrived(before, listed)) {
        const { toAppend } = await resolveLost(work);
        if (toAppend > 0) await pushChanges(work, room);
        break;
      }
      before = listed;
    }
    await pushDrafts(work, refusedDrafts);
    await dropEmptyFolders(work);
  }

  /** False: some of them could not be looked into. */
  async function lookInto(toLookAt: readonly SyncedFolder[]): Promise<boolean> {
    // All of them first: what is lost in one of them may be what is new in the next.
    const scans: Scan[] = [];
    let isWhole = true;
    const isFirstLook = folders.every(({ uid_validity }) => uid_validity === null);
    for (const folder of isFirstLook ? inboxFirst(toLookAt) : toLookAt) {
      const scan = await unlessRefused(folder, () => scanFolder(work, folder));
      if (!scan) {
        isWhole &&= folder.uid_validity === null;
        continue;
      }
      scans.push(scan);
      // Nothing is lost yet that could be found again there.
      if (isFirstLook && folder.role === "inbox") await fillNewest(work, folder);
    }
    for (const scan of scans) {
      const isDone = await unlessRefused(scan.folder, () => bring(scan));
      isWhole &&= isDone === true;
    }
    return isWhole;
  }

  /** A folder that cannot be opened (rights, a fault of the server's), or was deleted here meanwhile, keeps no other from its turn. */
  async function unlessRefused<Result>(
    { folder_id: folderId }: SyncedFolder,
    act: () => Promise<Result>,
  ): Promise<Result | undefined> {
    try {
      return await act();
    } catch (error) {
      if (!isAboutFolder(error)) throw error;
      log.info({ mailboxId, folderId, err: error }, "a folder of an account cannot be looked into");
      return undefined;
    }
  }

  /** What the scan found to be new; false when the folder has changed under it. */
  async function bring(scan: Scan): Promise<boolean> {
    const { folder, selected, newUids } = scan;
    if (newUids.length > 0) {
      const again = await session.select(folder.path);
      if (again.uidValidity !== selected.uidValidity) return false;
      const unknown = await matchMessages(work, folder.folder_id, newUids);
      const isInbox = folder.role === "inbox";
      await importMessages(work, {
        folderId: folder.folder_id,
        areDrafts: folder.role === "drafts",
        uids: unknown,
        stored: async (trx, { placed }) => (isInbox ? await hooks.arrived?.(trx, placed) : undefined),
      });
    }
    await finishScan(work, scan);
    if (folder.status) lastStatus.set(folder.folder_id, folder.status);
    return true;
  }

  async function isFilling(): Promise<boolean> {
    const known = await findRemoteFolders(work.db, mailboxId);
    return known.some(({ filled_down_to, uid_validity }) => uid_validity !== null && filled_down_to > 1);
  }

  return {
    round,
    async bringRest(filling) {
      if (!(await isFilling())) return true;
      return fillFolders(work, folders, filling);
    },
    total: () => folders.reduce((sum, { status }) => sum + (status?.messages ?? 0), 0),
    inbox: () => folders.find(({ role }) => role === "inbox"),
  };
}

/** With hundreds of folders, and a server far away, somebody would wait half a minute for the first message. */
const inboxFirst = (folders: readonly SyncedFolder[]) =>
  folders.toSorted((a, b) => Number(b.role === "inbox") - Number(a.role === "inbox"));

/**
 * Folders are looked into one after the other, so a message may move from one that is still to be looked into to one that was. It
 * counts as deleted only when no folder got anything between two looks at all of them.
 */
const nothingArrived = (before: readonly RemoteFolder[], now: readonly RemoteFolder[]): boolean =>
  arrivalsOf(before) === arrivalsOf(now);

const arrivalsOf = (listed: readonly RemoteFolder[]): string =>
  listed
    .map(({ path, status }) => JSON.stringify([path, status?.uidValidity, status?.uidNext]))
    .toSorted()
    .join("\n");
