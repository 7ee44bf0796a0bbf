import { sql } from "kysely";
import type { Database } from "#kernel";
import type { AccountWork } from "./account.work.ts";
import { isBegun, noteBegun } from "./begun.ts";
import type { FetchedIdentity, ImapSession, Moved } from "./imap.port.ts";
import { isNamedByBytes } from "./readMessage.ts";
import { findByUids, findRemoteFolder, type RemotePlace } from "./remote.repo.ts";

export interface MoveToResume {
  readonly change: { readonly id: number; readonly args: unknown };
  readonly place: RemotePlace & { readonly uid: number };
}

/**
 * On a server without MOVE a message is copied, and then the original is removed: cut off in between, both are there, and a second
 * attempt would make a third. So what is begun is noted before, and what was begun before is looked for by its Message-ID, or else by its
 * size and date, among what is new in the target. The source is selected; another folder may be afterwards. Returns, by the UIDs of originals, the places of their copies.
 */
export async function findCopied(
  work: AccountWork,
  target: { readonly path: string; readonly folderId: string },
  moves: readonly MoveToResume[],
): Promise<Moved> {
  const begun = moves.filter(({ change: { args } }) => isBegun(args));
  const copied = await lookForCopies(work, target, begun);
  await work.transact((trx) =>
    noteBegun(
      trx,
      moves.map(({ change }) => change.id),
    ),
  );
  return copied;
}

async function lookForCopies(
  { db, session }: AccountWork,
  { path, folderId }: { readonly path: string; readonly folderId: string },
  begun: readonly MoveToResume[],
): Promise<Moved> {
  const copies = new Map<number, number>();
  if (begun.length === 0) return { uids: copies, uidValidity: undefined };
  // Asked of the server: what was deleted here meanwhile has no Message-ID here any longer.
  const originals = await session.fetchIdentities(begun.map(({ place }) => place.uid));
  const known = await findRemoteFolder(db, folderId);
  const { uidValidity } = await session.select(path);
  const from = known?.uid_next ?? 1;
  for (const original of originals) {
    const found = await findCopiesOf(session, original, from);
    const ours = await findByUids(db, folderId, found);
    const copy = found.find((each) => !ours.has(each) && ![...copies.values()].includes(each));
    if (copy !== undefined) copies.set(original.uid, copy);
  }
  return { uids: copies, uidValidity };
}

/**
 * What was begun before, under the UIDs that it has now: those of the selected folder mean other messages since. Without this look the
 * copy would be found as what was lost, and the original as another message.
 */
export async function findRenumbered<Move extends MoveToResume>(
  { db, session }: AccountWork,
  moves: readonly Move[],
): Promise<readonly Move[]> {
  const begun = session.offers.move ? [] : moves.filter(({ change: { args } }) => isBegun(args));
  if (begun.length === 0) return [];
  const identities = await readIdentities(
    db,
    begun.map(({ place }) => place.message_id),
  );
  const found = new Map<number, Move>();
  for (const move of begun) {
    const identity = identities.get(move.place.message_id);
    const uid = identity && (await findItself(session, identity)).find((each) => !found.has(each));
    if (uid !== undefined) found.set(uid, { ...move, place: { ...move.place, uid } });
  }
  return [...found.values()];
}

/** Its date has not changed, as a copy's may: what has another one is another message, and would be removed. */
async function findItself(session: ImapSession, identity: Identity): Promise<readonly number[]> {
  const alike = await findAlike(session, identity, 1);
  return alike.filter((each) => isSameSecond(each, identity)).map(({ uid }) => uid);
}

type Identity = Pick<FetchedIdentity, "messageId" | "size" | "receivedAt">;

/** As they are known here, by our ids. */
async function readIdentities(db: Database, messageIds: readonly string[]): Promise<ReadonlyMap<string, Identity>> {
  const { rows } = await sql<{ id: string; message_id: string; size: number; received_at: string }>`
    select message.id, content.message_id, content.raw_size as size, message.received_at
    from mail_message message join mail_content content on content.id = message.content_id
    where message.id = any(${messageIds}::uuid[])`.execute(db);
  return new Map(
    rows.map(({ id, message_id, size, received_at: receivedAt }) => {
      return [id, { messageId: isNamedByBytes(message_id) ? undefined : message_id, size, receivedAt }];
    }),
  );
}

/**
 * A copy has the size of its original, and mostly its date (RFC 3501 §6.4.7). Another message of the same Message-ID, as mailing lists
 * make them, must not be taken for it: the original would be removed.
 */
async function findCopiesOf(session: ImapSession, identity: Identity, from: number): Promise<readonly number[]> {
  const alike = await findAlike(session, identity, from);
  const dated = alike.filter((each) => isSameSecond(each, identity));
  return (identity.messageId === undefined || dated.length > 0 ? dated : alike).map(({ uid }) => uid);
}

/** In the selected folder: what has this Message-ID and size. */
async function findAlike(
  session: ImapSession,
  { messageId, size }: Identity,
  from: number,
): Promise<readonly FetchedIdentity[]> {
  const uids = await (messageId === undefined ? session.listUids({ from }) : session.findByMessageId(messageId, from));
  const found = await session.fetchIdentities(uids);
  return found.filter((each) => each.messageId === messageId && each.size === size);
}

/** INTERNALDATE knows no fractions. */
const isSameSecond = (a: Identity, b: Identity): boolean => a.receivedAt.slice(0, 19) === b.receivedAt.slice(0, 19);
