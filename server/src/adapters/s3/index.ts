export { createS3Blobs } from "./s3.blobs.ts";
export type { S3Options } from "./s3.blobs.ts";
