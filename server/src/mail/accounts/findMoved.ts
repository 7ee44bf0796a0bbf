import { sql } from "kysely";
import type { Transaction } from "#kernel";
import { AccountFailure, isAboutFolder } from "./account.failure.ts";
import type { AccountWork } from "./account.work.ts";
import { holdMessages } from "./applyRemote.ts";
import type { FetchedIdentity } from "./imap.port.ts";
import { findRemoteFolder, loseMessages } from "./remote.repo.ts";

/** A message of ours that says the same as one that just came, and lies elsewhere there as far as we know. */
interface Twin {
  readonly message_id: string;
  readonly uid: number;
  readonly path: string;
  readonly uid_validity: number | null;
}

/**
 * Folders are looked into one after the other, so a message that moves there meanwhile is seen where it is now before it is missed
 * where it was. Whatever comes and says the same as what we have is a copy only if the other still lies in its place at this
 * moment; else that one is lost, and found again in what came (ACC-2). Without this look there would be two of them, and both
 * kept when one has been moved here, too (ACC-3).
 */
export async function findMoved(work: AccountWork, folderId: string, sha256s: readonly string[]): Promise<void> {
  const twins = await findTwins(work, sha256s);
  if (twins.length === 0) return;
  for (const [path, group] of Map.groupBy(twins, (twin) => twin.path)) {
    const left = await lookFor(work, path, group);
    const gone = group.filter(({ uid }) => !left.has(uid)).map(({ message_id }) => message_id);
    if (gone.length > 0) await work.transact((trx) => loseVanished(trx, gone));
  }
  await selectAgain(work, folderId);
}

async function findTwins({ db, mailboxId }: AccountWork, sha256s: readonly string[]): Promise<readonly Twin[]> {
  const { rows } = await sql<Twin>`
    select known.message_id, known.uid, folder.path, folder.uid_validity
    from mail_content content
      join mail_message message on message.content_id = content.id and message.mailbox_id = ${mailboxId}
      join mail_remote_message known on known.message_id = message.id
      join mail_remote_folder folder on folder.folder_id = known.folder_id
    where content.raw_sha256 = any(${sha256s}::text[])`.execute(db);
  return rows;
}

/** UIDs that are still there. Of a folder that is no more, or cannot be opened, none is. */
async function lookFor({ session }: AccountWork, path: string, twins: readonly Twin[]): Promise<ReadonlySet<number>> {
  let found: readonly FetchedIdentity[];
  try {
    const { uidValidity } = await session.select(path);
    if (uidValidity !== twins[0]?.uid_validity) return new Set();
    found = await session.fetchIdentities(twins.map(({ uid }) => uid));
  } catch (error) {
    if (!isAboutFolder(error)) throw error;
    return new Set();
  }
  return new Set(found.filter(({ isDeleted }) => !isDeleted).map(({ uid }) => uid));
}

async function selectAgain({ db, session }: AccountWork, folderId: string): Promise<void> {
  const folder = await findRemoteFolder(db, folderId);
  const selected = folder && (await session.select(folder.path));
  // What was found in it is found again in the next round.
  if (selected?.uidValidity !== folder?.uid_validity) throw new AccountFailure("server", "UIDVALIDITY changed");
}

/** What is no longer where it was; it may be found elsewhere, and what was deleted here where it lay then. */
export async function loseVanished(trx: Transaction, messageIds: readonly string[]): Promise<void> {
  await holdMessages(trx, messageIds);
  await loseMessages(trx, messageIds);
}
