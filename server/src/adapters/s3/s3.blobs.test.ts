import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CreateBucketCommand, S3Client } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { blobContract } from "../../files/blob.contract.ts";
import { createS3Blobs, type S3Options } from "./s3.blobs.ts";
import { startSwift, swiftMissing, type SwiftPeer } from "./swift.peer.ts";

const missing = swiftMissing();
// The peer is a set of Debian packages; without them nothing honest can be said about S3, and the name says so.
describe.skipIf(missing)(`S3${missing ? `, not run: ${missing}` : ""}`, () => {
  let swift: SwiftPeer;
  let spoolDirectory: string;
  const opened: { close(): void }[] = [];
  const open = (options: Partial<S3Options> = {}) => {
    const { endpoint, accessKeyId, secretAccessKey } = swift;
    const base = { bucket: "kontor", region: "us-east-1", endpoint, accessKeyId, secretAccessKey };
    const blobs = createS3Blobs({ options: { ...base, ...options }, spoolDirectory });
    opened.push(blobs);
    return blobs;
  };

  beforeAll(async () => {
    spoolDirectory = await mkdtemp(join(tmpdir(), "kontor-s3-"));
    swift = await startSwift();
    const { endpoint, accessKeyId, secretAccessKey } = swift;
    const credentials = { accessKeyId, secretAccessKey };
    const client = new S3Client({ endpoint, region: "us-east-1", forcePathStyle: true, credentials });
    await client.send(new CreateBucketCommand({ Bucket: "kontor" }));
    client.destroy();
  }, 60_000);
  afterAll(async () => {
    for (const blobs of opened) blobs.close();
    await swift?.close();
    await rm(spoolDirectory, { recursive: true, force: true });
  });

  blobContract("S3", async () => open({ prefix: "contract/" }));

  it("[BLB-5] says that its credentials are refused", async () => {
    const blobs = open({ secretAccessKey: "wrong" });
    const refused = { code: "unavailable", details: { reason: "storage.refused" } };
    await expect(blobs.put(bodyOf("x"))).rejects.toMatchObject(refused);
    await expect(blobs.get("a".repeat(64))).rejects.toMatchObject(refused);
    await expect(blobs.stat("a".repeat(64))).rejects.toMatchObject(refused);
  });

  it("[BLB-5] says that the store does not answer", async () => {
    // Port 9 (discard) is closed on every sane machine.
    const blobs = open({ endpoint: "http://127.0.0.1:9" });
    const unreachable = { code: "unavailable", details: { reason: "storage.unreachable" } };
    await expect(blobs.get("a".repeat(64))).rejects.toMatchObject(unreachable);
  });

  it("[BLB-5] does not take a missing bucket for a missing file", async () => {
    const blobs = open({ bucket: "elsewhere" });
    await expect(blobs.get("a".repeat(64))).rejects.toMatchObject({ code: "unavailable" });
  });

  it("keeps servers that share a bucket apart by their prefix", async () => {
    const ours = open({ prefix: "ours/" });
    const theirs = open({ prefix: "theirs/" });
    const { sha256 } = await ours.put(bodyOf(randomBytes(9).toString("hex")));
    expect(await theirs.stat(sha256)).toBeUndefined();
    const listed = [];
    for await (const blob of theirs.list()) listed.push(blob);
    expect(listed).toEqual([]);
  });
});

async function* bodyOf(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}
