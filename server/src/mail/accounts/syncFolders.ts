import { newId } from "@kontor/shared/base";
import { folderRoles, mailLimits, type FolderRole } from "@kontor/shared/mail";
import { recordChanges, type Transaction } from "#kernel";
import { messageTables } from "../messages/messages.repo.ts";
import { isAboutFolder } from "./account.failure.ts";
import type { AccountWork } from "./account.work.ts";
import { readPending } from "./accounts.repo.ts";
import type { FetchedIdentity, FolderStatus, ImapSession, RemoteFolder } from "./imap.port.ts";
import {
  deleteRemoteFolder,
  emptyRemoteFolder,
  findRemoteFolders,
  insertRemoteFolder,
  readKnown,
  updateRemoteFolder,
  type RemoteFolderRow,
} from "./remote.repo.ts";

/** A folder of ours that lies there, and how it stood when it was listed. */
export interface SyncedFolder extends RemoteFolderRow {
  readonly role: FolderRole | undefined;
  readonly status: FolderStatus | undefined;
  /** Gmail's "all mail": of it, only what lies nowhere else belongs to us. */
  readonly only: "unlabelled" | undefined;
}

interface OwnFolder {
  readonly id: string;
  readonly parent_id: string | null;
  readonly role: FolderRole | null;
  readonly name: string;
}

/**
 * Makes our folders those that lie there: new ones are made, renamed ones found again by their UIDVALIDITY, and of those that
 * are gone the messages are lost until they are found elsewhere. While a change of a folder of ours is still to be done there,
 * its name and place stay as they are here.
 */
export async function syncFolders(
  work: AccountWork,
  listed: readonly RemoteFolder[],
): Promise<readonly SyncedFolder[]> {
  const there = chooseFolders(listed);
  const known = await findRemoteFolders(work.db, work.mailboxId);
  const renamed = await findRenamed(work, there, known);
  await work.transact(async (trx) => {
    const own = await holdOwnFolders(trx, work.mailboxId);
    const pending = new Set(
      (await readPending(trx, work.mailboxId, { limit: 100_000 })).flatMap(({ kind, folder_id }) =>
        kind.endsWith("Folder") && folder_id !== null ? [folder_id] : [],
      ),
    );
    for (const [folderId, path] of renamed) await updateRemoteFolder(trx, folderId, { path });
    const paths = new Set(there.map(({ path }) => path));
    const before = await findRemoteFolders(trx, work.mailboxId);
    for (const gone of before.filter(({ path }) => !paths.has(path))) await deleteRemoteFolder(trx, gone.folder_id);
    const current = before.filter(({ path }) => paths.has(path));
    // Deleted there while it had folders in it: those keep its name, and its messages are gone.
    const hollow = new Set(there.filter(({ holdsMessages }) => !holdsMessages).map(({ path }) => path));
    for (const { folder_id } of current.filter(({ path, uid_validity }) => uid_validity !== null && hollow.has(path)))
      await emptyRemoteFolder(trx, folder_id);
    await makeFolders(trx, work.mailboxId, { there, own, pending, current });
  });
  const rows = await findRemoteFolders(work.db, work.mailboxId);
  const own = await readOwn(work);
  return there.flatMap(({ path, role, status, holdsMessages }) => {
    const row = rows.find((each) => each.path === path);
    const ours = own.get(row?.folder_id ?? "");
    if (!row || !ours || !holdsMessages) return [];
    const only = role === "all" ? ("unlabelled" as const) : undefined;
    return [{ ...row, role: ours.role ?? undefined, status, only }];
  });
}

/** Views of messages that lie elsewhere, too, would double them; and there is an end to how many folders a list shows. */
function chooseFolders(listed: readonly RemoteFolder[]): readonly RemoteFolder[] {
  const parents = new Set(listed.map(({ names }) => keyOf(names.slice(0, -1))));
  return listed
    .filter(({ holdsMessages, names }) => holdsMessages || parents.has(keyOf(names)))
    .filter(({ role, names }) => role !== "view" && names.length > 0 && names.length <= mailLimits.maxFolderDepth)
    .toSorted((a, b) => rank(a) - rank(b) || a.names.length - b.names.length || (a.path < b.path ? -1 : 1))
    .slice(0, mailLimits.maxFoldersPerMailbox);
}

const rank = ({ role }: RemoteFolder): number => (role === undefined ? 1 : 0);

/* ---------- renamed there ---------- */

const SAMPLE = 20; // messages that are looked at before a folder counts as the same one under another name

