import { createHash, randomUUID } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  S3Client,
  S3ServiceException,
  paginateListObjectsV2,
} from "@aws-sdk/client-s3";
import { Upload } from "@aws-sdk/lib-storage";
import {
  asStorageError,
  blobNotFound,
  checkExpected,
  hashFile,
  requireRange,
  requireSha256,
  storageRefused,
  storageUnreachable,
  writeHashed,
  type BlobStat,
  type BlobStore,
  type ByteRange,
  type ExpectedBlob,
} from "#files";

export interface S3Options {
  readonly bucket: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Left out for Amazon itself. */
  readonly endpoint?: string;
  /** Put before every key, so that several servers can share a bucket. */
  readonly prefix?: string;
}

/** Requests at once for many small bodies: each waits for the network, and the SDK keeps up to 50 connections. */
const AT_ONCE = 8;

/** Half of what a body is left alone before it is deleted as nobody's. */
const FRESH_MS = 12 * 3600 * 1000;

/** Bodies in a bucket, under `<prefix>ab/<sha256>`. */
export function createS3Blobs(deps: { options: S3Options; spoolDirectory: string }): BlobStore & { close(): void } {
  const { bucket, prefix = "", region, endpoint, accessKeyId, secretAccessKey } = deps.options;
  const client = new S3Client({
    region,
    ...(endpoint === undefined ? {} : { endpoint, forcePathStyle: true }),
    credentials: { accessKeyId, secretAccessKey },
    // The SDK's default since 2025 adds checksum trailers that most S3 servers other than Amazon's refuse.
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
    maxAttempts: 3,
  });
  const keyOf = (sha256: string) => `${prefix}${requireSha256(sha256).slice(0, 2)}/${sha256}`;

  const look = async (sha256: string): Promise<(BlobStat & { readonly writtenMs: number }) | undefined> => {
    const Key = keyOf(sha256);
    try {
      const head = await client.send(new HeadObjectCommand({ Bucket: bucket, Key }));
      return { sha256, size: head.ContentLength ?? 0, writtenMs: head.LastModified?.getTime() ?? 0 };
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw asS3Error(error);
    }
  };

  const stat = async (sha256: string): Promise<BlobStat | undefined> => {
    const found = await look(sha256);
    return found && { sha256, size: found.size };
  };

  const putFile = async (path: string, expected: ExpectedBlob = {}): Promise<BlobStat> => {
    const blob = await hashFile(path);
    checkExpected(blob, expected);
    // An object is visible only when all of it has arrived, so finding it means that it is whole (BLB-2).
    const present = await look(blob.sha256);
    // One that lies there for long is written again, so that it shows that somebody wants it (BLB-6).
    const isFresh = present !== undefined && Date.now() - present.writtenMs < FRESH_MS;
    if (present?.size !== blob.size || !isFresh) await upload(path, blob);
    await rm(path, { force: true });
    return blob;
  };

  const upload = async (path: string, blob: BlobStat): Promise<void> => {
    const body = createReadStream(path);
    const transfer = new Upload({
      client,
      params: { Bucket: bucket, Key: keyOf(blob.sha256), Body: body, ContentType: "application/octet-stream" },
      partSize: 8 * 1024 * 1024,
      queueSize: 2,
    });
    try {
      await transfer.done();
    } catch (error) {
      throw asS3Error(error);
    } finally {
      body.destroy();
    }
  };

  return {
    /** Spooled first: the key is the hash of all of it, and S3 has no rename. */
    async put(body: AsyncIterable<Uint8Array>, expected: ExpectedBlob = {}) {
      await mkdir(deps.spoolDirectory, { recursive: true, mode: 0o700 });
      const path = join(deps.spoolDirectory, randomUUID());
      try {
        const blob = await writeHashed(path, body, expected.maxBytes ?? expected.size);
        checkExpected(blob, expected);
        return await putFile(path, blob);
      } catch (error) {
        throw asStorageError(error);
      } finally {
        await rm(path, { force: true });
      }
    },

    async putMany(bodies) {
      const stats = bodies.map((body) => ({
        sha256: createHash("sha256").update(body).digest("hex"),
        size: body.byteLength,
      }));
      const queue = stats.entries();
      const lane = async () => {
        for (const [index, { sha256 }] of queue) {
          const Body = bodies[index] as Uint8Array;
          await client.send(
            new PutObjectCommand({ Bucket: bucket, Key: keyOf(sha256), Body, ContentType: "application/octet-stream" }),
          );
        }
      };
      const lanes = await Promise.allSettled(Array.from({ length: AT_ONCE }, lane));
      const failed = lanes.find(({ status }) => status === "rejected");
      if (failed) throw asS3Error((failed as PromiseRejectedResult).reason);
      return stats;
    },

    putFile,

    async get(sha256: string, range?: ByteRange): Promise<Readable> {
      const Key = keyOf(sha256);
      if (range) {
        const found = await stat(sha256);
        if (!found) throw blobNotFound();
        requireRange(range, found.size);
      }
      try {
        const Range = range && `bytes=${range.start}-${range.end}`;
        const answer = await client.send(new GetObjectCommand({ Bucket: bucket, Key, ...(Range && { Range }) }));
        return answer.Body instanceof Readable ? answer.Body : Readable.from([]);
      } catch (error) {
        throw isMissing(error) ? blobNotFound() : asS3Error(error);
      }
    },

    stat,

    async delete(sha256: string) {
      const Key = keyOf(sha256);
      try {
        await client.send(new DeleteObjectCommand({ Bucket: bucket, Key }));
      } catch (error) {
        if (!isMissing(error)) throw asS3Error(error);
      }
    },

    /**
     * S3 has no rename, and not every server knows a condition for deleting: between the look and the deletion there are some
     * milliseconds, in which nobody may write this very body, that nobody wanted for a day.
     */
    async deleteOlder(sha256: string, beforeMs: number) {
      const found = await look(sha256);
      if (!found) return true;
      if (found.writtenMs >= beforeMs) return false;
      const Key = keyOf(sha256);
      await client.send(new DeleteObjectCommand({ Bucket: bucket, Key })).catch((error: unknown) => {
        if (!isMissing(error)) throw asS3Error(error);
      });
      return true;
    },

    async *list() {
      try {
        for await (const page of paginateListObjectsV2({ client }, { Bucket: bucket, Prefix: prefix })) {
          for (const { Key = "", Size = 0 } of page.Contents ?? []) {
            const sha256 = Key.slice(Key.lastIndexOf("/") + 1);
            if (/^[0-9a-f]{64}$/.test(sha256)) yield { sha256, size: Size };
          }
        }
      } catch (error) {
        throw asS3Error(error);
      }
    },

    close() {
      client.destroy();
    },
  };
}

function isMissing(error: unknown): boolean {
  // A missing bucket is also a 404, but a fault of the set-up: it must not look like a missing file.
  return error instanceof S3ServiceException && (error.name === "NotFound" || error.name === "NoSuchKey");
}

/** BLB-5. What is not S3's answer is the network's. */
function asS3Error(error: unknown): unknown {
  if (!(error instanceof S3ServiceException)) return storageUnreachable(error);
  const status = error.$metadata.httpStatusCode ?? 0;
  return status === 401 || status === 403 ? storageRefused(error) : storageUnreachable(error);
}
