import { createHash } from "node:crypto";
import type { ArchiveMessage } from "#mail";
import type { Folders, MailClient } from "./mailClient.ts";
import type { SourceEntry } from "./openSource.ts";

export interface Uploaded {
  imported: number;
  /** They lie in the mailbox already, byte for byte. */
  known: number;
  /** Marked as deleted where they come from. */
  deleted: number;
  /** Where each stands that was not taken. */
  readonly tooLarge: string[];
  readonly unreadable: string[];
}

export interface Upload {
  readonly client: MailClient;
  readonly mailboxId: string;
  readonly folders: Folders;
  /** Where what lies at the top goes, and below which the rest does. Undefined: the inbox, with the rest beside it. */
  readonly target: readonly string[] | undefined;
  readonly entries: AsyncIterable<SourceEntry>;
  onProgress(sofar: Uploaded): void;
}

/** Asked about at once, and held in memory meanwhile. */
const MESSAGES = 200;
const BYTES = 16 * 1024 ** 2;
/** On their way at once: the server takes a hundred requests a second from one address. */
const AT_ONCE = 4;

interface Waiting {
  readonly where: string;
  readonly message: ArchiveMessage;
  readonly sha256: string;
}

/**
 * Brings messages into a mailbox as they are. The server is asked which of them lie there already, so an upload that was cut off, at
 * whatever moment, is simply begun again.
 */
export async function uploadMail({
  client,
  mailboxId,
  folders,
  target,
  entries,
  onProgress,
}: Upload): Promise<Uploaded> {
  const done: Uploaded = { imported: 0, known: 0, deleted: 0, tooLarge: [], unreadable: [] };
  let batch: Waiting[] = [];
  let bytes = 0;

  async function send(): Promise<void> {
    const sha256 = [...new Set(batch.map((each) => each.sha256))];
    const { known } = await client.json<{ known: string[] }>("POST", `/mail/mailboxes/${mailboxId}/known`, { sha256 });
    const there = new Set(known);
    const coming: Waiting[] = [];
    for (const each of batch) {
      if (there.has(each.sha256)) done.known += 1;
      else coming.push(each);
      there.add(each.sha256); // the archive itself may hold it twice
    }
    const work = async () => {
      for (let next = coming.shift(); next; next = coming.shift()) await sendOne(next);
    };
    // Folders are made by one, and then they are there for all.
    for (const { message } of coming) await folderOf(message);
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    [batch, bytes] = [[], 0];
    onProgress(done);
  }

  const folderOf = ({ folder }: ArchiveMessage) =>
    folder.length === 0 ? folders.ensure(target ?? ["inbox"]) : folders.ensure([...(target ?? []), ...folder]);

  async function sendOne({ where, message }: Waiting): Promise<void> {
    const { id } = await folderOf(message);
    const { raw, flags, receivedAt } = message;
    const marks = (["seen", "flagged", "answered"] as const).filter((name) => flags[name]).join(",");
    const query = new URLSearchParams({
      flags: marks,
      ...(receivedAt && { receivedAt: receivedAt.toISOString() }),
    });
    const answer = await client.fetch(`/mail/folders/${id}/import?${query}`, {
      method: "POST",
      headers: { "content-type": "message/rfc822" },
      body: Buffer.from(raw),
    });
    const counts = (await answer.json()) as { imported: number; known: number; tooLarge: number; unreadable: number };
    done.imported += counts.imported;
    done.known += counts.known;
    if (counts.tooLarge > 0) done.tooLarge.push(where);
    if (counts.unreadable > 0) done.unreadable.push(where);
  }

  for await (const { where, entry } of entries) {
    if (entry.kind === "tooLarge") done.tooLarge.push(where);
    else if (entry.message.flags.trashed) done.deleted += 1;
    else {
      const sha256 = createHash("sha256").update(entry.message.raw).digest("hex");
      batch.push({ where, message: entry.message, sha256 });
      bytes += entry.message.raw.length;
      if (batch.length >= MESSAGES || bytes >= BYTES) await send();
    }
  }
  if (batch.length > 0) await send();
  return done;
}
