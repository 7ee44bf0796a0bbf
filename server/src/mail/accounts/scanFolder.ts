import type { AccountWork } from "./account.work.ts";
import { applyFlags, type FlagsChange } from "./applyRemote.ts";
import { loseVanished } from "./findMoved.ts";
import type { FetchedFlags, FolderStatus, ImapOffers, ImapSession, SelectedFolder } from "./imap.port.ts";
import {
  findByUids,
  findRemoteFolder,
  loseFolder,
  readKnown,
  settleFolder,
  updateRemoteFolder,
  type RemoteMessageRow,
} from "./remote.repo.ts";
import type { SyncedFolder } from "./syncFolders.ts";

/** What a look at a folder found that is still to be fetched. */
export interface Scan {
  readonly folder: SyncedFolder;
  readonly selected: SelectedFolder;
  /** UIDs that we do not know, above what the first filling is still to fetch. */
  readonly newUids: readonly number[];
}

/**
 * Selects the folder, applies changed flags, and notes which messages are no longer there and which are new. What vanished is
 * only lost yet: it may lie in another folder, which is looked at next.
 *
 * What is new is fetched afterwards, and only then `finishScan` notes how far the folder is known: a worker that is killed in
 * between finds it again.
 */
export async function scanFolder(work: AccountWork, folder: SyncedFolder): Promise<Scan> {
  const selected = await work.session.select(folder.path);
  // A moment has passed since the folders were listed, and changes of ours were done in it.
  const row = await findRemoteFolder(work.db, folder.folder_id);
  const current = { ...folder, ...row };
  if (current.uid_validity !== selected.uidValidity) return beginAnew(work, current, selected);
  const found = await look(work, current, selected);
  await work.transact(async (trx) => {
    await applyFlags(trx, found.changes);
    await loseVanished(
      trx,
      found.vanished.map(({ message_id }) => message_id),
    );
    await settleFolder(trx, current.folder_id);
  });
  return { folder: current, selected, newUids: found.newUids };
}

/** How far the folder is known, once everything that the scan found has been fetched. */
export async function finishScan(work: AccountWork, { folder, selected }: Scan): Promise<void> {
  const set = { uid_next: selected.uidNext, highest_modseq: selected.highestModseq ?? null };
  if (folder.uid_next === set.uid_next && folder.highest_modseq === set.highest_modseq) return;
  await work.transact((trx) => updateRemoteFolder(trx, folder.folder_id, set));
}

/** Never looked into, or its UIDs mean other messages from now on: everything in it is fetched, or found among the lost. */
async function beginAnew(work: AccountWork, folder: SyncedFolder, selected: SelectedFolder): Promise<Scan> {
  const set = {
    uid_validity: selected.uidValidity,
    uid_next: selected.uidNext,
    highest_modseq: selected.highestModseq ?? null,
    filled_down_to: selected.uidNext,
  };
  await work.transact(async (trx) => {
    await loseFolder(trx, folder.folder_id);
    await updateRemoteFolder(trx, folder.folder_id, set);
  });
  if (folder.uid_validity !== null)
    work.log.info({ mailboxId: work.mailboxId, folderId: folder.folder_id }, "UIDVALIDITY changed");
  return { folder: { ...folder, ...set }, selected, newUids: [] };
}

interface Found {
  readonly changes: readonly FlagsChange[];
  readonly vanished: readonly RemoteMessageRow[];
  readonly newUids: readonly number[];
}

function look(work: AccountWork, folder: SyncedFolder, selected: SelectedFolder): Promise<Found> {
  const { highest_modseq: since } = folder;
  const now = selected.highestModseq;
  // One that counts from the beginning again was restored from a backup.
  const canTell = work.session.offers.condstore && now !== undefined && since !== null && BigInt(now) >= BigInt(since);
  if (!canTell) return lookAtAll(work, folder, selected);
  if (work.session.offers.qresync && folder.only === undefined) return lookAtChanges(work, folder, { selected, since });
  return lookAtFlags(work, folder, { selected, since });
}

interface Since {
  readonly selected: SelectedFolder;
  readonly since: string;
}

