import { sql, type Generated } from "kysely";
import type { PageSize, PreviewReason } from "@kontor/shared/files";
import type { FileRows } from "#files";
import type { Database, Transaction } from "#kernel";
import type { PreviewFormat } from "./preview.formats.ts";

export interface PreviewRow {
  readonly sha256: string;
  readonly format: PreviewFormat;
  readonly state: "pending" | "ready" | "failed";
  readonly reason: PreviewReason | null;
  readonly pages: number | null;
  readonly page_sizes: readonly PageSize[] | null;
  readonly page_sha256s: readonly string[] | null;
  readonly pdf_sha256: string | null;
  readonly thumbnail_sha256: string | null;
  readonly begun: number;
}

type PreviewTables = {
  preview: { -readonly [Key in keyof Omit<PreviewRow, "begun" | "state">]: PreviewRow[Key] } & {
    state: Generated<PreviewRow["state"]>;
    begun: Generated<number>;
    finished_at: string | null;
  };
};

export const previewTables = (db: Database | Transaction) => db.withTables<PreviewTables>();

export interface PreviewKey {
  readonly sha256: string;
  readonly format: PreviewFormat;
}

/**
 * The preview of a body, made if there is none, and held to the end of the transaction: a file that is stored while its
 * twin's preview is being finished must either see the result or be seen by it.
 */
export async function claimPreview(trx: Transaction, key: PreviewKey): Promise<PreviewRow> {
  await previewTables(trx)
    .insertInto("preview")
    .values({ ...key, ...nothingYet })
    .onConflict((conflict) => conflict.columns(["sha256", "format"]).doNothing())
    .execute();
  return await previewTables(trx)
    .selectFrom("preview")
    .selectAll()
    .where("sha256", "=", key.sha256)
    .where("format", "=", key.format)
    .forUpdate()
    .executeTakeFirstOrThrow();
}

const nothingYet = {
  reason: null,
  pages: null,
  page_sizes: null,
  page_sha256s: null,
  pdf_sha256: null,
  thumbnail_sha256: null,
  finished_at: null,
} as const;

export const findPreview = (db: Database | Transaction, key: PreviewKey): Promise<PreviewRow | undefined> =>
  previewTables(db)
    .selectFrom("preview")
    .selectAll()
    .where("sha256", "=", key.sha256)
    .where("format", "=", key.format)
    .executeTakeFirst();

/** Counts the attempt in a transaction of its own, so that an attempt that kills the server is counted too. */
export async function beginPreview(db: Database, key: PreviewKey): Promise<number> {
  const begun = await previewTables(db)
    .updateTable("preview")
    .set({ begun: sql<number>`begun + 1` })
    .where("sha256", "=", key.sha256)
    .where("format", "=", key.format)
    .returning("begun")
    .executeTakeFirst();
  return begun?.begun ?? 0;
}

export type Finished = Partial<
  Pick<PreviewRow, "reason" | "pages" | "page_sizes" | "page_sha256s" | "pdf_sha256" | "thumbnail_sha256">
> &
  Pick<PreviewRow, "state">;

/** The result, in the preview and in every file that has this body. */
export async function finishPreview(
  trx: Transaction,
  rows: Pick<FileRows, "update">,
  key: PreviewKey,
  finished: Finished,
): Promise<void> {
  const row = { ...nothingYet, ...finished };
  await previewTables(trx)
    .updateTable("preview")
    .set({
      ...row,
      page_sizes: jsonb(row.page_sizes),
      page_sha256s: jsonb(row.page_sha256s),
      finished_at: new Date().toISOString(),
    })
    .where("sha256", "=", key.sha256)
    .where("format", "=", key.format)
    .execute();
  await rows.update(trx, key, fileColumns({ ...row, ...key, begun: 0 }));
}

/** The part of a preview that a file's own row carries. */
export const fileColumns = (preview: PreviewRow) => ({
  preview_format: preview.format,
  preview_state: preview.state,
  preview_reason: preview.reason,
  pages: preview.pages,
  page_images: preview.page_sha256s?.length ?? null,
  page_sizes: preview.page_sizes,
  pdf_sha256: preview.pdf_sha256,
  thumbnail_sha256: preview.thumbnail_sha256,
});

const jsonb = <Value>(value: Value) => sql<Value>`${value === null ? null : JSON.stringify(value)}::jsonb`;
