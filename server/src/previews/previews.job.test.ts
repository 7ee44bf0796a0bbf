import { randomBytes } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { newId } from "@kontor/shared/base";
import { createTestDatabase, silentLog, type TestDatabase } from "#testing";
import type { BlobStore } from "#files";
import { createQueue, type Queue } from "#kernel";
import { createDiskBlobs } from "../adapters/disk/disk.blobs.ts";
import { recordFiles } from "../files/files.fixture.ts";
import { findFiles } from "../files/files.repo.ts";
import { createDeal, people, seedPeople, types } from "../objects/objects.fixture.ts";
import { saveTypes } from "../objects/typeRegistry.ts";
import { PreviewFailure, type PageRenderer } from "./converters.port.ts";
import { createPreviewJob } from "./previews.job.ts";
import { createPreviews } from "./previews.service.ts";

let test: TestDatabase;
let root: string;
let blobs: BlobStore;
let deal: string;
let queue: Queue | undefined;
beforeAll(async () => {
  test = await createTestDatabase();
  await seedPeople(test.db);
  await saveTypes(test.db, types);
  deal = await createDeal(test.db, "ann", {});
  root = await mkdtemp(join(tmpdir(), "kontor-previews-"));
  blobs = await createDiskBlobs({ root: join(root, "blobs") });
});
afterEach(async () => {
  await queue?.stop();
  queue = undefined;
});
afterAll(async () => {
  await test.drop();
  await rm(root, { recursive: true, force: true });
});

const { rows } = recordFiles(types);
const WAIT = { timeout: 15_000, interval: 50 };

/** The real queue and database, with a renderer that does what the test says. */
async function startPreviews(renderPdf: PageRenderer["renderPdf"], missing?: string) {
  const scratchDirectory = join(root, "scratch");
  const office = { toPdf: async () => Promise.reject(new Error("not asked")), missing: async () => undefined };
  const pages: PageRenderer = { renderPdf, renderPicture: renderPdf as never, missing: async () => missing };
  const limits = { concurrency: 2, timeoutMs: 10_000, maxBytes: 10_000, maxPages: 10 };
  const changed = () => undefined;
  const made = createPreviewJob({ db: test.db, blobs, rows, office, pages, scratchDirectory, limits, changed });
  const job = { ...made, retryDelaySeconds: 0 };
  queue = await createQueue({ url: test.url, jobs: [job], log: silentLog, pollSeconds: 0.5 });
  return createPreviews({ db: test.db, rows, queue, job, office, pages, scratchDirectory });
}

/** A file whose body has just been stored. */
async function store(
  previews: ReturnType<typeof createPreviews>,
  body = randomBytes(100),
  urgency?: Parameters<typeof previews.onStored>[2],
): Promise<string> {
  const { sha256, size } = await blobs.put(
    (async function* () {
      yield body;
    })(),
  );
  const id = newId();
  await test.db.transaction().execute(async (trx) => {
    const by = { created_at: new Date().toISOString(), created_by: people.ann };
    const [file] = await rows.insert(trx, [
      {
        id,
        record_id: deal,
        field: "papers",
        name: "a.pdf",
        mime: "application/pdf",
        size,
        sha256,
        ...by,
        state: "stored",
      },
    ]);
    if (file) await previews.onStored(trx, file, urgency);
  });
  return id;
}

const stateOf = async (id: string) => {
  const [file] = await findFiles(test.db, [id]);
  return [file?.preview_state, file?.preview_reason];
};

async function onePage(workDirectory: string) {
  const image = join(workDirectory, "page.jpg");
  const thumbnail = join(workDirectory, "thumbnail.jpg");
  for (const path of [image, thumbnail]) await writeFile(path, randomBytes(20));
  return { pages: 1, pageSizes: [{ width: 1, height: 1 }], images: [image], thumbnail };
}

describe("previews.render", () => {
  it("makes all of them, and never more at once than configured", async () => {
    let atOnce = 0;
    let most = 0;
    const previews = await startPreviews(async ({ workDirectory }) => {
      most = Math.max(most, ++atOnce);
      await new Promise((resolve) => setTimeout(resolve, 100)); // long enough that others would overlap, if they were let
      atOnce--;
      return await onePage(workDirectory);
    });
    const ids = await Promise.all(Array.from({ length: 8 }, () => store(previews)));
    for (const id of ids) await expect.poll(() => stateOf(id), WAIT).toEqual(["ready", null]);
    expect(most).toBe(2);
  });

  it("makes first what somebody waits for, and last what came in bulk", async () => {
    const begun: string[] = [];
    let goOn: () => void = () => undefined;
    const stopped = new Promise<void>((resolve) => (goOn = resolve));
    const previews = await startPreviews(async ({ source, workDirectory }) => {
      begun.push(await readFile(source, "utf8"));
      await stopped;
      return await onePage(workDirectory);
    });
    for (const body of ["at work 1", "at work 2"]) await store(previews, Buffer.from(body));
    await expect.poll(() => begun.length, WAIT).toBe(2);
    const waiting = [
      ["bulk 1", "inBulk"],
      ["bulk 2", "inBulk"],
      ["usual", "usual"],
      ["waited for", "waitedFor"],
    ] as const;
    const ids: string[] = [];
    for (const [body, urgency] of waiting) ids.push(await store(previews, Buffer.from(body), urgency));
    goOn();
    for (const id of ids) await expect.poll(() => stateOf(id), WAIT).toEqual(["ready", null]);
    const [first, second] = [begun.slice(2, 4), begun.slice(4)].map((some) => some.toSorted());
    expect({ first, second }).toEqual({ first: ["usual", "waited for"], second: ["bulk 1", "bulk 2"] });
  });

  it("tries a crash again, and then gives up in words", async () => {
    let tries = 0;
    const previews = await startPreviews(async () => {
      tries++;
      throw new Error("the converter crashed");
    });
    const id = await store(previews);
    await expect.poll(() => stateOf(id), WAIT).toEqual(["failed", "converterFailed"]);
    expect(tries).toBe(3);
  });

  it("does not try again what is the document's fault", async () => {
    let tries = 0;
    const previews = await startPreviews(async () => {
      tries++;
      throw new PreviewFailure("encrypted", "protected");
    });
    const id = await store(previews);
    await expect.poll(() => stateOf(id), WAIT).toEqual(["failed", "encrypted"]);
    expect(tries).toBe(1);
  });

  it("waits for a program that is missing, and makes the preview when the server starts with it", async () => {
    const poor = await startPreviews(async () => {
      throw new PreviewFailure("converterMissing", "not installed");
    }, "poppler is not installed");
    const id = await store(poor);
    await expect.poll(() => stateOf(id), WAIT).toEqual(["failed", "converterMissing"]);
    await poor.resume();
    expect(await stateOf(id)).toEqual(["failed", "converterMissing"]);
    await queue?.stop();

    const previews = await startPreviews(({ workDirectory }) => onePage(workDirectory));
    await previews.resume();
    await expect.poll(() => stateOf(id), WAIT).toEqual(["ready", null]);
  });

  it("refuses what is too large before it is copied", async () => {
    const previews = await startPreviews(async () => Promise.reject(new Error("not asked")));
    const id = await store(previews, randomBytes(10_001));
    await expect.poll(() => stateOf(id), WAIT).toEqual(["failed", "tooLarge"]);
  });
});
