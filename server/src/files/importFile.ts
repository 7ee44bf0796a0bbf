import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import type { Database, Transaction } from "#kernel";
import { noteFileChange } from "#objects";
import type { BlobStore } from "./blob.port.ts";
import { findFiles, insertFile, noteBlob, updateFiles, type FileRow } from "./files.repo.ts";

export interface ImportFileDeps {
  readonly db: Database;
  readonly blobs: BlobStore;
  readonly onStored: (trx: Transaction, file: FileRow) => Promise<void>;
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
  const { db, blobs, onStored } = deps;
  if ((await findFiles(db, [file.id])).length > 0) return;
  const body = { sha256: createHash("sha256").update(bytes).digest("hex"), size: bytes.length };
  await blobs.put(Readable.from([bytes]), body);
  await db.transaction().execute(async (trx) => {
    const { id, recordId, field, name, mime, at, by } = file;
    const isNew = await insertFile(trx, {
      id,
      record_id: recordId,
      field,
      name,
      mime,
      ...body,
      created_at: at,
      created_by: by,
    });
    if (!isNew) return;
    await noteBlob(trx, body);
    await updateFiles(trx, { ids: [id] }, { state: "stored" });
    await noteFileChange(trx, {
      recordId,
      file: { id, name, act: "attached", field },
      actor: { now: at, subject: { id: by } },
    });
    const [stored] = await findFiles(trx, [id]);
    if (stored) await onStored(trx, stored);
  });
}