/** QRESYNC: what changed, and what vanished. */
async function lookAtChanges(
  { session, db }: AccountWork,
  { folder_id: folderId, uid_next: uidNext, filled_down_to: filled }: SyncedFolder,
  { selected, since }: Since,
): Promise<Found> {
  if (since === selected.highestModseq && uidNext === selected.uidNext)
    return { changes: [], vanished: [], newUids: [] };
  const { flags, vanished = [] } = await session.changesSince(since);
  const added = await session.listUids({ from: Math.max(uidNext, filled) });
  const touched = [...new Set([...flags.map(({ uid }) => uid), ...vanished, ...added])];
  const known = await findByUids(db, folderId, touched);
  return compare({ flags, gone: vanished, added, known, filled });
}

/** CONDSTORE alone: which flags changed; what vanished shows by what is left. */
async function lookAtFlags(
  { session, db }: AccountWork,
  { folder_id: folderId, filled_down_to: filled, only }: SyncedFolder,
  { selected, since }: Since,
): Promise<Found> {
  const { flags } = await session.changesSince(since);
  const left = new Set(await listBelow(session, selected, only));
  const known = await readKnown(db, folderId);
  const gone = [...known.keys()].filter((uid) => !left.has(uid));
  const added = [...left].filter((uid) => uid >= filled);
  return compare({ flags: flags.filter(({ uid }) => left.has(uid)), gone, added, known, filled });
}

/** Every flag of every message: what a server without CONDSTORE leaves us. */
async function lookAtAll(
  { session, db }: AccountWork,
  { folder_id: folderId, filled_down_to: filled, only }: SyncedFolder,
  selected: SelectedFolder,
): Promise<Found> {
  const all = selected.uidNext > 1 ? await session.fetchFlags({ from: 1, to: selected.uidNext - 1 }) : [];
  const ours = only === undefined ? undefined : new Set(await listBelow(session, selected, only));
  const flags = ours === undefined ? all : all.filter(({ uid }) => ours.has(uid));
  const known = await readKnown(db, folderId);
  const left = new Set(flags.map(({ uid }) => uid));
  const gone = [...known.keys()].filter((uid) => !left.has(uid));
  return compare({ flags, gone, added: [], known, filled });
}

const listBelow = async (session: ImapSession, { uidNext }: SelectedFolder, only: SyncedFolder["only"]) =>
  uidNext > 1 ? session.listUids({ from: 1, to: uidNext - 1 }, only) : [];

function compare({
  flags,
  gone,
  added,
  known,
  filled,
}: {
  readonly flags: readonly FetchedFlags[];
  readonly gone: readonly number[];
  readonly added: readonly number[];
  readonly known: ReadonlyMap<number, RemoteMessageRow>;
  readonly filled: number;
}): Found {
  // Marked as deleted is away: that is how other clients delete.
  const away = new Set([...gone, ...flags.filter(({ isDeleted }) => isDeleted).map(({ uid }) => uid)]);
  const left = flags.filter(({ uid }) => !away.has(uid));
  const changes = left.flatMap((now) => {
    const row = known.get(now.uid);
    return row ? [{ messageId: row.message_id, before: row, now }] : [];
  });
  // Beside those with new UIDs, those that somebody marked as deleted and then not.
  const back = left.map(({ uid }) => uid).filter((uid) => uid >= filled);
  const newUids = [...new Set([...back, ...added])].filter((uid) => !known.has(uid) && !away.has(uid));
  return {
    changes,
    vanished: [...away].flatMap((uid) => known.get(uid) ?? []),
    newUids: newUids.toSorted((a, b) => b - a),
  };
}

/** Whether the folder may differ from what we know. `last` is how it stood after the last look in this session. */
export function mayDiffer(
  { status, uid_validity, uid_next, highest_modseq }: SyncedFolder,
  last: FolderStatus | undefined,
  { qresync }: ImapOffers,
): boolean {
  if (status === undefined || status.uidValidity !== uid_validity || status.uidNext !== uid_next) return true;
  // With QRESYNC, expunging counts the number up, too; without it that may show in how many there are only.
  if (qresync && status.highestModseq !== undefined) return status.highestModseq !== highest_modseq;
  return (
    last === undefined ||
    last.messages !== status.messages ||
    last.unseen !== status.unseen ||
    last.highestModseq !== status.highestModseq
  );
}
