import { buffer } from "node:stream/consumers";
import { sql } from "kysely";
import type { BlobStore } from "#files";
import type { Database } from "#kernel";
import { writeMbox } from "../mime/archive/mbox.ts";

const PAGE = 200;

/** A folder as mbox, the oldest first. Drafts are left out: they were never messages. */
export const exportFolder = (
  deps: { readonly db: Database; readonly blobs: Pick<BlobStore, "get"> },
  folderId: string,
): AsyncGenerator<Buffer> => writeMbox(messagesOf(deps, folderId));

async function* messagesOf(
  { db, blobs }: { readonly db: Database; readonly blobs: Pick<BlobStore, "get"> },
  folderId: string,
): AsyncGenerator<{ readonly raw: Uint8Array; readonly receivedAt: Date }> {
  let after = { at: "-infinity", id: "00000000-0000-0000-0000-000000000000" };
  for (;;) {
    const { rows } = await sql<{ id: string; at: string; raw_sha256: string }>`
      select message.id, message.received_at as at, content.raw_sha256
      from mail_message message join mail_content content on content.id = message.content_id
      where message.folder_id = ${folderId} and content.raw_sha256 is not null
        and (message.received_at, message.id) > (${after.at}::timestamptz, ${after.id}::uuid)
      order by message.received_at, message.id limit ${PAGE}`.execute(db);
    for (const { raw_sha256, at } of rows)
      yield { raw: await buffer(await blobs.get(raw_sha256)), receivedAt: new Date(at) };
    const last = rows.at(-1);
    if (!last || rows.length < PAGE) return;
    after = { at: last.at, id: last.id };
  }
}
