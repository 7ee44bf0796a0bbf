import type { Readable } from "node:stream";
import { DomainError } from "@kontor/shared/base";

/**
 * File bodies, addressed by what is in them. A body is written once and never changed, so equal files are kept once,
 * a copy in flight can be checked, and any cache may keep a body for ever.
 *
 * Rules, quoted by the contract suite (`blob.contract.ts`), which every store passes:
 * - **BLB-1** What is read is what was written, whole or any range of it.
 * - **BLB-2** A body is there whole or not at all: a torn, oversized or wrongly announced write leaves nothing.
 * - **BLB-3** When `put` resolves, the body survives a power cut.
 * - **BLB-4** Writing the same body twice is one body; deleting what is not there is no error.
 * - **BLB-5** A full disk, an unreachable store and refused credentials are told apart, and each is "try again".
 * - **BLB-6** A body that is deleted as nobody's is not one that somebody wrote once more meanwhile, whoever of them came first.
 */
export interface BlobStore {
  /** Writes a stream while hashing it. Rejects without a trace when the stream fails or is not as announced. */
  put(body: AsyncIterable<Uint8Array>, expected?: ExpectedBlob): Promise<BlobStat>;
  /**
   * Many small bodies at once, in the order given; when it resolves, each of them is as `put` leaves one (BLB-3). A store
   * that pays for every write by itself can share that cost here.
   */
  putMany(bodies: readonly Uint8Array[]): Promise<readonly BlobStat[]>;
  /** Takes a finished local file over; after success the file at `path` is gone. Copies nothing where it can. */
  putFile(path: string, expected?: ExpectedBlob): Promise<BlobStat>;
  /** `range` is inclusive at both ends, in bytes, as in HTTP. */
  get(sha256: string, range?: ByteRange): Promise<Readable>;
  stat(sha256: string): Promise<BlobStat | undefined>;
  delete(sha256: string): Promise<void>;
  /**
   * Deletes a body that nobody has written since that moment (BLB-6), milliseconds since the epoch; writing what is there already
   * counts. False: somebody has, and it stays.
   */
  deleteOlder(sha256: string, beforeMs: number): Promise<boolean>;
  list(): AsyncIterable<BlobStat>;
}

export interface BlobStat {
  readonly sha256: string;
  readonly size: number;
}

/** What the writer announced; any part of it may be left out. */
export interface ExpectedBlob {
  readonly sha256?: string;
  readonly size?: number;
  /** More than this is refused while writing, before it fills the disk. */
  readonly maxBytes?: number;
}

export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

const SHA256 = /^[0-9a-f]{64}$/;

/** A hash becomes part of a path or key: anything else would be a way out of the store. */
export function requireSha256(text: string): string {
  if (!SHA256.test(text))
    throw new DomainError("invalid", "A SHA-256 is 64 lower-case hex digits.", { reason: "blob.hash" });
  return text;
}

export const blobNotFound = () =>
  new DomainError("notFound", "There is no such file body.", { reason: "blob.notFound" });

export const storageFull = (cause?: unknown) =>
  new DomainError("unavailable", "The server's disk is full.", { reason: "storage.full" }, cause);

export const storageUnreachable = (cause?: unknown) =>
  new DomainError("unavailable", "The server's file store does not answer.", { reason: "storage.unreachable" }, cause);

export const storageRefused = (cause?: unknown) =>
  new DomainError(
    "unavailable",
    "The server's file store refuses the server's credentials.",
    { reason: "storage.refused" },
    cause,
  );

export const rangeOutside = () =>
  new DomainError("invalid", "The range lies outside of the file.", { reason: "blob.range" });

export function requireRange(range: ByteRange, size: number): void {
  const { start, end } = range;
  if (!Number.isInteger(start) || !Number.isInteger(end) || start < 0 || end < start || end >= size)
    throw rangeOutside();
}

/** Compares what came with what was announced (BLB-2). */
export function checkExpected(stat: BlobStat, expected: ExpectedBlob = {}): void {
  if (expected.maxBytes !== undefined && stat.size > expected.maxBytes) throw bodyTooLarge(expected.maxBytes);
  if (expected.size !== undefined && stat.size !== expected.size) {
    throw new DomainError("invalid", `The body has ${stat.size} bytes instead of ${expected.size}.`, {
      reason: "blob.sizeMismatch",
    });
  }
  if (expected.sha256 !== undefined && stat.sha256 !== expected.sha256) {
    throw new DomainError("invalid", "The body is not the one announced: its SHA-256 differs.", {
      reason: "blob.checksumMismatch",
    });
  }
}

export const bodyTooLarge = (maxBytes: number) =>
  new DomainError("tooLarge", `The file is larger than ${maxBytes} bytes, the most that this server takes.`, {
    reason: "blob.tooLarge",
    params: { maxBytes },
  });
