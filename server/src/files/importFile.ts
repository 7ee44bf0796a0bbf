import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import type { Database } from "#kernel";
import type { BlobStore } from "./blob.port.ts";
import { keepFiles, type KeepDeps } from "./fileRows.ts";
import { findFiles } from "./files.repo.ts";
import type { FilePlaces } from "./place.port.ts";

export interface ImportFileDeps extends KeepDeps {
  readonly db: Database;
  readonly blobs: BlobStore;
  readonly places: FilePlaces;
}

/** A file that comes whole, with its past: from another system, or with the demo company. */
export interface ImportedFile {
  readonly id: string;
  readonly recordId: string;
  readonly field: string;
  readonly name: string;
  readonly mime: string;
  readonly at: string;
  readonly by: string;
}

/** Keeps it under its id, once: a second call for the same id changes nothing. Asks for no rights, as importing records. */
export async function importFile(deps: ImportFileDeps, file: ImportedFile, bytes: Buffer): Promise<void> {
  const { db, blobs, places } = deps;
  if ((await findFiles(db, [file.id])).length > 0) return;
  const body = { sha256: createHash("sha256").update(bytes).digest("hex"), size: bytes.length };
  await blobs.put(Readable.from([bytes]), body);
  await db.transaction().execute(async (trx) => {
    const { id, recordId, field, name, mime, at, by } = file;
    const place = { record_id: recordId, field };
    const [kept] = await keepFiles(trx, deps, [{ id, ...place, name, mime, ...body, created_at: at, created_by: by }]);
    if (kept) await places.of(kept).noteAct(trx, kept, "attached", { now: at, subject: { id: by } });
  });
}
