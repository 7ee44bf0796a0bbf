import { sql } from "kysely";
import { DomainError } from "@kontor/shared/base";
import { mailLimits, type FolderRole, type MailIntentArgs } from "@kontor/shared/mail";
import { recordChanges, type Actor, type IntentOutcome, type Transaction } from "#kernel";
import { removeMessages } from "./deleteMessages.ts";
import { holdFolder, holdMailboxFolders, type HeldFolder } from "./message.access.ts";
import { messageTables, noteRemoteChanges, recordMessages } from "./messages.repo.ts";
import { folderNotFound } from "./placeMessage.ts";

type Held = Awaited<ReturnType<typeof holdFolder>>;

export async function createFolder(
  trx: Transaction,
  { id, args }: { readonly id: string; readonly args: MailIntentArgs<"folder.create"> },
  actor: Actor,
): Promise<IntentOutcome> {
  const { mailboxId, name, parentId = null } = args;
  const { mailbox, folders } = await holdMailboxFolders(trx, actor, mailboxId);
  if (folders.length >= mailLimits.maxFoldersPerMailbox)
    throw tooMany(`A mailbox has at most ${mailLimits.maxFoldersPerMailbox} folders.`, "folder.tooMany");
  requireParent(folders, parentId, 1);
  requireFreeName(folders, { id, parentId, name });
  const made = await messageTables(trx)
    .insertInto("mail_folder")
    .values({ id, mailbox_id: mailboxId, parent_id: parentId, role: null, name })
    .onConflict((conflict) => conflict.column("id").doNothing())
    .returning("id")
    .executeTakeFirst();
  if (!made) throw new DomainError("conflict", "A folder with this id exists already.", { reason: "folder.exists" });
  await recordFolders(trx, [id]);
  if (mailbox.kind === "external")
    await noteRemoteChanges(trx, [{ mailboxId, kind: "createFolder", folderId: id, args: { name, parentId } }]);
  return { status: "applied" };
}

export async function renameFolder(
  trx: Transaction,
  { id, args }: { readonly id: string; readonly args: MailIntentArgs<"folder.rename"> },
  actor: Actor,
): Promise<IntentOutcome> {
  const held = await holdFolder(trx, actor, id);
  requireOwn(held.folder);
  if (held.folder.name === args.name) return { status: "applied" };
  requireFreeName(held.folders, { id, parentId: held.folder.parent_id, name: args.name });
  await setFolder(trx, held, { name: args.name });
  return { status: "applied" };
}

/** Also out of the trash. */
export async function moveFolder(
  trx: Transaction,
  { id, args: { parentId } }: { readonly id: string; readonly args: MailIntentArgs<"folder.move"> },
  actor: Actor,
): Promise<IntentOutcome> {
  const held = await holdFolder(trx, actor, id);
  const { folder, folders } = held;
  requireOwn(folder);
  if (folder.parent_id === parentId) return { status: "applied" };
  const tree = treeOf(folders, id);
  if (parentId !== null && tree.some((each) => each.id === parentId))
    throw new DomainError("invalid", "A folder cannot lie in itself.", { reason: "folder.cycle" });
  requireParent(folders, parentId, heightOf(folders, id));
  requireFreeName(folders, { id, parentId, name: folder.name });
  await setFolder(trx, held, { parent_id: parentId });
  if (folder.trashed_at !== null) await markTree(trx, tree, null);
  return { status: "applied" };
}

/**
 * Into the trash with everything in it, where it stays when it is thrown away once more; for good only out of the trash. At a provider
 * a trash rarely holds folders: there the messages are moved to it, and the folders go.
 */
export async function deleteFolder(
  trx: Transaction,
  { id, args: { forGood = false } }: { readonly id: string; readonly args: MailIntentArgs<"folder.delete"> },
  actor: Actor,
): Promise<IntentOutcome> {
  const held = await holdFolder(trx, actor, id);
  requireOwn(held.folder);
  const tree = treeOf(held.folders, id);
  const trash = held.folders.find(({ role }) => role === "trash");
  if (!trash) throw folderNotFound();
  const isTrashed = held.folder.trashed_at !== null;
  if (held.mailbox.kind === "external") await emptyIntoTrash(trx, tree, trash.id, actor.now);
  else if (forGood && !isTrashed)
    throw new DomainError("conflict", "Only a folder that lies in the trash is deleted for good.", {
      reason: "folder.notInTrash",
    });
  else if (forGood) await removeTree(trx, tree);
  else if (!isTrashed) {
    await setFolder(trx, held, { parent_id: trash.id });
    await markTree(trx, tree, actor.now);
  }
  return { status: "applied" };
}

/* ---------- trees ---------- */

/** The folder and what lies below it, parents first. */
export function treeOf(folders: readonly HeldFolder[], id: string): readonly HeldFolder[] {
  const tree = folders.filter((folder) => folder.id === id);
  for (const folder of tree) tree.push(...folders.filter(({ parent_id }) => parent_id === folder.id));
  return tree;
}

function heightOf(folders: readonly HeldFolder[], id: string): number {
  const below = folders.filter(({ parent_id }) => parent_id === id).map((child) => heightOf(folders, child.id));
  return 1 + Math.max(0, ...below);
}

function depthOf(folders: readonly HeldFolder[], id: string | null): number {
  const parent = id === null ? undefined : folders.find((folder) => folder.id === id);
  return parent ? 1 + depthOf(folders, parent.parent_id) : 0;
}

