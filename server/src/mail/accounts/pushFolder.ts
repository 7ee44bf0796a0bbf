import { sql } from "kysely";
import { z } from "zod";
import { mailLimits, type FolderRole } from "@kontor/shared/mail";
import { messageTables } from "../messages/messages.repo.ts";
import { AccountFailure, isRefusal } from "./account.failure.ts";
import type { AccountWork } from "./account.work.ts";
import { removePending, type PendingChange } from "./accounts.repo.ts";
import type { RemoteFolder } from "./imap.port.ts";
import {
  deleteRemoteFolder,
  findRemoteFolder,
  findRemoteFolders,
  insertRemoteFolder,
  updateRemoteFolder,
} from "./remote.repo.ts";

const placeArgs = z.object({ name: z.string(), parentId: z.uuid().nullable() });

/** Makes, renames or deletes a folder there. */
export async function pushFolder(work: AccountWork, change: PendingChange): Promise<void> {
  if (change.folder_id !== null) {
    if (change.kind === "createFolder") await create(work, change.folder_id, change);
    else if (change.kind === "renameFolder") await rename(work, change.folder_id, change);
    else await remove(work, change.folder_id);
  }
  await work.transact((trx) => removePending(trx, [change.id]));
}

async function create(work: AccountWork, folderId: string, { args }: PendingChange): Promise<void> {
  if (await findRemoteFolder(work.db, folderId)) return;
  const { name, parentId } = placeArgs.parse(args);
  await createThere(work, folderId, [...(await namesOf(work, parentId)), name]);
}

async function createThere(work: AccountWork, folderId: string, names: readonly string[]): Promise<string> {
  const path = await work.session.createFolder(names);
  const isTaken = (await findRemoteFolders(work.db, work.mailboxId)).some((each) => each.path === path);
  // Another folder of ours lies there under this name: an odd one is better than two in one.
  if (isTaken) return createThere(work, folderId, [...names.slice(0, -1), `${names.at(-1)} 2`]);
  await work.transact((trx) => insertRemoteFolder(trx, { folderId, mailboxId: work.mailboxId, path }));
  return path;
}

async function rename(work: AccountWork, folderId: string, change: PendingChange): Promise<void> {
  const { name, parentId } = placeArgs.parse(change.args);
  const names = [...(await namesOf(work, parentId)), name];
  const folder = await findRemoteFolder(work.db, folderId);
  if (!folder) {
    if (await isHere(work, folderId)) await createThere(work, folderId, names);
    return;
  }
  const before = await listThere(work);
  const old = before.find(({ path }) => path === folder.path);
  if (!old)
    return adopt(
      work,
      folderId,
      before.find((each) => sameNames(each.names, names)),
    );
  if (sameNames(old.names, names)) return;
  const path = await work.session.renameFolder(folder.path, names);
  // What lies below it has moved along.
  const below = before.filter((each) => each.path !== folder.path && startsWith(each.names, old.names));
  const after = await listThere(work);
  const inside = below.flatMap((each) => {
    const moved = [...names, ...each.names.slice(old.names.length)];
    const now = after.find((there) => sameNames(there.names, moved));
    return now ? [{ from: each.path, to: now.path }] : [];
  });
  await work.transact(async (trx) => {
    const known = await findRemoteFolders(trx, work.mailboxId);
    for (const { from, to } of [{ from: folder.path, to: path }, ...inside]) {
      const row = known.find((each) => each.path === from);
      if (row) await updateRemoteFolder(trx, row.folder_id, { path: to });
    }
  });
}

/** It was renamed already, by an attempt whose answer was lost, unless what is called so now is another folder of ours. */
async function adopt(work: AccountWork, folderId: string, found: RemoteFolder | undefined): Promise<void> {
  if (!found) return;
  const known = await findRemoteFolders(work.db, work.mailboxId);
  if (known.some(({ path }) => path === found.path)) return;
  await work.transact((trx) => updateRemoteFolder(trx, folderId, { path: found.path }));
}

/** What arrived in it meanwhile goes where its messages went: into the trash. */
async function remove(work: AccountWork, folderId: string): Promise<void> {
  const folder = await findRemoteFolder(work.db, folderId);
  if (!folder) return;
  const listed = await listThere(work);
  // Under its other name: set aside by an attempt whose answer was lost.
  const there =
    listed.find(({ path }) => path === folder.path) ??
    listed.find(({ names }) => names.at(-1)?.endsWith(asideMark(folderId)));
  if (there) {
    const path = await setAside(work, folderId, there, listed);
    if (there.holdsMessages) await emptyThere(work, path);
    await work.session.deleteFolder(path);
  }
  await work.transact((trx) => deleteRemoteFolder(trx, folderId));
}

