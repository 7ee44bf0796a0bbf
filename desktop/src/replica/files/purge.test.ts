import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { newId } from "@kontor/shared/base";
import { openReplicaFile } from "#replica/storage";
import type { Part } from "./body.cache.ts";
import { openReplicaFiles } from "./files.service.ts";

const CANARY = "canary of a body";
const PARTS: readonly Part[] = ["content", "pdf", "thumbnail", "page-1", "page-2"];
const fileOf = (id: string) => ({ id, state: "stored", sha256: createHash("sha256").update(CANARY).digest("hex") });

async function open(fetchBody: typeof globalThis.fetch = async () => new Response(CANARY)) {
  const folder = mkdtempSync(join(tmpdir(), "kontor-bodies-"));
  const outbox = openReplicaFile({ filename: join(folder, "outbox.db"), key: "6b".repeat(32) });
  const directory = join(folder, "files");
  const files = await openReplicaFiles({
    directory,
    key: Buffer.alloc(32, 7),
    sql: { run: outbox.run, all: outbox.all },
    serverUrl: "http://127.0.0.1:9",
    token: () => "token",
    isAttachPending: () => false,
    onChange: () => undefined,
    onExpired: () => undefined,
    fetch: fetchBody,
  });
  onTestFinished(async () => {
    await files.close();
    await outbox.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const bodyOf = async (id: string, part: Part) => {
    const reader = await files.open(id, part);
    if (!reader) return undefined;
    const chunks: Uint8Array[] = [];
    for await (const bytes of reader.read({ start: 0, end: reader.size })) chunks.push(bytes);
    await reader.close();
    return Buffer.concat(chunks).toString();
  };
  return { files, directory, bodyOf };
}

it("[VIS-4] body, PDF, thumbnail and pages of a lost file are gone, with their names; others stay", async () => {
  const { files, directory, bodyOf } = await open();
  const [lost, kept] = [newId(), newId()];
  for (const id of [lost, kept]) for (const part of PARTS) await files.fetch(fileOf(id), part);
  for (const part of PARTS) expect(await bodyOf(lost, part)).toBe(CANARY);
  await files.purge([lost]);
  for (const part of PARTS) expect(await bodyOf(lost, part)).toBeUndefined();
  expect(readdirSync(directory)).toEqual([kept]);
  expect(await bodyOf(kept, "page-2")).toBe(CANARY);
});

it("[VIS-4] what is on its way when the file is lost does not come back", async () => {
  const asked = Promise.withResolvers<void>();
  const { files, directory } = await open(
    (_url, init) =>
      new Promise((resolve, reject) => {
        // Answers as late as it can: when it is told to stop, or never.
        const body = new ReadableStream({
          start(controller) {
            controller.enqueue(Buffer.from(CANARY.slice(0, 4)));
            init?.signal?.addEventListener("abort", () => controller.error(new Error("stopped")));
          },
        });
        init?.signal?.addEventListener("abort", () => reject(new Error("stopped")));
        resolve(new Response(body));
        asked.resolve();
      }),
  );
  const lost = newId();
  const fetched = files.fetch(fileOf(lost), "content");
  await asked.promise;
  await files.purge([lost]);
  expect(await fetched).toMatchObject({ available: false });
  expect(readdirSync(directory)).toEqual([]);
});

it("[VIS-4] bodies whose purge was cut off by the end of the process go at the next start", async () => {
  const { files, directory, bodyOf } = await open();
  const [lost, kept] = [newId(), newId()];
  for (const id of [lost, kept]) await files.fetch(fileOf(id), "thumbnail");
  await files.sweep((id) => id === kept);
  expect(readdirSync(directory)).toEqual([kept]);
  expect(await bodyOf(kept, "thumbnail")).toBe(CANARY);
});
