import { createWriteStream } from "node:fs";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { z } from "zod";
import { previewLimits } from "@kontor/shared/files";
import { noteBlob, type BlobStat, type BlobStore, type FileRows } from "#files";
import { defineJob, type Database, type Job, type Log } from "#kernel";
import { PreviewFailure, type OfficeConverter, type PageRenderer } from "./converters.port.ts";
import { previewFormats } from "./preview.formats.ts";
import { beginPreview, findPreview, finishPreview, type PreviewKey } from "./previews.repo.ts";
import { renderPreview, type RenderedPreview } from "./renderPreview.ts";

export interface PreviewJobDeps {
  readonly db: Database;
  readonly blobs: BlobStore;
  readonly rows: Pick<FileRows, "update">;
  readonly office: OfficeConverter;
  readonly pages: PageRenderer;
  /** For work in progress; emptied of what a kill left when the server starts. */
  readonly scratchDirectory: string;
  /** After a commit that replicas should hear of. */
  readonly changed: () => void;
  readonly limits: {
    readonly concurrency: number;
    readonly timeoutMs: number;
    readonly maxBytes: number;
    /** Pages that become images. */
    readonly maxPages: number;
  };
}

/** What brings the server down each time it is opened is given up, instead of bringing it down for ever. */
const MAX_BEGUN = 4;

const previewData = z.object({ sha256: z.string(), format: z.enum(previewFormats) });

export function createPreviewJob(deps: PreviewJobDeps): Job {
  const { db, limits } = deps;
  return defineJob({
    name: "previews.render",
    data: previewData,
    access: { kind: "server", because: "a preview is as visible as its file, which is decided when it is fetched" },
    concurrency: limits.concurrency,
    retryLimit: 2, // a converter that crashes twice on a document crashes a third time
    retryDelaySeconds: 5,
    expireInSeconds: Math.ceil((limits.timeoutMs / 1000) * 4) + 60, // conversion, description, pages, thumbnail
    async run(key, job) {
      const preview = await findPreview(db, key);
      if (preview?.state !== "pending") return;
      try {
        if ((await beginPreview(db, key)) > MAX_BEGUN) throw new PreviewFailure("converterFailed", "begun too often");
        await render(deps, key, job);
      } catch (error) {
        if (!(error instanceof PreviewFailure)) throw error;
        // A busy machine is slow too: only the second time it is the document's fault.
        if (error.reason === "timeout" && job.attempt === 0) throw error;
        job.log.info({ ...key, reason: error.reason, words: error.message }, "no preview");
        await fail(key, error.reason);
      }
    },
    async exhausted(key, job) {
      job.log.warn(key, "preview given up");
      await fail(key, "converterFailed");
    },
  });

  async function fail(key: PreviewKey, reason: PreviewFailure["reason"]): Promise<void> {
    await db.transaction().execute((trx) => finishPreview(trx, deps.rows, key, { state: "failed", reason }));
    deps.changed();
  }
}

async function render(deps: PreviewJobDeps, key: PreviewKey, job: { signal: AbortSignal; log: Log }): Promise<void> {
  const { blobs, limits } = deps;
  const started = Date.now();
  const size = (await blobs.stat(key.sha256))?.size ?? 0;
  // Before copying: what is too large needs not be fetched to be refused.
  if (size > Math.max(limits.maxBytes, previewLimits.maxPdfBytes)) {
    throw new PreviewFailure("tooLarge", `${size} bytes`);
  }
  await mkdir(deps.scratchDirectory, { recursive: true, mode: 0o711 });
  const workDirectory = await mkdtemp(join(deps.scratchDirectory, "preview-"));
  try {
    const body = join(workDirectory, "body");
    await pipeline(await blobs.get(key.sha256), createWriteStream(body));
    const order = { body, format: key.format, workDirectory, signal: job.signal };
    const rendered = await renderPreview(
      { ...order, timeoutMs: limits.timeoutMs, maxBytes: limits.maxBytes, maxImages: limits.maxPages },
      deps,
    );
    await keep(deps, key, rendered);
    job.log.info({ ...key, pages: rendered.pages, ms: Date.now() - started }, "preview made");
  } finally {
    // Retried: the last process of a jail may still be ending, and writing.
    await rm(workDirectory, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Bodies first, then the rows that name them: a kill in between leaves bodies without a name, and no name without a body. */
async function keep(
  { db, blobs, rows, changed }: PreviewJobDeps,
  key: PreviewKey,
  rendered: RenderedPreview,
): Promise<void> {
  const kept: BlobStat[] = [];
  const put = async (path: string) => {
    const blob = await blobs.putFile(path);
    kept.push(blob);
    return blob.sha256;
  };
  const pdf = key.format === "pdf" ? key.sha256 : rendered.pdf && (await put(rendered.pdf));
  const images: string[] = [];
  for (const image of rendered.images) images.push(await put(image));
  const thumbnail = await put(rendered.thumbnail);

  await db.transaction().execute(async (trx) => {
    for (const blob of kept) await noteBlob(trx, blob);
    await finishPreview(trx, rows, key, {
      state: "ready",
      pages: rendered.pages,
      page_sizes: rendered.pageSizes,
      page_sha256s: images,
      pdf_sha256: pdf ?? null,
      thumbnail_sha256: thumbnail,
    });
  });
  changed();
}
