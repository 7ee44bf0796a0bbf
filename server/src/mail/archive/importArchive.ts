import { sql } from "kysely";
import type { Authenticity } from "@kontor/shared/mail";
import type { BlobStore } from "#files";
import type { Database } from "#kernel";
import { placeMessages } from "../messages/placeMessage.ts";
import { storeContents, type ContentDeps, type ContentToStore } from "../messages/storeContent.ts";
import type { ArchiveEntry, ArchiveMessage } from "../mime/archive/archiveMessage.ts";
import type { MessageReader } from "../mime/messageReader.ts";

export interface ImportDeps {
  readonly db: Database;
  readonly blobs: Pick<BlobStore, "putMany">;
  readonly read: MessageReader["read"];
  readonly contents: ContentDeps;
  /** The server's time, for messages of which it is not known when they came. */
  now(): string;
  /** After each batch, which replicas should hear of. */
  changed(): void;
}

export interface ImportTarget {
  readonly mailboxId: string;
  readonly folderId: string;
}

export interface Imported {
  readonly imported: number;
  /** They lie in this mailbox already, byte for byte: an import that was cut off is simply made again. */
  readonly known: number;
  readonly tooLarge: number;
  /** They are no messages at all. */
  readonly unreadable: number;
}

/** In one transaction: enough to share its cost, few enough that others do not wait. */
const MESSAGES = 100;
/** In memory at a time, twice: the messages and what is read out of them. */
const BYTES = 16 * 1024 ** 2;

/** Nobody vouches for where a message of an archive came from, and no filter looked at it. */
const AUTHENTICITY: Authenticity = { internal: false, warnings: [] };

/**
 * Puts the messages of an archive into a folder, as they are: no rule works on them, nobody is told, nothing is answered. A
 * batch is written whole or not at all, so that an import ends anywhere and is made again.
 */
export async function importArchive(
  deps: ImportDeps,
  target: ImportTarget,
  entries: AsyncIterable<ArchiveEntry>,
): Promise<Imported> {
  const counts = { imported: 0, known: 0, tooLarge: 0, unreadable: 0 };
  let batch: ArchiveMessage[] = [];
  let bytes = 0;
  const write = async () => {
    const done = await writeBatch(deps, target, batch);
    for (const key of ["imported", "known", "unreadable"] as const) counts[key] += done[key];
    [batch, bytes] = [[], 0];
  };
  for await (const entry of entries) {
    if (entry.kind === "tooLarge") {
      counts.tooLarge += 1;
      continue;
    }
    batch.push(entry.message);
    bytes += entry.message.raw.length;
    if (batch.length >= MESSAGES || bytes >= BYTES) await write();
  }
  if (batch.length > 0) await write();
  return counts;
}

async function writeBatch(
  deps: ImportDeps,
  { mailboxId, folderId }: ImportTarget,
  batch: readonly ArchiveMessage[],
): Promise<Omit<Imported, "tooLarge">> {
  const { db, contents, now, changed } = deps;
  const read: { message: ArchiveMessage; content: ContentToStore }[] = [];
  for (const message of batch) {
    const content = await readArchived(deps, message, now());
    if (content) read.push({ message, content });
  }
  const unreadable = batch.length - read.length;
  const placed = await db.transaction().execute(async (trx) => {
    const ids = await storeContents(
      trx,
      contents,
      read.map(({ content }) => content),
    );
    const { rows } = await sql<{ content_id: string }>`select content_id from mail_message
      where mailbox_id = ${mailboxId} and content_id = any(${ids}::uuid[])`.execute(trx);
    const here = new Set(rows.map((row) => row.content_id));
    const coming = read.flatMap(({ message, content }, index) => {
      const contentId = ids[index] ?? "";
      if (here.has(contentId)) return [];
      here.add(contentId); // the archive itself may hold it twice
      return [{ message, content, contentId }];
    });
    return placeMessages(
      trx,
      coming.map(({ message: { flags }, content, contentId }) => ({
        mailboxId,
        folder: { id: folderId },
        contentId,
        receivedAt: content.receivedAt,
        seen: flags.seen,
        flagged: flags.flagged,
        answered: flags.answered,
      })),
    );
  });
  changed();
  return { imported: placed.length, known: read.length - placed.length, unreadable };
}

async function readArchived(
  { blobs, read }: ImportDeps,
  { raw, receivedAt }: ArchiveMessage,
  now: string,
): Promise<ContentToStore | undefined> {
  const { outcome } = await read(raw);
  if (outcome.kind !== "parsed") return undefined;
  const parsed = outcome.message;
  const [stored, ...bodies] = await blobs.putMany([raw, ...parsed.attachments.map(({ bytes }) => bytes)]);
  if (!stored) return undefined;
  const at = receivedAt?.toISOString() ?? parsed.sentAt ?? now;
  // A date in the future would stand on top of the list for years.
  return { parsed, raw: stored, authenticity: AUTHENTICITY, receivedAt: at > now ? now : at, bodies };
}