const asideMark = (folderId: string): string => ` (${folderId.slice(-12)})`;

/** Something may arrive while much is moved out of it, and while that is. */
const MAX_EMPTYINGS = 4;

/** Until it is seen to be empty: what is left would be gone with it. */
async function emptyThere(work: AccountWork, path: string): Promise<void> {
  for (let turn = 0; turn < MAX_EMPTYINGS; turn++) {
    await work.session.select(path);
    const left = await work.session.listUids({ from: 1 });
    if (left.length === 0) return;
    const trash = await trashOf(work);
    if (!trash) break;
    await work.session.move(left, trash.path);
  }
  throw new AccountFailure("server", "The folder cannot be emptied");
}

/**
 * Under a name that nobody knows: what another client moved into it between being emptied and being deleted would be gone with it.
 * One with folders in it would take them along, and what the server does not let be renamed is deleted as it is.
 */
async function setAside(
  work: AccountWork,
  folderId: string,
  { path, names, holdsMessages }: RemoteFolder,
  listed: readonly RemoteFolder[],
): Promise<string> {
  const isOuter = listed.some((each) => each.path !== path && startsWith(each.names, names));
  const mark = asideMark(folderId);
  const name = names.at(-1) ?? "";
  if (!holdsMessages || isOuter || name.endsWith(mark)) return path;
  try {
    const aside = await work.session.renameFolder(path, [...names.slice(0, -1), `${name}${mark}`]);
    await work.transact((trx) => updateRemoteFolder(trx, folderId, { path: aside }));
    return aside;
  } catch (error) {
    if (!isRefusal(error)) throw error;
    return path;
  }
}

async function trashOf(work: AccountWork): Promise<{ readonly path: string } | undefined> {
  const row = await messageTables(work.db)
    .selectFrom("mail_folder")
    .select("id")
    .where("mailbox_id", "=", work.mailboxId)
    .where("role", "=", "trash")
    .executeTakeFirst();
  return row && remoteFolderFor(work, row.id);
}

/* ---------- where folders lie ---------- */

/** What folders with a role are called where the provider has none yet; most clients call them so. */
const ROLE_NAMES: Readonly<Partial<Record<FolderRole, string>>> = {
  inbox: "INBOX",
  sent: "Sent",
  drafts: "Drafts",
  archive: "Archive",
  junk: "Junk",
  trash: "Trash",
};

/** The folder there for one of ours, made if there is none. Undefined: ours is no more, or never lies there. */
export async function remoteFolderFor(
  work: AccountWork,
  folderId: string,
): Promise<{ readonly path: string } | undefined> {
  if (!(await isHere(work, folderId))) return undefined;
  const known = await findRemoteFolder(work.db, folderId);
  if (known) return { path: known.path };
  const names = await namesOf(work, folderId);
  return names.length === 0 ? undefined : { path: await createThere(work, folderId, names) };
}

/** Makes a folder that was there a moment ago once more. */
export async function createAgain(work: AccountWork, folderId: string): Promise<void> {
  const names = await namesOf(work, folderId);
  if (names.length > 0) await work.session.createFolder(names);
}

/** Names from the top as they are there, as far as it lies there: what was renamed here may still have its old name. */
async function namesOf(work: AccountWork, folderId: string | null): Promise<readonly string[]> {
  if (folderId === null) return [];
  const { rows } = await sql<{ id: string; parent_id: string | null; name: string; role: FolderRole | null }>`
    select id, parent_id, name, role from mail_folder where mailbox_id = ${work.mailboxId}`.execute(work.db);
  const known = new Map((await findRemoteFolders(work.db, work.mailboxId)).map((row) => [row.folder_id, row.path]));
  const there = await listThere(work);
  const below: string[] = [];
  for (let at: string | null = folderId; at !== null && below.length <= mailLimits.maxFolderDepth;) {
    const listed = there.find(({ path }) => path === known.get(at ?? ""));
    if (listed) return [...listed.names, ...below];
    const folder = rows.find(({ id }) => id === at);
    const name = folder?.role ? ROLE_NAMES[folder.role] : folder?.name;
    if (!folder || name === undefined) return [];
    below.unshift(name);
    at = folder.parent_id;
  }
  return below;
}

const isHere = async ({ db }: AccountWork, folderId: string): Promise<boolean> =>
  (await messageTables(db).selectFrom("mail_folder").select("id").where("id", "=", folderId).executeTakeFirst()) !==
  undefined;

const listThere = (work: AccountWork): Promise<readonly RemoteFolder[]> => work.session.listFolders();
const sameNames = (a: readonly string[], b: readonly string[]): boolean => JSON.stringify(a) === JSON.stringify(b);
const startsWith = (names: readonly string[], start: readonly string[]): boolean =>
  sameNames(names.slice(0, start.length), start);
