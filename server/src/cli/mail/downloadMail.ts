import { createWriteStream, existsSync } from "node:fs";
import { appendFile, mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { ReadableStream } from "node:stream/web";
import type { MessageDoc } from "@kontor/shared/mail";
import { noFlags, writeMaildir, type ArchiveMessage } from "#mail";
import type { MailClient } from "./mailClient.ts";

export interface Downloaded {
  exported: number;
  /** They were there from a time before. */
  known: number;
}

export interface FolderToDownload {
  readonly id: string;
  /** In the Maildir; empty for its inbox. */
  readonly path: readonly string[];
}

const PAGE = 200;
/** Which message lies in which file, so that an export that was cut off goes on, and a later one brings only what is new. */
const JOURNAL = "kontor-export.ndjson";

/** Folders as a Maildir: each message byte for byte, with its flags and when it came. */
export async function downloadMaildir(
  client: MailClient,
  {
    folders,
    into,
    onProgress,
  }: { readonly folders: readonly FolderToDownload[]; readonly into: string; onProgress(sofar: Downloaded): void },
): Promise<Downloaded> {
  const done: Downloaded = { exported: 0, known: 0 };
  for (const name of ["cur", "new", "tmp"]) await mkdir(join(into, name), { recursive: true });
  const had = await readJournal(into);
  let current = "";

  async function* messages(): AsyncGenerator<ArchiveMessage> {
    for (const { id: folderId, path } of folders)
      for await (const message of messagesIn(client, folderId)) {
        const there = had.get(message.id);
        if (there !== undefined && existsSync(join(into, there))) {
          done.known += 1;
          continue;
        }
        current = message.id;
        const raw = await (await client.fetch(`/mail/messages/${message.id}/raw`)).bytes();
        const { seen, flagged, answered } = message;
        yield {
          raw,
          flags: { ...noFlags, seen, flagged, answered },
          receivedAt: new Date(message.receivedAt),
          folder: path,
        };
      }
  }

  for await (const { path, raw } of writeMaildir(messages())) {
    const file = join(into, path);
    for (const name of ["cur", "new", "tmp"]) await mkdir(join(dirname(file), "..", name), { recursive: true });
    // A reader of the Maildir never sees half of it.
    const unfinished = join(into, "tmp", current);
    await writeFile(unfinished, raw);
    await rename(unfinished, file);
    await appendFile(join(into, JOURNAL), `${JSON.stringify({ id: current, path })}\n`);
    done.exported += 1;
    if (done.exported % PAGE === 0) onProgress(done);
  }
  onProgress(done);
  return done;
}

/** One folder as an mbox; the old file stays until the new one is whole. */
export async function downloadMbox(client: MailClient, folderId: string, into: string): Promise<void> {
  const { body } = await client.fetch(`/mail/folders/${folderId}/export`);
  await mkdir(dirname(into), { recursive: true });
  const unfinished = `${into}.part`;
  await pipeline(Readable.fromWeb(body as ReadableStream), createWriteStream(unfinished));
  await rename(unfinished, into);
}

/** Drafts were never messages, and what leaves has no bytes yet. */
async function* messagesIn(client: MailClient, folderId: string): AsyncGenerator<MessageDoc> {
  for (let cursor: string | undefined = ""; cursor !== undefined;) {
    const page: { messages: MessageDoc[]; nextCursor?: string } = await client.json(
      "GET",
      `/mail/folders/${folderId}/messages?limit=${PAGE}${cursor && `&cursor=${encodeURIComponent(cursor)}`}`,
    );
    yield* page.messages.filter(({ send }) => send === undefined || send.state === "sent");
    cursor = page.nextCursor;
  }
}

async function readJournal(directory: string): Promise<ReadonlyMap<string, string>> {
  const text = await readFile(join(directory, JOURNAL), "utf8").catch(() => "");
  return new Map(
    text.split("\n").flatMap((line) => {
      // The last line of one that was cut off may be half of one.
      if (!line.endsWith("}")) return [];
      const { id, path } = JSON.parse(line) as { id: string; path: string };
      return [[id, path] as const];
    }),
  );
}
