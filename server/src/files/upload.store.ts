import { createWriteStream } from "node:fs";
import { mkdir, open, readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { DataStore, ERRORS, Upload } from "@tus/server";
import { DomainError, isId } from "@kontor/shared/base";
import { fileLimits } from "@kontor/shared/files";
import type { Database } from "#kernel";
import { fileTables, type UploadRow } from "./files.repo.ts";
import { asStorageError } from "./hashingWrite.ts";

const ORPHAN_AFTER_MS = 24 * 3600 * 1000; // longer than any single write takes

/**
 * Parts of uploads under way, one file each in the data directory. Its size is the offset, so there is no number that a
 * kill could leave wrong; who may write it is in the database.
 */
export class UploadStore extends DataStore {
  override extensions = ["creation", "creation-with-upload", "expiration", "termination"];
  readonly #db: Database;
  readonly #directory: string;

  constructor({ db, directory }: { db: Database; directory: string }) {
    super();
    this.#db = db;
    this.#directory = directory;
  }

  pathOf(id: string): string {
    return join(this.#directory, id);
  }

  async find(id: string): Promise<UploadRow | undefined> {
    return fileTables(this.#db).selectFrom("upload").selectAll().where("file_id", "=", id).executeTakeFirst();
  }

  /** Creating again what is under way changes nothing: the client lost our answer, not its bytes. */
  override async create(upload: Upload): Promise<Upload> {
    const owner = upload.metadata?.["owner"] ?? "";
    const size = upload.size ?? 0;
    await this.#checkOpenUploads(owner, upload.id);
    await fileTables(this.#db)
      .insertInto("upload")
      .values({ file_id: upload.id, owner, size, mismatches: 0, received_at: null, finished_at: null })
      .onConflict((conflict) => conflict.column("file_id").doNothing())
      .execute();
    await mkdir(this.#directory, { recursive: true, mode: 0o700 });
    const row = await this.find(upload.id);
    if (!row?.received_at) await (await open(this.pathOf(upload.id), "a", 0o600)).close();
    upload.offset = (await this.getUpload(upload.id)).offset;
    return upload;
  }

  async #checkOpenUploads(owner: string, id: string): Promise<void> {
    const { count } = await fileTables(this.#db)
      .selectFrom("upload")
      .select((query) => query.fn.countAll<number>().as("count"))
      .where("owner", "=", owner)
      .where("finished_at", "is", null)
      .where("file_id", "!=", id)
      .executeTakeFirstOrThrow();
    if (count >= fileLimits.maxOpenUploadsPerUser) {
      throw new DomainError("rateLimited", `You have ${count} unfinished uploads. Finish or drop some of them first.`, {
        reason: "upload.tooMany",
        retryAfterMs: 60_000,
      });
    }
  }

  override async getUpload(id: string): Promise<Upload> {
    const row = await this.find(id);
    // tus has errors of its own, plain objects that its server turns into answers.
    if (!row) throw ERRORS.FILE_NOT_FOUND;
    const offset = row.received_at ? row.size : await this.#partSize(id);
    return new Upload({ id, size: row.size, offset, creation_date: row.created_at, metadata: {} });
  }

  async #partSize(id: string): Promise<number> {
    const found = await stat(this.pathOf(id)).catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return undefined;
      throw error;
    });
    return found?.size ?? 0;
  }

  /** What has arrived stays, whatever ends the stream: the next attempt goes on from there. */
  override async write(stream: Readable, id: string, offset: number): Promise<number> {
    const path = this.pathOf(id);
    const row = await this.find(id);
    if (row?.received_at) {
      // All of it is here, and the part may be gone already: a repeated last request changes nothing.
      stream.resume();
      return row.size;
    }
    try {
      await pipeline(stream, createWriteStream(path, { flags: "r+", start: offset, flush: true }));
    } catch (error) {
      throw asStorageError(error);
    }
    return await this.#partSize(id);
  }

  override async remove(id: string): Promise<void> {
    await fileTables(this.#db)
      .deleteFrom("upload")
      .where("file_id", "=", id)
      .where("received_at", "is", null)
      .execute();
    await rm(this.pathOf(id), { force: true });
  }

  override getExpiration(): number {
    return fileLimits.unfinishedUploadMs;
  }

  override async deleteExpired(): Promise<number> {
    const before = new Date(Date.now() - this.getExpiration()).toISOString();
    const expired = await fileTables(this.#db)
      .deleteFrom("upload")
      .where("created_at", "<", before)
      .where("received_at", "is", null)
      .returning("file_id")
      .execute();
    for (const { file_id } of expired) await rm(this.pathOf(file_id), { force: true });
    return expired.length + (await this.#dropOrphans());
  }

  /** Parts whose row is gone, with the record for instance, and what a kill left of a body on its way to S3. */
  async #dropOrphans(): Promise<number> {
    const names = await readdir(this.#directory).catch(() => []);
    let dropped = 0;
    for (const name of names) {
      const found = await stat(this.pathOf(name)).catch(() => undefined);
      const isYoung = !found || Date.now() - found.mtimeMs < ORPHAN_AFTER_MS;
      if (isYoung || (isId(name) && (await this.find(name)))) continue;
      await rm(this.pathOf(name), { force: true });
      dropped++;
    }
    return dropped;
  }

  async restart(id: string, mismatches: number): Promise<void> {
    await (await open(this.pathOf(id), "w", 0o600)).close();
    await fileTables(this.#db)
      .updateTable("upload")
      .set({ mismatches, received_at: null })
      .where("file_id", "=", id)
      .execute();
  }
}
