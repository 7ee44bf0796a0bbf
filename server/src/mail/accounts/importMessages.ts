import { sql } from "kysely";
import { mailLimits } from "@kontor/shared/mail";
import type { Transaction } from "#kernel";
import { applyBounce } from "../inbound/applyBounce.ts";
import { inThreadOf } from "../inbound/inThreadOf.ts";
import { placeMessages, type PlacedMessage } from "../messages/placeMessage.ts";
import { storeContents } from "../messages/storeContent.ts";
import type { AccountWork } from "./account.work.ts";
import { applyFlags, applyMoves, holdMessages } from "./applyRemote.ts";
import { findGone } from "./findGone.ts";
import { findMoved } from "./findMoved.ts";
import { fromMarks, noFlags } from "./marks.ts";
import { isNamedByBytes, readMessage, startBytes, type FetchedMessage } from "./readMessage.ts";
import { findPlaces, placeThere } from "./remote.repo.ts";
import { takeDrafts } from "./takeDrafts.ts";

export interface Import {
  /** Ours. */
  readonly folderId: string;
  /** What lies in it are drafts. */
  readonly areDrafts?: boolean;
  /** The newest first. */
  readonly uids: readonly number[];
  /** In the transaction of each batch: what came in it, and the lowest UID that is done with. */
  stored?(
    trx: Transaction,
    batch: { readonly placed: readonly PlacedMessage[]; readonly downTo: number },
  ): Promise<void>;
  /** After each batch; false ends it, with what was done so far kept. */
  goOn?(count: number): boolean | Promise<boolean>;
}

/** Sizes that are asked for at once: an answer of 20 kB. */
const SIZES = 1_000;
/** In one transaction. The first ones fill a screen and are seen at once; after that, what a transaction costs is shared by many. */
const FIRST_MESSAGES = 50;
const MESSAGES = 400;
/** In memory three times: one batch is fetched and read while another waits for the disk and a third for the database. */
const BYTES = 12 * 1024 ** 2;

/**
 * Fetches messages from the selected folder and writes them. While one batch is written, the bodies of the next are made safe and
 * the one after it is fetched and read, so that network, processor, disk and database work at once; what is in memory is bounded by
 * bytes, not by how many there are.
 *
 * A batch is written whole, with the UIDs by which it is known there, or not at all: a worker that is killed finds what is
 * missing again, and nothing twice.
 */
export async function importMessages(work: AccountWork, task: Import): Promise<void> {
  const { session, blobs } = work;
  let stored: Promise<unknown> = Promise.resolve();
  let written: Promise<unknown> = Promise.resolve();
  let writtenBefore = written;
  try {
    for (let at = 0; at < task.uids.length;) {
      const uids = task.uids.slice(at, at === 0 ? FIRST_MESSAGES : at + SIZES);
      at += uids.length;
      const sizes = await session.fetchSizes(uids);
      for (const batch of batchesOf(uids, sizes)) {
        const fetched = await fetchBatch(work, batch, sizes);
        await findMoved(
          work,
          task.folderId,
          fetched.map(({ content }) => content.raw.sha256),
        );
        await writtenBefore;
        if (task.goOn && !(await task.goOn(batch.length))) return;
        stored = stored.then(() => blobs.putMany(fetched.flatMap(({ bodies }) => bodies)));
        writtenBefore = written;
        const done = { fetched, downTo: batch.at(-1) ?? 1 };
        written = Promise.all([stored, written]).then(() => writeBatch(work, task, done));
        // It is awaited in a moment; until then, a failure of it must not end the process.
        written.catch(() => undefined);
      }
    }
  } finally {
    await written;
  }
}

/** In the order given, by number and bytes. */
function batchesOf(uids: readonly number[], sizes: ReadonlyMap<number, number>): readonly (readonly number[])[] {
  const batches: number[][] = [];
  let bytes = 0;
  for (const uid of uids) {
    const size = Math.min(sizes.get(uid) ?? 0, mailLimits.maxMessageBytes);
    const last = batches.at(-1);
    if (!last || last.length >= MESSAGES || bytes + size > BYTES) {
      batches.push([uid]);
      bytes = size;
    } else {
      last.push(uid);
      bytes += size;
    }
  }
  return batches;
}

async function fetchBatch(
  { session, read }: AccountWork,
  uids: readonly number[],
  sizes: ReadonlyMap<number, number>,
): Promise<readonly FetchedMessage[]> {
  const isLarge = (uid: number) => (sizes.get(uid) ?? 0) > mailLimits.maxMessageBytes;
  const fetched: FetchedMessage[] = [];
  for await (const source of session.fetchSources(uids.filter((uid) => !isLarge(uid)))) {
    if (!source.isDeleted) fetched.push(await readMessage(read, source));
  }
  for (const uid of uids.filter(isLarge)) {
    const start = await session.fetchStart(uid, startBytes);
    if (start && !start.isDeleted) fetched.push(await readMessage(read, start, sizes.get(uid)));
  }
  // The newest is placed first, so that it is the first to be seen.
  return fetched.toSorted((a, b) => b.uid - a.uid);
}

