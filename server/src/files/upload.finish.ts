import { stat } from "node:fs/promises";
import { DomainError, isDomainError } from "@kontor/shared/base";
import type { Database, Log, Transaction } from "#kernel";
import type { BlobStore } from "./blob.port.ts";
import type { FileRows } from "./fileRows.ts";
import { fileTables, findFiles, noteBlob, type FileRow } from "./files.repo.ts";
import { mimeOf } from "./sniff.ts";
import type { UploadStore } from "./upload.store.ts";

export interface FinishDeps {
  readonly db: Database;
  readonly blobs: BlobStore;
  readonly store: UploadStore;
  readonly rows: Pick<FileRows, "update">;
  /** Runs in the transaction in which the file becomes stored: previews are asked for here. */
  readonly onStored: (trx: Transaction, file: FileRow) => Promise<void>;
  /** After a commit that replicas should hear of. */
  readonly changed: () => void;
  readonly log: Log;
}

/** A client whose file really changed under it sends the same wrong body again: the third time is enough. */
const MAX_MISMATCHES = 3;

/**
 * Turns a complete part into a stored file. Every step can be done again, so a kill between any two of them is mended by
 * whoever comes next: the client that asks for the offset, or the server when it starts.
 */
export function createFinish(deps: FinishDeps): (id: string) => Promise<void> {
  const running = new Map<string, Promise<void>>();
  return (id) => {
    const known = running.get(id);
    if (known) return known;
    const run = finish(deps, id).finally(() => running.delete(id));
    running.set(id, run);
    return run;
  };
}

async function finish({ db, blobs, store, rows, onStored, changed, log }: FinishDeps, id: string): Promise<void> {
  const upload = await store.find(id);
  const [file] = await findFiles(db, [id]);
  if (!upload || !file || upload.finished_at) return;
  const path = store.pathOf(id);
  const isPart = await stat(path).then(
    ({ size }) => size === upload.size,
    () => false,
  );

  // From here the part is no longer the client's. The mark comes before the move: a missing part with the mark on it is
  // one that was moved, and not one that never came.
  if (isPart) await markReceived(db, id);
  else if (!upload.received_at) return;

  const mime = isPart ? await mimeOf(path, file.name) : undefined;
  if (isPart) {
    try {
      await blobs.putFile(path, { sha256: file.sha256, size: file.size });
    } catch (error) {
      if (isDomainError(error) && error.details.reason === "blob.checksumMismatch") await refuseBody();
      throw error;
    }
  } else if (!(await blobs.stat(file.sha256))) {
    log.error({ fileId: id }, "a received part is gone; the client is asked to send it again");
    await store.restart(id, upload.mismatches);
    throw mismatch();
  }

  await db.transaction().execute(async (trx) => {
    // Another node may have come to the same part by the same way.
    const mine = await fileTables(trx)
      .selectFrom("upload")
      .selectAll()
      .where("file_id", "=", id)
      .forUpdate()
      .executeTakeFirst();
    if (!mine || mine.finished_at) return;
    await noteBlob(trx, { sha256: file.sha256, size: file.size });
    const [stored] = await rows.update(trx, { ids: [id] }, { state: "stored", ...(mime ? { mime } : {}) });
    await fileTables(trx).updateTable("upload").set({ finished_at: now() }).where("file_id", "=", id).execute();
    if (stored) await onStored(trx, stored);
  });
  changed();

  async function refuseBody(): Promise<never> {
    const mismatches = (upload?.mismatches ?? 0) + 1;
    log.warn({ fileId: id, mismatches }, "a complete upload is not the body announced");
    await store.restart(id, mismatches);
    if (mismatches < MAX_MISMATCHES) throw mismatch();
    await db.transaction().execute(async (trx) => {
      await rows.update(trx, { ids: [id] }, { state: "refused", refusal: "checksumMismatch" });
    });
    changed();
    await store.remove(id);
    throw new DomainError("invalid", "The file is not the one that was announced. Attach it once more.", {
      reason: "upload.refused",
    });
  }
}

const markReceived = (db: Database, id: string) =>
  fileTables(db).updateTable("upload").set({ received_at: now() }).where("file_id", "=", id).execute();

const now = () => new Date().toISOString();

const mismatch = () =>
  new DomainError("conflict", "The bytes that arrived are not the file announced. Send it again from the start.", {
    reason: "upload.checksumMismatch",
  });
