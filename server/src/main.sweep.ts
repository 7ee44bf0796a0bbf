import type { Clock } from "@kontor/shared/base";
import { fileBlobNames, sweepBlobs, sweepOrphans, type BlobStore } from "#files";
import type { Database, Doorbell, Log } from "#kernel";
import { mailBlobNames, sweepMail } from "#mail";
import { dropPreviews, previewBlobNames } from "#previews";

/** Four looks a day at what counts by days; the first one when a start has settled. */
const EVERY_MS = 6 * 3600 * 1000;
const FIRST_MS = 5 * 60 * 1000;

/**
 * The part of the composition root that is about what nobody needs any longer: each feature drops its rows and says which bodies the
 * others name, and at the end the bodies go that none of them does.
 */
export function startSweeping({
  db,
  blobs,
  clock,
  doorbell,
  trashDays,
  log,
}: {
  readonly db: Database;
  readonly blobs: BlobStore;
  readonly clock: Clock;
  readonly doorbell: Pick<Doorbell, "ring">;
  readonly trashDays: number;
  readonly log: Log;
}): { stop(): Promise<void> } {
  const deps = { db, blobs, clock, names: [fileBlobNames, previewBlobNames, mailBlobNames] };
  let running: Promise<void> = Promise.resolve();
  let timer = setTimeout(next, FIRST_MS);
  timer.unref();

  function next(): void {
    running = sweep()
      .catch((error: unknown) => log.warn({ err: error }, "sweeping what nobody needs any longer"))
      .then(() => {
        timer = setTimeout(next, EVERY_MS);
        timer.unref();
      });
  }

  async function sweep(): Promise<void> {
    const mail = await sweepMail(db, { now: clock.now(), trashDays });
    doorbell.ring();
    const previews = await dropPreviews(db, clock.now());
    const swept = await sweepBlobs(deps);
    const orphans = await sweepOrphans(deps);
    log.info({ ...mail, previews, bodies: swept.deleted, bytes: swept.bytes, orphans }, "swept");
  }

  return {
    async stop() {
      clearTimeout(timer);
      await running;
      clearTimeout(timer);
    },
  };
}
