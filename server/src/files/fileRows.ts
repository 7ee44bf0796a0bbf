import { sql } from "kysely";
import type { PageSize } from "@kontor/shared/files";
import type { Transaction } from "#kernel";
import { fileTables, noteBlobs, type FileRow } from "./files.repo.ts";
import type { FilePlaces } from "./place.port.ts";

/** The only ways in which rows of files change: the row, its revision and what replicas are told stay together. */
export interface FileRows {
  /** The rows that were made; one whose id is taken is not among them. */
  insert(trx: Transaction, files: readonly NewFile[]): Promise<readonly FileRow[]>;
  update(
    trx: Transaction,
    which: { readonly ids: readonly string[] } | { readonly sha256: string; readonly format: string },
    set: Partial<FileRow>,
  ): Promise<readonly FileRow[]>;
}

export type NewFile = Pick<FileRow, "id" | "name" | "mime" | "size" | "sha256" | "created_at" | "created_by"> &
  Partial<Pick<FileRow, "state">> &
  (
    | { readonly record_id: string; readonly field: string; readonly created_by: string }
    | ({ readonly mail_content_id: string } & Partial<
        Pick<FileRow, "content_id" | "inline" | "part_position" | "as_link">
      >)
  );

export const createFileRows = ({ places }: { readonly places: Pick<FilePlaces, "noteRows"> }): FileRows => ({
  async insert(trx, files) {
    if (files.length === 0) return [];
    const inserted = await fileTables(trx)
      .insertInto("file")
      .values(files.map((file) => ({ ...emptyFile, ...file })))
      .onConflict((conflict) => conflict.column("id").doNothing())
      .returningAll()
      .execute();
    await places.noteRows(trx, inserted);
    return inserted;
  },
  async update(trx, which, { page_sizes, ...plain }) {
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
      .returningAll()
      .execute();
    await places.noteRows(trx, changed);
    return changed;
  },
});

const emptyFile = {
  record_id: null,
  field: null,
  mail_content_id: null,
  content_id: null,
  inline: false,
  part_position: null,
  as_link: false,
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

export interface KeepDeps {
  readonly rows: Pick<FileRows, "insert">;
  /** Asks for the preview, in the same transaction. */
  readonly onStored: (trx: Transaction, file: FileRow) => Promise<void>;
}

/** Files whose bodies are in the blob store already: parts of a message, copies of what is here. */
export async function keepFiles(
  trx: Transaction,
  { rows, onStored }: KeepDeps,
  files: readonly NewFile[],
): Promise<readonly FileRow[]> {
  await noteBlobs(trx, files);
  const kept = await rows.insert(
    trx,
    files.map((file) => ({ ...file, state: "stored" as const })),
  );
  for (const file of kept) await onStored(trx, file);
  return kept;
}
