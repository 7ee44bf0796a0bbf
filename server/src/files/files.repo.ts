import { sql, type Generated } from "kysely";
import type { FileDoc, FileRefusal, FileState, PageSize, PreviewReason, PreviewState } from "@kontor/shared/files";
import { recordChanges, type Database, type Transaction } from "#kernel";

export interface FileRow {
  readonly id: string;
  readonly record_id: string;
  readonly field: string;
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
  readonly created_by: string;
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
  blob: { sha256: string; size: number; created_at: Generated<string> };
};

export const fileTables = (db: Database | Transaction) => db.withTables<FileTables>();

export async function findFiles(db: Database | Transaction, ids: readonly string[]): Promise<readonly FileRow[]> {
  if (ids.length === 0) return [];
  return fileTables(db).selectFrom("file").selectAll().where("id", "in", ids).execute();
}

export async function findFilesOf(
  db: Database | Transaction,
  recordIds: readonly string[],
): Promise<readonly FileRow[]> {
  if (recordIds.length === 0) return [];
  return fileTables(db).selectFrom("file").selectAll().where("record_id", "in", recordIds).orderBy("id").execute();
}

export const lockFile = (trx: Transaction, id: string): Promise<FileRow | undefined> =>
  fileTables(trx).selectFrom("file").selectAll().where("id", "=", id).forUpdate().executeTakeFirst();

export type NewFile = Pick<
  FileRow,
  "id" | "record_id" | "field" | "name" | "mime" | "size" | "sha256" | "created_at" | "created_by"
>;

/** False when the id is taken. */
export async function insertFile(trx: Transaction, file: NewFile): Promise<boolean> {
  const inserted = await fileTables(trx)
    .insertInto("file")
    .values({ ...emptyFile, ...file })
    .onConflict((conflict) => conflict.column("id").doNothing())
    .returning("id")
    .executeTakeFirst();
  if (inserted) await recordChanges(trx, [{ collection: "files", id: file.id }]);
  return inserted !== undefined;
}

const emptyFile = {
  state: "awaiting",
  refusal: null,
  preview_state: "none",
  preview_reason: null,
  preview_format: null,
  pages: null,
  page_images: null,
  page_sizes: null,
  pdf_sha256: null,
  thumbnail_sha256: null,
  rev: 1,
  deleted_at: null,
  deleted_by: null,
} as const;

/** Every change of a file goes through here: the row, its revision and the change log stay together. */
export async function updateFiles(
  trx: Transaction,
  which: { readonly ids: readonly string[] } | { readonly sha256: string; readonly format: string },
  set: Partial<FileRow>,
): Promise<readonly string[]> {
  const { page_sizes, ...plain } = set;
  const changed = await fileTables(trx)
    .updateTable("file")
    .set({ ...plain, rev: sql<number>`rev + 1` })
    .$if(page_sizes !== undefined, (query) =>
      query.set({ page_sizes: sql<readonly PageSize[]>`${page_sizes ? JSON.stringify(page_sizes) : null}::jsonb` }),
    )
    .$if("ids" in which, (query) => query.where("id", "in", "ids" in which ? which.ids : []))
    .$if("sha256" in which, (query) =>
      "sha256" in which ? query.where("sha256", "=", which.sha256).where("preview_format", "=", which.format) : query,
    )
    .returning("id")
    .execute();
  const ids = changed.map(({ id }) => id);
  await recordChanges(
    trx,
    ids.map((id) => ({ collection: "files", id })),
  );
  return ids;
}

export async function noteBlob(trx: Transaction, blob: { sha256: string; size: number }): Promise<void> {
  await fileTables(trx)
    .insertInto("blob")
    .values(blob)
    .onConflict((conflict) => conflict.column("sha256").doNothing())
    .execute();
}

export const fileToDoc = (row: FileRow): FileDoc => ({
  id: row.id,
  recordId: row.record_id,
  field: row.field,
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
  createdAt: row.created_at,
  createdBy: row.created_by,
});