interface Batch {
  readonly fetched: readonly FetchedMessage[];
  readonly downTo: number;
}

async function writeBatch(work: AccountWork, task: Import, batch: Batch): Promise<void> {
  const { mailboxId, contents } = work;
  const { folderId } = task;
  const { downTo } = batch;
  await work.transact(async (trx) => {
    if (task.areDrafts) {
      await takeDrafts(work, trx, folderId, batch.fetched);
      return task.stored?.(trx, { placed: [], downTo });
    }
    const fetched = await takeReports(work, trx, batch.fetched);
    const contentIds = await storeContents(
      trx,
      contents,
      fetched.map(({ content }) => content),
    );
    const coming = fetched.map((message, index) => ({ ...message, contentId: contentIds[index] ?? "" }));
    const found = await findLost(work, trx, { folderId, coming });
    const news = coming.filter(({ uid }) => !found.has(uid));
    const placed = await placeMessages(
      trx,
      news.map(({ contentId, receivedAt, marks, labels }) => ({
        mailboxId,
        folder: { id: folderId },
        contentId,
        receivedAt,
        ...fromMarks(marks),
        labels: labels.slice(0, mailLimits.maxLabels),
      })),
    );
    const there = placed.map(({ id }, index) => {
      const { uid, marks, labels } = news[index] as Coming;
      return { messageId: id, folderId, uid, marks, labels };
    });
    await placeThere(trx, mailboxId, there);
    await takeBack(work, trx, { folderId, coming, found });
    await task.stored?.(trx, { placed, downTo });
  });
}

/** Bounces tell their news however they come, and belong to the thread of what they are about. */
async function takeReports(
  { clock }: AccountWork,
  trx: Transaction,
  fetched: readonly FetchedMessage[],
): Promise<readonly FetchedMessage[]> {
  const now = new Date(clock.now()).toISOString();
  const taken: FetchedMessage[] = [];
  for (const message of fetched) {
    const { bounce, content } = message;
    const about = bounce && (await applyBounce(trx, bounce, { now }));
    taken.push({ ...message, content: { ...content, parsed: inThreadOf(content.parsed, about) } });
  }
  return taken;
}

type Coming = FetchedMessage & { readonly contentId: string };

/**
 * Among the lost, those that say the same byte for byte: they have no Message-ID by which they would have been known before, or there are
 * several of it. What was deleted here is known by the name that reading gives to such bytes.
 */
async function findLost(
  { mailboxId }: AccountWork,
  trx: Transaction,
  { folderId, coming }: { readonly folderId: string; readonly coming: readonly Coming[] },
): Promise<ReadonlyMap<number, string>> {
  const { rows } = await sql<{ id: string; content_id: string }>`
    select message.id, message.content_id from mail_remote_message lost
      join mail_message message on message.id = lost.message_id
    where lost.mailbox_id = ${mailboxId} and lost.folder_id is null
      and message.content_id = any(${coming.map(({ contentId }) => contentId)}::uuid[])
    order by (message.folder_id = ${folderId}) desc, message.id`.execute(trx);
  const byContent = Map.groupBy(rows, ({ content_id }) => content_id);
  const found = new Map<number, string>();
  for (const { uid, contentId } of coming) {
    const lost = byContent.get(contentId)?.shift();
    if (lost) found.set(uid, lost.id);
  }
  const held = await holdMessages(trx, [...found.values()]);
  const kept = [...found].filter(([, id]) => held.has(id));
  const gone = Map.groupBy(await findGone(trx, { mailboxId, folderId }), ({ message_id }) => message_id);
  const leaving = coming.flatMap(({ uid, content: { parsed } }) => {
    const one = isNamedByBytes(parsed.messageId) ? gone.get(parsed.messageId)?.shift() : undefined;
    return one ? [[uid, one.id] as const] : [];
  });
  return new Map([...leaving, ...kept]);
}

async function takeBack(
  { mailboxId, clock }: AccountWork,
  trx: Transaction,
  {
    folderId,
    coming,
    found,
  }: { readonly folderId: string; readonly coming: readonly Coming[]; readonly found: ReadonlyMap<number, string> },
): Promise<void> {
  if (found.size === 0) return;
  const before = await findPlaces(trx, [...found.values()]);
  const back = coming.flatMap(({ uid, marks, labels }) => {
    const messageId = found.get(uid);
    return messageId === undefined ? [] : [{ messageId, folderId, uid, marks, labels }];
  });
  await placeThere(trx, mailboxId, back);
  await applyFlags(
    trx,
    back.map(({ messageId, ...now }) => ({ messageId, before: before.get(messageId) ?? noFlags, now })),
  );
  await applyMoves(trx, back, new Date(clock.now()).toISOString());
}
