import { sql } from "kysely";
import type { AccountWork } from "./account.work.ts";
import { findByUids, findRemoteFolder, type RemotePlace } from "./remote.repo.ts";

export interface MoveToResume {
  readonly change: { readonly id: number; readonly args: unknown };
  readonly place: RemotePlace & { readonly uid: number };
}

/**
 * On a server without MOVE a message is copied, and then the original is removed: cut off in between, both are there, and a second
 * attempt would make a third. So what is begun is noted before, and what was begun before is looked for by its Message-ID among what is new
 * in the target. Returns the UIDs of originals whose copies are there. Another folder may be selected afterwards.
 */
export async function findCopied(
  work: AccountWork,
  target: { readonly path: string; readonly folderId: string },
  moves: readonly MoveToResume[],
): Promise<ReadonlySet<number>> {
  if (work.session.offers.move) return new Set();
  const begun = moves.filter(({ change: { args } }) => isBegun(args));
  const copied = begun.length === 0 ? new Set<number>() : await lookForCopies(work, target, begun);
  await work.transact((trx) =>
    sql`update mail_remote_change set args = args || '{"isBegun": true}'
      where id = any(${moves.map(({ change }) => change.id)}::bigint[])`.execute(trx),
  );
  return copied;
}

const isBegun = (args: unknown): boolean => typeof args === "object" && args !== null && "isBegun" in args;

async function lookForCopies(
  { db, session }: AccountWork,
  { path, folderId }: { readonly path: string; readonly folderId: string },
  begun: readonly MoveToResume[],
): Promise<ReadonlySet<number>> {
  const { rows } = await sql<{ id: string; message_id: string }>`
    select message.id, content.message_id from mail_message message join mail_content content on content.id = message.content_id
    where message.id = any(${begun.map(({ place }) => place.message_id)}::uuid[])`.execute(db);
  const ids = new Map(rows.map((row) => [row.id, row.message_id]));
  const known = await findRemoteFolder(db, folderId);
  await session.select(path);
  const copied = new Set<number>();
  for (const { place } of begun) {
    const messageId = ids.get(place.message_id);
    const found = messageId === undefined ? [] : await session.findByMessageId(messageId, known?.uid_next ?? 1);
    const ours = await findByUids(db, folderId, found);
    if (found.some((uid) => !ours.has(uid))) copied.add(place.uid);
  }
  return copied;
}