/** Of folders that are no longer where they were: where they are now. */
async function findRenamed(
  { session, db }: AccountWork,
  there: readonly RemoteFolder[],
  known: readonly RemoteFolderRow[],
): Promise<ReadonlyMap<string, string>> {
  const paths = new Set(there.map(({ path }) => path));
  const knownPaths = new Set(known.map(({ path }) => path));
  const missing = known.filter(({ path, uid_validity }) => !paths.has(path) && uid_validity !== null);
  const unknown = there.filter(({ path, status }) => !knownPaths.has(path) && status !== undefined);
  const renamed = new Map<string, string>();
  for (const folder of missing) {
    const candidates = unknown.filter(
      ({ status }) => status?.uidValidity === folder.uid_validity && status.uidNext >= folder.uid_next,
    );
    for (const { path } of candidates) {
      if ([...renamed.values()].includes(path) || !(await holdsTheSame(session, db, folder, path))) continue;
      renamed.set(folder.folder_id, path);
      break;
    }
  }
  return renamed;
}

/** Some servers give folders that are made in the same second the same UIDVALIDITY. */
async function holdsTheSame(
  session: ImapSession,
  db: AccountWork["db"],
  folder: RemoteFolderRow,
  path: string,
): Promise<boolean> {
  const known = await readKnown(db, folder.folder_id);
  const newest = [...known.values()].toSorted((a, b) => b.uid - a.uid).slice(0, SAMPLE);
  if (newest.length === 0) return true;
  const found = await lookAt(
    session,
    path,
    newest.map(({ uid }) => uid),
  );
  if (!found) return false;
  const rows = await messageTables(db)
    .selectFrom("mail_message as message")
    .innerJoin("mail_content as content", "content.id", "message.content_id")
    .select(["message.id", "content.message_id"])
    .where(
      "message.id",
      "in",
      newest.map(({ message_id }) => message_id),
    )
    .execute();
  const ids = new Map(rows.map((row) => [row.id, row.message_id]));
  const compared = found.filter(({ messageId }) => messageId !== undefined);
  return compared.every(({ uid, messageId }) => {
    const ours = ids.get(known.get(uid)?.message_id ?? "");
    return ours === undefined || ours === messageId;
  });
}

/** Undefined: it was deleted since it was listed, or cannot be opened. */
async function lookAt(
  session: ImapSession,
  path: string,
  uids: readonly number[],
): Promise<readonly FetchedIdentity[] | undefined> {
  try {
    await session.select(path);
    return await session.fetchIdentities(uids);
  } catch (error) {
    if (!isAboutFolder(error)) throw error;
    return undefined;
  }
}

/* ---------- made here ---------- */

interface Making {
  readonly there: readonly RemoteFolder[];
  readonly own: readonly OwnFolder[];
  /** Folders of ours that change there soon. */
  readonly pending: ReadonlySet<string>;
  readonly current: readonly RemoteFolderRow[];
}

async function makeFolders(
  trx: Transaction,
  mailboxId: string,
  { there, own, pending, current }: Making,
): Promise<void> {
  const ids = new Map(current.map(({ path, folder_id }) => [path, folder_id]));
  const attached = new Set(current.map(({ folder_id }) => folder_id));
  const byNames = new Map<string, string>();
  const folders = [...own];
  const changed: string[] = [];

  for (const folder of there.toSorted((a, b) => a.names.length - b.names.length)) {
    const parentId = nearestParent(byNames, folder.names);
    const name = cleanFolderName(folder.names.at(-1) ?? "");
    const role = roleOf(folder);
    let id = ids.get(folder.path);
    if (id === undefined) {
      const free = folders.find(
        (each) =>
          !attached.has(each.id) &&
          (role === undefined
            ? each.role === null && each.parent_id === parentId && each.name === name
            : each.role === role),
      );
      id = free?.id ?? newId();
      if (!free) {
        await insertOwn(trx, { id, mailboxId, parentId, name });
        folders.push({ id, parent_id: parentId, role: null, name });
        changed.push(id);
      }
      await insertRemoteFolder(trx, { folderId: id, mailboxId, path: folder.path });
      attached.add(id);
    } else {
      const ours = folders.find((each) => each.id === id);
      // Deleted here: that is still to be done there, and until then it is not made again.
      const differs = ours?.role === null && (ours.name !== name || ours.parent_id !== parentId);
      if (ours && differs && !pending.has(id)) {
        await renameOwn(trx, { id, parentId, name });
        changed.push(id);
      }
    }
    // One that was deleted here holds nothing any more.
    if (folders.some((each) => each.id === id)) byNames.set(keyOf(folder.names), id);
  }
  await recordChanges(
    trx,
    changed.map((id) => ({ collection: "mailFolders", id })),
  );
}

const keyOf = (names: readonly string[]): string => JSON.stringify(names);

/** Not every server lists the folders between. */
function nearestParent(byNames: ReadonlyMap<string, string>, names: readonly string[]): string | null {
  for (let depth = names.length - 1; depth > 0; depth--) {
    const id = byNames.get(keyOf(names.slice(0, depth)));
    if (id !== undefined) return id;
  }
  return null;
}

