import { newId } from "@kontor/shared/base";
import { fileTables, type NewFile } from "#files";
import type { Transaction } from "#kernel";

export interface KeepFilesDeps {
  /** Rows for bodies that are in the blob store already, and their previews. */
  keepFiles(trx: Transaction, files: readonly NewFile[]): Promise<unknown>;
}

/** Hangs the attachments of one content in another one as well; the bodies are not copied. Those still on their way stay behind. */
export async function copyAttachments(
  trx: Transaction,
  { keepFiles }: KeepFilesDeps,
  { from, to, by, at }: { readonly from: string; readonly to: string; readonly by: string; readonly at: string },
): Promise<void> {
  const files = await fileTables(trx)
    .selectFrom("file")
    .select(["name", "mime", "size", "sha256", "content_id", "inline", "part_position", "as_link"])
    .where("mail_content_id", "=", from)
    .where("deleted_at", "is", null)
    .where("state", "=", "stored")
    .orderBy("part_position")
    .orderBy("id")
    .execute();
  await keepFiles(
    trx,
    files.map((file) => ({ ...file, id: newId(), mail_content_id: to, created_at: at, created_by: by })),
  );
}
