import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Body, FileRow, FileRows } from "#files";
import type { Database, Job, Queue, Transaction } from "#kernel";
import type { OfficeConverter, PageRenderer } from "./converters.port.ts";
import { extensionOf, planPreview, type PreviewFormat } from "./preview.formats.ts";
import { claimPreview, fileColumns, findPreview, previewTables } from "./previews.repo.ts";

export interface PreviewsDeps {
  readonly db: Database;
  readonly rows: Pick<FileRows, "update">;
  readonly queue: Pick<Queue, "enqueue">;
  readonly job: Job;
  readonly office: OfficeConverter;
  readonly pages: PageRenderer;
  readonly scratchDirectory: string;
}

/** Who looks at what they have just put here does not wait behind the attachments of a mailbox that is being fetched. */
const PRIORITIES = { waitedFor: 1, usual: 0, inBulk: -1 } as const;
type Urgency = keyof typeof PRIORITIES;

export interface Previews {
  /** Asks for the preview of a file whose body has just been stored, in the same transaction. */
  onStored(trx: Transaction, file: FileRow, urgency?: Urgency): Promise<void>;
  part(file: FileRow, part: "pdf" | "page" | "thumbnail", page?: number): Promise<Body | undefined>;
  /** Once at start: takes up what a kill interrupted, and what waited for a program that is there now. */
  resume(): Promise<void>;
}

export function createPreviews(deps: PreviewsDeps): Previews {
  const { db, rows, queue, job } = deps;

  return {
    async onStored(trx, file, urgency = "usual") {
      const plan = planPreview(file);
      const ids = { ids: [file.id] };
      if (plan.kind === "none") return;
      if (plan.kind === "fail") {
        await rows.update(trx, ids, { preview_state: "failed", preview_reason: plan.reason });
        return;
      }
      const key = { sha256: file.sha256, format: plan.format };
      const preview = await claimPreview(trx, key);
      await rows.update(trx, ids, fileColumns(preview));
      if (preview.state === "pending") {
        const options = { singletonKey: `${key.sha256}:${key.format}`, priority: PRIORITIES[urgency] };
        await queue.enqueue(trx, job, key, options);
      }
    },

    async part(file, part, page = 1) {
      const format = file.preview_format as PreviewFormat | null;
      const preview = format === null ? undefined : await findPreview(db, { sha256: file.sha256, format });
      if (preview?.state !== "ready") return undefined;
      const base = file.name.slice(0, file.name.length - extensionOf(file.name).length).replace(/\.$/, "");
      const image = (sha256: string | null | undefined, suffix: string): Body | undefined =>
        sha256 ? { sha256, mime: "image/jpeg", name: `${base}${suffix}.jpg` } : undefined;
      if (part === "page") return image(preview.page_sha256s?.[page - 1], `-${page}`);
      if (part === "thumbnail") return image(preview.thumbnail_sha256, "");
      return preview.pdf_sha256 === null
        ? undefined
        : { sha256: preview.pdf_sha256, mime: "application/pdf", name: `${base}.pdf` };
    },

    async resume() {
      await emptyScratch(deps.scratchDirectory);
      await db.transaction().execute(async (trx) => {
        await retryMissing(trx, deps);
        const begun = await previewTables(trx)
          .selectFrom("preview")
          .select(["sha256", "format", "begun"])
          .where("state", "=", "pending")
          .where("begun", ">", 0)
          .execute();
        for (const { sha256, format, begun: times } of begun) {
          // The interrupted job keeps its key until it expires, minutes from now; nobody should wait for that. Should
          // another node be at it after all, the second result equals the first.
          const options = { singletonKey: `${sha256}:${format}:${times}` };
          await queue.enqueue(trx, job, { sha256, format }, options);
        }
      });
    },
  };
}

/** What failed for want of a program is tried again when the program is there. */
async function retryMissing(trx: Transaction, { office, pages, rows, queue, job }: PreviewsDeps): Promise<void> {
  if ((await office.missing()) ?? (await pages.missing())) return;
  const again = await previewTables(trx)
    .updateTable("preview")
    .set({ state: "pending", reason: null, begun: 0 })
    .where("reason", "=", "converterMissing")
    .returning(["sha256", "format"])
    .execute();
  for (const key of again) {
    await rows.update(trx, key, { preview_state: "pending", preview_reason: null });
    const options = { singletonKey: `${key.sha256}:${key.format}`, priority: PRIORITIES.inBulk };
    await queue.enqueue(trx, job, key, options);
  }
}

async function emptyScratch(directory: string): Promise<void> {
  const names = await readdir(directory).catch(() => []);
  for (const name of names) {
    // Retried: what a stopped or killed server started may still be ending, and writing.
    if (name.startsWith("preview-")) await rm(join(directory, name), { recursive: true, force: true, maxRetries: 10 });
  }
}
