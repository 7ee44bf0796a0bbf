import { deflateRawSync, inflateRawSync } from "node:zlib";
import type { Compression } from "@kontor/shared/protocol";

export const zlibCompression: Compression = {
  deflate: (bytes) => deflateRawSync(bytes),
  inflate: (bytes, maxBytes) => inflateRawSync(bytes, { maxOutputLength: maxBytes }),
};
