import { constants, deflateRawSync, inflateRawSync } from "node:zlib";
import type { Compression } from "@kontor/shared/protocol";

/** Fastest level: JSON rows already shrink to a fifth, and a higher level costs the event loop three times as much. */
export const zlibCompression: Compression = {
  deflate: (bytes) => deflateRawSync(bytes, { level: constants.Z_BEST_SPEED }),
  inflate: (bytes, maxBytes) => inflateRawSync(bytes, { maxOutputLength: maxBytes }),
};
