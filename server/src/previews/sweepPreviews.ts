import { sql } from "kysely";
import type { BlobNames } from "#files";
import type { Database } from "#kernel";

/** The parts of previews that are there; the preview of a body that no file has any more is dropped by `dropPreviews`. */
export const previewBlobNames: BlobNames = sql`
  select pdf_sha256 from preview where pdf_sha256 is not null
  union all select thumbnail_sha256 from preview where thumbnail_sha256 is not null
  union all select page from preview, jsonb_array_elements_text(coalesce(page_sha256s, '[]')) as page`;

/** Finished longer ago than that: one that is being made, or was just made for a file that comes with it, is left alone. */
const KEPT_MS = 24 * 3600 * 1000;

/** Previews of bodies that no file has any more; their own bodies are then nobody's. Made anew if such a file comes again. */
export async function dropPreviews(db: Database, now: number): Promise<number> {
  const { rows } = await sql<{ sha256: string }>`
    delete from preview where finished_at < ${new Date(now - KEPT_MS).toISOString()}
      and not exists (select from file where file.sha256 = preview.sha256)
    returning sha256`.execute(db);
  return rows.length;
}
