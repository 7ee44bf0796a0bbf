/** Reads messages in a thread of its own, one after the other, for `messageReader.ts`. */
import { parentPort, type Transferable } from "node:worker_threads";
import type { ReaderAnswer } from "./messageReader.ts";
import { readMail, type ReadMail } from "./readMail.ts";

/** Smaller ones may lie in Node's pool, which cannot be given away, and cost nothing to copy. */
const TRANSFERRED_BYTES = 1024 ** 2;

const answer = (said: ReaderAnswer, transfer: readonly Transferable[] = []) =>
  parentPort?.postMessage(said, [...transfer]);

parentPort?.on("message", (raw: Uint8Array) => {
  try {
    const read = readMail(raw);
    answer({ kind: "read", read }, buffersOf(read));
  } catch (error) {
    answer({ kind: "failed", message: error instanceof Error ? error.message : String(error) });
  }
});
answer({ kind: "ready" });

/** Attachments are views of the message, or were decoded: either way nobody needs them here any more. */
function buffersOf({ outcome }: ReadMail): readonly ArrayBuffer[] {
  if (outcome.kind !== "parsed") return [];
  const buffers = outcome.message.attachments.map(({ bytes }) => bytes.buffer);
  return [...new Set(buffers)].filter(
    (buffer): buffer is ArrayBuffer => buffer instanceof ArrayBuffer && buffer.byteLength > TRANSFERRED_BYTES,
  );
}