/* ---------- what is allowed ---------- */

const NO_FOLDERS_IN: readonly (FolderRole | null)[] = ["drafts", "outbox", "trash"];

function requireParent(folders: readonly HeldFolder[], parentId: string | null, height: number): void {
  if (parentId === null) return;
  const parent = folders.find(({ id }) => id === parentId);
  if (!parent) throw folderNotFound();
  if (NO_FOLDERS_IN.includes(parent.role) || parent.trashed_at !== null)
    throw new DomainError("invalid", "No folders can lie there.", { reason: "folder.parent" });
  if (depthOf(folders, parentId) + height > mailLimits.maxFolderDepth)
    throw tooMany(`Folders lie at most ${mailLimits.maxFolderDepth} deep.`, "folder.tooDeep");
}

/** Two of one name in one place are one path at a provider, and two in a list that nobody can tell apart. */
function requireFreeName(
  folders: readonly HeldFolder[],
  { id, parentId, name }: { readonly id: string; readonly parentId: string | null; readonly name: string },
): void {
  const isSame = (folder: HeldFolder) =>
    folder.id !== id && folder.parent_id === parentId && folder.name.toLowerCase() === name.toLowerCase();
  if (folders.some(isSame))
    throw new DomainError("conflict", `There is a folder "${name}" here already.`, {
      reason: "folder.nameTaken",
      problems: [{ field: "name", reason: "folder.nameTaken", message: "This name is taken here." }],
    });
}

/** Folders with a role are the mailbox's own. */
function requireOwn(folder: HeldFolder): void {
  if (folder.role !== null)
    throw new DomainError("invalid", "The mailbox's own folders stay as they are.", { reason: "folder.role" });
}

const tooMany = (words: string, reason: string) => new DomainError("invalid", words, { reason });

/* ---------- what is written ---------- */

const recordFolders = (trx: Transaction, ids: readonly string[]) =>
  recordChanges(
    trx,
    ids.map((id) => ({ collection: "mailFolders", id })),
  );

async function setFolder(
  trx: Transaction,
  { folder, mailbox }: Held,
  set: { readonly name?: string; readonly parent_id?: string | null },
): Promise<void> {
  await messageTables(trx)
    .updateTable("mail_folder")
    .set({ ...set, rev: sql<number>`rev + 1` })
    .where("id", "=", folder.id)
    .execute();
  await recordFolders(trx, [folder.id]);
  if (mailbox.kind !== "external") return;
  const { name = folder.name, parent_id: parentId = folder.parent_id } = set;
  await noteRemoteChanges(trx, [
    {
      mailboxId: mailbox.id,
      kind: "renameFolder",
      folderId: folder.id,
      args: { name, parentId },
    },
  ]);
}

/** The moment counts for whatever lies in it now: it is emptied with its folder. */
async function markTree(trx: Transaction, tree: readonly HeldFolder[], trashedAt: string | null): Promise<void> {
  const ids = tree.map(({ id }) => id);
  await messageTables(trx).updateTable("mail_folder").set({ trashed_at: trashedAt }).where("id", "in", ids).execute();
  await messageTables(trx)
    .updateTable("mail_message")
    .set({ trashed_at: trashedAt })
    .where("folder_id", "in", ids)
    .execute();
}

async function removeTree(trx: Transaction, tree: readonly HeldFolder[]): Promise<void> {
  const ids = tree.map(({ id }) => id);
  const messages = await messageTables(trx)
    .selectFrom("mail_message")
    .select(["id", "mailbox_id", "folder_id"])
    .where("folder_id", "in", ids)
    .execute();
  await removeMessages(
    trx,
    messages.map((message) => ({ ...message, isExternal: false })),
  );
  await dropFolders(trx, ids);
}

async function dropFolders(trx: Transaction, ids: readonly string[]): Promise<void> {
  await messageTables(trx).deleteFrom("mail_folder").where("id", "in", ids).execute();
  await recordFolders(trx, ids);
}

async function emptyIntoTrash(
  trx: Transaction,
  tree: readonly HeldFolder[],
  trashId: string,
  now: string,
): Promise<void> {
  const messages = await messageTables(trx)
    .selectFrom("mail_message")
    .select(["id", "mailbox_id", "folder_id"])
    .where(
      "folder_id",
      "in",
      tree.map(({ id }) => id),
    )
    .orderBy("id")
    .forUpdate()
    .execute();
  const ids = messages.map(({ id }) => id);
  if (ids.length > 0)
    await messageTables(trx)
      .updateTable("mail_message")
      // There is no folder left to be put back into.
      .set({
        folder_id: trashId,
        trashed_from: null,
        trashed_at: now,
        rev: sql<number>`rev + 1`,
      })
      .where("id", "in", ids)
      .execute();
  await recordMessages(trx, ids);
  await noteRemoteChanges(
    trx,
    messages.map((message) => ({
      mailboxId: message.mailbox_id,
      kind: "move" as const,
      messageId: message.id,
      folderId: message.folder_id,
      args: { toFolderId: trashId },
    })),
  );
  await dropFolders(
    trx,
    tree.map(({ id }) => id),
  );
  await noteRemoteChanges(
    trx,
    // Those below first: a folder with folders in it is not deleted anywhere.
    tree.toReversed().map((folder) => ({
      mailboxId: folder.mailbox_id,
      kind: "deleteFolder" as const,
      folderId: folder.id,
      args: {},
    })),
  );
}
