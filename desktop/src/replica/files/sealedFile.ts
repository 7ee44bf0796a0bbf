import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from "node:crypto";
import { open, type FileHandle } from "node:fs/promises";

/**
 * A file body at rest on this device: encrypted in chunks, so that a range can be read without the rest, and so that
 * a chunk that was changed, moved or cut off is noticed. The construction is STREAM (Hoang, Reyhanitabar, Rogaway,
 * Vizár 2015) over AES-256-GCM:
 *
 *   "KSF1" · 32 bytes salt · chunk 0 · chunk 1 · …        a chunk: at most 64 KiB of text and 16 bytes of tag
 *
 * Each file has a key of its own (HKDF of the replica's key and the salt), so a counter is a safe nonce. The nonce also
 * says whether its chunk is the last one: a file cut at a chunk's border does not open.
 */
const MAGIC = Buffer.from("KSF1");
const SALT_BYTES = 32;
const HEADER_BYTES = MAGIC.length + SALT_BYTES;
const CHUNK_BYTES = 64 * 1024;
const TAG_BYTES = 16;
const SEALED_CHUNK_BYTES = CHUNK_BYTES + TAG_BYTES;

export class SealBroken extends Error {
  override readonly name = "SealBroken";
}

/** Writes a body; the caller renames the file to its place after `close` has made it durable. */
export async function createSealedWriter(
  path: string,
  replicaKey: Buffer,
): Promise<{ write(bytes: Uint8Array): Promise<void>; close(): Promise<{ size: number }>; abort(): Promise<void> }> {
  const file = await open(path, "w", 0o600);
  const salt = randomBytes(SALT_BYTES);
  const key = keyOf(replicaKey, salt);
  let held = Buffer.alloc(0);
  let index = 0;
  let size = 0;
  await file.write(Buffer.concat([MAGIC, salt]));

  async function seal(text: Uint8Array, isLast: boolean) {
    const cipher = createCipheriv("aes-256-gcm", key, nonceOf(index++, isLast));
    await file.write(Buffer.concat([cipher.update(text), cipher.final(), cipher.getAuthTag()]));
  }

  return {
    async write(bytes) {
      size += bytes.byteLength;
      held = held.length === 0 ? Buffer.from(bytes) : Buffer.concat([held, bytes]);
      // A full chunk stays held until more comes: only then is it known not to be the last.
      while (held.length > CHUNK_BYTES) {
        await seal(held.subarray(0, CHUNK_BYTES), false);
        held = held.subarray(CHUNK_BYTES);
      }
    },
    async close() {
      await seal(held, true);
      await file.sync();
      await file.close();
      return { size };
    },
    abort: () => file.close(),
  };
}

export interface SealedReader {
  /** Bytes of the body itself. */
  readonly size: number;
  /** Bytes from `start` to before `end`, chunk by chunk. Throws SealBroken where the file was changed. */
  read(range?: { readonly start?: number; readonly end?: number }): AsyncGenerator<Uint8Array>;
  close(): Promise<void>;
}

export async function openSealedFile(path: string, replicaKey: Buffer): Promise<SealedReader> {
  const file = await open(path, "r");
  try {
    const header = Buffer.alloc(HEADER_BYTES);
    const { bytesRead } = await file.read(header, 0, HEADER_BYTES, 0);
    if (bytesRead < HEADER_BYTES || !header.subarray(0, MAGIC.length).equals(MAGIC))
      throw new SealBroken("This is not a sealed file.");
    const { size: sealedSize } = await file.stat();
    const chunks = Math.ceil((sealedSize - HEADER_BYTES) / SEALED_CHUNK_BYTES);
    if (chunks < 1) throw new SealBroken("The sealed file is cut off.");
    const size = sealedSize - HEADER_BYTES - chunks * TAG_BYTES;
    const key = keyOf(replicaKey, header.subarray(MAGIC.length));
    return {
      size,
      read: (range) =>
        readRange({ file, key, chunks, size, start: range?.start ?? 0, end: Math.min(range?.end ?? size, size) }),
      close: () => file.close(),
    };
  } catch (error) {
    await file.close();
    throw error;
  }
}

async function* readRange({
  file,
  key,
  chunks,
  size,
  start,
  end,
}: {
  file: FileHandle;
  key: Buffer;
  chunks: number;
  size: number;
  start: number;
  end: number;
}): AsyncGenerator<Uint8Array> {
  if (start >= end) return;
  const sealed = Buffer.alloc(SEALED_CHUNK_BYTES);
  for (let index = Math.floor(start / CHUNK_BYTES); index < chunks && index * CHUNK_BYTES < end; index++) {
    const isLast = index === chunks - 1;
    const textBytes = isLast ? size - index * CHUNK_BYTES : CHUNK_BYTES;
    const { bytesRead } = await file.read(sealed, 0, textBytes + TAG_BYTES, HEADER_BYTES + index * SEALED_CHUNK_BYTES);
    if (bytesRead < textBytes + TAG_BYTES) throw new SealBroken("The sealed file is cut off.");
    const text = unseal(key, index, isLast, sealed.subarray(0, bytesRead));
    const from = index * CHUNK_BYTES;
    yield text.subarray(Math.max(0, start - from), Math.min(text.length, end - from));
  }
}

function unseal(key: Buffer, index: number, isLast: boolean, sealed: Buffer): Buffer {
  const decipher = createDecipheriv("aes-256-gcm", key, nonceOf(index, isLast));
  decipher.setAuthTag(sealed.subarray(sealed.length - TAG_BYTES));
  try {
    return Buffer.concat([decipher.update(sealed.subarray(0, sealed.length - TAG_BYTES)), decipher.final()]);
  } catch {
    throw new SealBroken("The sealed file was changed, or belongs to another replica.");
  }
}

const keyOf = (replicaKey: Buffer, salt: Buffer): Buffer =>
  Buffer.from(hkdfSync("sha256", replicaKey, salt, "kontor file", 32));

function nonceOf(index: number, isLast: boolean): Buffer {
  const nonce = Buffer.alloc(12);
  nonce.writeUInt32BE(index, 7);
  nonce[11] = isLast ? 1 : 0;
  return nonce;
}
