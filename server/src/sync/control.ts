import * as decoding from "lib0/decoding";
import * as encoding from "lib0/encoding";
import { Awareness, encodeAwarenessUpdate } from "y-protocols/awareness";
import { messageYjsSyncStep1, writeSyncStep2 } from "y-protocols/sync";
import { Doc } from "yjs";

/**
 * The stock messages 0–3 on the control document, answered so that the unmodified provider works: it syncs, resets its
 * back-off and keeps its clock. The document is empty and stays so. Updates and awareness that a client sends to it are
 * dropped: nobody shares this document, so whatever comes could only be an attempt to fill memory or to pose as somebody.
 */
const SYNC = 0;
const AWARENESS = 1;
const QUERY_AWARENESS = 3;

const emptyDocument = new Doc();

/** What to send back, if anything; undefined for a frame that cannot be read, too. */
export function answerControl(frame: Uint8Array): Uint8Array | undefined {
  try {
    const decoder = decoding.createDecoder(frame);
    const type = decoding.readVarUint(decoder);
    if (type === SYNC && decoding.readVarUint(decoder) === messageYjsSyncStep1) return syncStep2();
    if (type === QUERY_AWARENESS) return nobodyElse();
    return undefined;
  } catch {
    return undefined;
  }
}

function syncStep2(): Uint8Array {
  const encoder = encoding.createEncoder();
  encoding.writeVarUint(encoder, SYNC);
  writeSyncStep2(encoder, emptyDocument);
  return encoding.toUint8Array(encoder);
}

function nobodyElse(): Uint8Array {
  const awareness = new Awareness(emptyDocument);
  const encoder = encoding.createEncoder();
  encoding.writeVarUint(encoder, AWARENESS);
  encoding.writeVarUint8Array(encoder, encodeAwarenessUpdate(awareness, []));
  awareness.destroy();
  return encoding.toUint8Array(encoder);
}