function roleOf({ role }: RemoteFolder): FolderRole | undefined {
  if (role === "all") return "archive";
  return folderRoles.find((each) => each === role);
}

/** As `folderName` of our own intents would have it: what a far server calls a folder must be a line of a list, too. */
export function cleanFolderName(name: string): string {
  // oxlint-disable-next-line no-control-regex -- naming control characters is the point
  const cleaned = name.replaceAll(/[\u0000-\u001f\u007f]/gu, " ").trim();
  return cleaned === "" ? "?" : cleaned.slice(0, mailLimits.maxFolderNameChars).toWellFormed();
}

async function insertOwn(
  trx: Transaction,
  { id, mailboxId, parentId, name }: { id: string; mailboxId: string; parentId: string | null; name: string },
): Promise<void> {
  await messageTables(trx)
    .insertInto("mail_folder")
    .values({ id, mailbox_id: mailboxId, parent_id: parentId, role: null, name })
    .execute();
}

async function renameOwn(
  trx: Transaction,
  { id, parentId, name }: { id: string; parentId: string | null; name: string },
): Promise<void> {
  await messageTables(trx)
    .updateTable("mail_folder")
    .set((set) => ({ name, parent_id: parentId, rev: set("rev", "+", 1) }))
    .where("id", "=", id)
    .execute();
}

/** Folders of one mailbox change one after another, since paths are of all of them. */
const holdOwnFolders = (trx: Transaction, mailboxId: string): Promise<readonly OwnFolder[]> =>
  messageTables(trx)
    .selectFrom("mail_folder")
    .select(["id", "parent_id", "role", "name"])
    .where("mailbox_id", "=", mailboxId)
    .orderBy("id")
    .forNoKeyUpdate()
    .execute();

async function readOwn({ db, mailboxId }: AccountWork): Promise<ReadonlyMap<string, Pick<OwnFolder, "role">>> {
  const rows = await messageTables(db)
    .selectFrom("mail_folder")
    .select(["id", "role"])
    .where("mailbox_id", "=", mailboxId)
    .execute();
  return new Map(rows.map((row) => [row.id, row]));
}

/* ---------- gone there ---------- */

/** Folders of the user's that lie nowhere at the provider any more, and are empty. Those that hold something stay. */
export async function dropEmptyFolders(work: AccountWork): Promise<void> {
  await work.transact(async (trx) => {
    const own = await holdOwnFolders(trx, work.mailboxId);
    const attached = new Set((await findRemoteFolders(trx, work.mailboxId)).map(({ folder_id }) => folder_id));
    const pending = await readPending(trx, work.mailboxId, { limit: 100_000 });
    const wanted = new Set(pending.flatMap(({ folder_id, args }) => [folder_id, targetOf(args)]));
    const kept = own.filter(({ id, role }) => role !== null || attached.has(id) || wanted.has(id));
    const keep = new Set<string>();
    for (const folder of kept) {
      // What holds a folder that stays, stays.
      for (let at: OwnFolder | undefined = folder; at;) {
        keep.add(at.id);
        const parent: string | null = at.parent_id;
        at = own.find(({ id }) => id === parent);
      }
    }
    const ids = own.filter(({ id }) => !keep.has(id)).map(({ id }) => id);
    if (ids.length === 0) return;
    // Whoever is putting something into one of them right now is waited for, and seen below.
    await messageTables(trx)
      .selectFrom("mail_folder")
      .select("id")
      .where("id", "in", ids)
      .orderBy("id")
      .forUpdate()
      .execute();
    const used = await messageTables(trx)
      .selectFrom("mail_message")
      .select("folder_id")
      .distinct()
      .where("folder_id", "in", ids)
      .execute();
    const full = new Set(used.map(({ folder_id }) => folder_id));
    const empty = own.filter(({ id }) => ids.includes(id) && !full.has(id) && !holdsOneOf(own, id, full));
    if (empty.length === 0) return;
    const gone = empty.map(({ id }) => id);
    await messageTables(trx).deleteFrom("mail_folder").where("id", "in", gone).execute();
    await recordChanges(
      trx,
      gone.map((id) => ({ collection: "mailFolders", id })),
    );
  });
}

const targetOf = (args: unknown): string | null =>
  typeof args === "object" && args !== null && "toFolderId" in args && typeof args.toFolderId === "string"
    ? args.toFolderId
    : null;

function holdsOneOf(own: readonly OwnFolder[], id: string, full: ReadonlySet<string>): boolean {
  return own.some((child) => child.parent_id === id && (full.has(child.id) || holdsOneOf(own, child.id, full)));
}
