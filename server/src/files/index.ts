export {
  blobNotFound,
  bodyTooLarge,
  checkExpected,
  rangeOutside,
  requireRange,
  requireSha256,
  storageFull,
  storageRefused,
  storageUnreachable,
} from "./blob.port.ts";
export type { BlobStat, BlobStore, ByteRange, ExpectedBlob } from "./blob.port.ts";
export { asStorageError, hashFile, writeHashed } from "./hashingWrite.ts";
