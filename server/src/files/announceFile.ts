import { DomainError } from "@kontor/shared/base";
import type { Transaction } from "#kernel";
import type { FileRows, NewFile } from "./fileRows.ts";
import type { FileRow } from "./files.repo.ts";

export interface AnnounceDeps {
  readonly rows: Pick<FileRows, "insert">;
  readonly maxBytes: number;
}

/** Makes the row of a file whose body follows by tus under the same id. The caller has decided that it may hang there. */
export async function announceFile(trx: Transaction, deps: AnnounceDeps, file: NewFile): Promise<FileRow> {
  const { maxBytes } = deps;
  if (file.size > maxBytes) {
    throw new DomainError("tooLarge", `The file is larger than ${maxBytes} bytes, the most that this server takes.`, {
      reason: "file.tooLarge",
      params: { maxBytes },
    });
  }
  const [announced] = await deps.rows.insert(trx, [file]);
  if (!announced) throw new DomainError("conflict", "A file with this id exists already.", { reason: "file.exists" });
  return announced;
}
