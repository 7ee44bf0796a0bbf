import { sql } from "kysely";
import type { AccountWork } from "./account.work.ts";
import { readPendingOf, removePending, type PendingChange } from "./accounts.repo.ts";
import { applyFlags, applyMoves, holdMessages } from "./applyRemote.ts";
import { findGone } from "./findGone.ts";
import type { FetchedIdentity } from "./imap.port.ts";
import { noteRemoteChanges } from "../messages/messages.repo.ts";
import { changedLabels, fromMarks, noFlags, toMarks, type Flags, type Marks, type MarkValues } from "./marks.ts";
import { placeThere } from "./remote.repo.ts";

/** A message of ours that has no place there: lost from where it was, or on its way there. */
interface Unplaced {
  readonly id: string;
  /** Null: it is gone here. */
  readonly content_id: string | null;
  readonly message_id: string;
  readonly raw_size: number;
  readonly received_at: string;
  /** Of a lost one: its flags there, as we knew them. */
  readonly marks: Marks | null;
  readonly labels: readonly string[] | null;
  /** Of one that is still to be appended: the change that would. */
  readonly append_id: number | null;
  /** It is to be appended as the copy of what was sent, unless the provider does so. */
  readonly is_sent: boolean;
  /** Deleted here, and still to be deleted there. */
  readonly is_gone: boolean;
  /** Here it lies in the folder that is looked into. */
  readonly is_in_place: boolean;
}

const IDENTITIES = 500; // at a time: an answer of some 200 kB

/**
 * Which of the new UIDs are messages that we have: moved there, under new UIDs since UIDVALIDITY changed, or put there by the
 * provider itself. They are told by Message-ID and date, without fetching them. Returns the UIDs that are new, or can be told by their bytes
 * alone (`importMessages`).
 */
export async function matchMessages(
  work: AccountWork,
  folderId: string,
  uids: readonly number[],
): Promise<readonly number[]> {
  if (uids.length === 0) return [];
  let unplaced = await findUnplaced(work, folderId);
  const unknown: number[] = [];
  for (let at = 0; at < uids.length; at += IDENTITIES) {
    const chunk = uids.slice(at, at + IDENTITIES);
    if (unplaced.length === 0) {
      unknown.push(...chunk);
      continue;
    }
    const identities = await work.session.fetchIdentities(chunk);
    const pairs = pairUp(identities, unplaced);
    const adopted = await adopt(work, folderId, pairs);
    unknown.push(...chunk.filter((uid) => !adopted.has(uid)));
    const found = new Set(pairs.map(({ ours }) => ours.id));
    unplaced = unplaced.filter(({ id }) => !found.has(id));
  }
  return unknown;
}

/** A draft that was sent there is a message, and no draft of ours in another folder. */
async function findUnplaced({ db, mailboxId }: AccountWork, folderId: string): Promise<readonly Unplaced[]> {
  const { rows } = await sql<Unplaced>`
    select message.id, message.content_id, content.message_id, content.raw_size, message.received_at, lost.marks, lost.labels,
      null::bigint as append_id, false as is_sent, false as is_gone, message.folder_id = ${folderId} as is_in_place
    from mail_remote_message lost
      join mail_message message on message.id = lost.message_id
      join mail_content content on content.id = message.content_id
    where lost.mailbox_id = ${mailboxId} and lost.folder_id is null and (lost.draft is null or exists (
      select from mail_folder where id = ${folderId} and role in ('drafts', 'trash')))
    union all
    select message.id, message.content_id, content.message_id, content.raw_size, message.received_at, null, null, change.id,
      coalesce(message.send_state = 'sent', false), false, message.folder_id = ${folderId}
    from mail_remote_change change
      join mail_message message on message.id = change.message_id
      join mail_content content on content.id = message.content_id
    where change.mailbox_id = ${mailboxId} and change.kind = 'append'
      and not exists (select from mail_remote_message known where known.message_id = message.id)`.execute(db);
  const gone = await findGone(db, { mailboxId, folderId });
  const leaving = gone.map((each) => ({
    ...each,
    content_id: null,
    marks: null,
    labels: null,
    append_id: null,
    is_sent: false,
    is_gone: true,
    is_in_place: false,
  }));
  return [...rows, ...leaving];
}

interface Pair {
  readonly there: FetchedIdentity;
  readonly ours: Unplaced;
}

function pairUp(identities: readonly FetchedIdentity[], unplaced: readonly Unplaced[]): readonly Pair[] {
  const byId = Map.groupBy(unplaced, ({ message_id }) => message_id);
  const present = identities.filter(({ isDeleted }) => !isDeleted);
  const thereById = Map.groupBy(present, ({ messageId }) => messageId);
  const taken = new Set<string>();
  return present.flatMap((there) => {
    if (there.messageId === undefined) return [];
    const likely = inPlaceFirst((byId.get(there.messageId) ?? []).filter(({ id }) => !taken.has(id)));
    if (isAmbiguous(likely, thereById.get(there.messageId) ?? [])) return [];
    const rated = likely
      .map((ours) => ({ ours, likeness: likenessOf(there, ours) }))
      .filter(({ likeness }) => likeness > 0)
      .toSorted((a, b) => b.likeness - a.likeness);
    const [best] = rated;
    if (!best) return [];
    taken.add(best.ours.id);
    return [{ there, ours: best.ours }];
  });
}

