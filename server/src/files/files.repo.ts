import type { Generated } from "kysely";
import type { FileFacts, FileRefusal, FileState, PageSize, PreviewReason, PreviewState } from "@kontor/shared/files";
import type { Database, Transaction } from "#kernel";

export interface FileRow {
  readonly id: string;
  /** Where it hangs (`FilePlace`): in a field of a record, or in what a message says. */
  readonly record_id: string | null;
  readonly field: string | null;
  readonly mail_content_id: string | null;
  /** In a message: Content-ID without its brackets, whether the text shows it, and its place among the others. */
  readonly content_id: string | null;
  readonly inline: boolean;
  readonly part_position: number | null;
  /** People outside get a link to it in its place. */
  readonly as_link: boolean;
  readonly name: string;
  readonly mime: string;
  readonly size: number;
  readonly sha256: string;
  readonly state: FileState;
  readonly refusal: FileRefusal | null;
  readonly preview_state: PreviewState;
  readonly preview_reason: PreviewReason | null;
  readonly preview_format: string | null;
  readonly pages: number | null;
  readonly page_images: number | null;
  readonly page_sizes: readonly PageSize[] | null;
  readonly pdf_sha256: string | null;
  readonly thumbnail_sha256: string | null;
  readonly rev: number;
  readonly created_at: string;
  /** Null: it came from outside. */
  readonly created_by: string | null;
  readonly deleted_at: string | null;
  readonly deleted_by: string | null;
}

export interface UploadRow {
  readonly file_id: string;
  readonly owner: string;
  readonly size: number;
  readonly mismatches: number;
  readonly received_at: string | null;
  readonly finished_at: string | null;
  readonly created_at: string;
}

export type FileTables = {
  file: { -readonly [Key in keyof FileRow]: FileRow[Key] };
  upload: { -readonly [Key in keyof Omit<UploadRow, "created_at">]: UploadRow[Key] } & {
    created_at: Generated<string>;
  };
  blob: { sha256: string; size: number; created_at: Generated<string>; unnamed_since: Generated<string | null> };
};

export const fileTables = (db: Database | Transaction) => db.withTables<FileTables>();

export async function findFiles(db: Database | Transaction, ids: readonly string[]): Promise<readonly FileRow[]> {
  if (ids.length === 0) return [];
  return fileTables(db).selectFrom("file").selectAll().where("id", "in", ids).execute();
}

export const lockFile = (trx: Transaction, id: string): Promise<FileRow | undefined> =>
  fileTables(trx).selectFrom("file").selectAll().where("id", "=", id).forUpdate().executeTakeFirst();

export async function noteBlob(trx: Transaction, blob: { sha256: string; size: number }): Promise<void> {
  await noteBlobs(trx, [blob]);
}

export async function noteBlobs(
  trx: Transaction,
  blobs: readonly { readonly sha256: string; readonly size: number }[],
): Promise<void> {
  if (blobs.length === 0) return;
  // In one order: two transactions that bring the same bodies must not wait for each other.
  const sizes = new Map(blobs.map(({ sha256, size }) => [sha256, size]));
  const hashes = [...sizes.keys()].sort();
  for (let missing: readonly string[] = hashes; missing.length > 0;) {
    await fileTables(trx)
      .insertInto("blob")
      .values(missing.map((sha256) => ({ sha256, size: sizes.get(sha256) ?? 0 })))
      .onConflict((conflict) => conflict.column("sha256").doNothing())
      .execute();
    // Held, so that no sweep takes them as nobody's before this is committed; others may hold them at the same time.
    const held = await fileTables(trx)
      .selectFrom("blob")
      .select(["sha256", "unnamed_since"])
      .where("sha256", "in", missing)
      .orderBy("sha256")
      .forKeyShare()
      .execute();
    const wanted = held.filter(({ unnamed_since }) => unnamed_since !== null).map(({ sha256 }) => sha256);
    if (wanted.length > 0)
      await fileTables(trx).updateTable("blob").set({ unnamed_since: null }).where("sha256", "in", wanted).execute();
    // A sweep took a row away between the two statements: then it is made once more.
    const there = new Set(held.map(({ sha256 }) => sha256));
    missing = missing.filter((sha256) => !there.has(sha256));
  }
}

/** What readers of the file may know of it, wherever it hangs. */
export const fileFacts = (row: FileRow): FileFacts => ({
  id: row.id,
  name: row.name,
  mime: row.mime,
  size: row.size,
  sha256: row.sha256,
  state: row.state,
  ...(row.refusal && { refusal: row.refusal }),
  previewState: row.preview_state,
  ...(row.preview_reason && { previewReason: row.preview_reason }),
  ...(row.pages !== null && { pages: row.pages }),
  ...(row.page_images !== null && { pageImages: row.page_images }),
  ...(row.page_sizes && { pageSizes: row.page_sizes }),
  ...(row.pdf_sha256 && { pdfSha256: row.pdf_sha256 }),
  ...(row.thumbnail_sha256 && { thumbnailSha256: row.thumbnail_sha256 }),
});