/** Of copies in several folders, each is looked for where it lay. */
const inPlaceFirst = (ours: readonly Unplaced[]): readonly Unplaced[] => {
  const inPlace = ours.filter(({ is_in_place }) => is_in_place);
  return inPlace.length > 0 ? inPlace : ours;
};

/** Of several with one Message-ID, only their bytes tell which is which: the lost ones among them are known by those. */
function isAmbiguous(ours: readonly Unplaced[], there: readonly FetchedIdentity[]): boolean {
  const areLost = ours.every(({ append_id, is_gone }) => append_id === null && !is_gone);
  return areLost && (there.length > 1 || new Set(ours.map(({ content_id }) => content_id)).size > 1);
}

/**
 * Servers round sizes; of another date, only bytes tell that it is the same: some give a moved message a new one, and another message of
 * this Message-ID may have come. What leaves through a provider is changed on the way.
 */
function likenessOf(there: FetchedIdentity, ours: Unplaced): number {
  const isSameSize = there.size === ours.raw_size;
  const isSameSecond = there.receivedAt.slice(0, 19) === ours.received_at.slice(0, 19);
  const likeness = Number(isSameSize) + Number(isSameSecond);
  if (ours.is_sent) return likeness + 0.5;
  const mustBeExact = ours.is_gone || ours.append_id !== null;
  return isSameSecond && (isSameSize || !mustBeExact) ? likeness : 0;
}

/** The UIDs whose messages we have now; one that is deleted here where it lies there is among them until that is done. */
async function adopt(work: AccountWork, folderId: string, pairs: readonly Pair[]): Promise<ReadonlySet<number>> {
  if (pairs.length === 0) return new Set();
  return work.transact(async (trx) => {
    const here = await holdMessages(
      trx,
      pairs.map(({ ours }) => ours.id),
    );
    const kept = pairs.filter(({ ours }) => here.has(ours.id));
    const gone = pairs.filter(({ ours }) => !here.has(ours.id));
    const pending = await readPendingOf(
      trx,
      gone.map(({ ours }) => ours.id),
    );
    const leaving = gone.filter(({ ours }) => isLeavingFrom(folderId, pending.get(ours.id)));
    const known = [...kept, ...leaving];
    const place = ({ there, ours }: Pair) => ({ messageId: ours.id, folderId, uid: there.uid, ...flagsIn(there) });
    await placeThere(trx, work.mailboxId, known.map(place));
    const lost = kept.filter(({ ours }) => ours.append_id === null);
    await applyFlags(
      trx,
      lost.map(({ there, ours }) => ({
        messageId: ours.id,
        before: { marks: ours.marks ?? 0, labels: ours.labels ?? [] },
        now: there,
      })),
    );
    const now = new Date(work.clock.now()).toISOString();
    await applyMoves(trx, kept.map(place), now);
    // What we would have appended lies there: its flags are ours to say.
    const appended = kept.filter(({ ours }) => ours.append_id !== null);
    await removePending(
      trx,
      appended.flatMap(({ ours }) => ours.append_id ?? []),
    );
    await noteOwnFlags(trx, work.mailboxId, appended);
    return new Set(known.map(({ there }) => there.uid));
  });
}

const isLeavingFrom = (folderId: string, pending: readonly PendingChange[] = []): boolean =>
  pending.some(({ kind }) => kind === "delete") &&
  pending.some(({ kind, folder_id }) => (kind === "delete" || kind === "move") && folder_id === folderId);

const flagsIn = ({ marks, labels }: Flags): Flags => ({ marks, labels });

async function noteOwnFlags(
  trx: Parameters<typeof noteRemoteChanges>[0],
  mailboxId: string,
  pairs: readonly Pair[],
): Promise<void> {
  if (pairs.length === 0) return;
  const { rows } = await sql<{ id: string; labels: readonly string[] } & MarkValues>`
    select id, seen, flagged, answered, forwarded, labels from mail_message
    where id = any(${pairs.map(({ ours }) => ours.id)}::uuid[])`.execute(trx);
  const there = new Map(pairs.map((pair) => [pair.ours.id, pair.there]));
  const differing = rows.flatMap((row) => {
    const before = there.get(row.id) ?? noFlags;
    const { added, removed } = changedLabels(before.labels, row.labels);
    const isSame = toMarks(row) === before.marks && added.length + removed.length === 0;
    return isSame ? [] : [{ row, added, removed }];
  });
  await noteRemoteChanges(
    trx,
    differing.map(({ row, added, removed }) => ({
      mailboxId,
      kind: "flags",
      messageId: row.id,
      args: { ...fromMarks(toMarks(row)), addLabels: added, removeLabels: removed },
    })),
  );
}
