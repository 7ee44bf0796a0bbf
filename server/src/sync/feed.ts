import { limits, type Cookie, type FeedBatch, type Operation } from "@kontor/shared/protocol";
import type { Database } from "#kernel";
import { readBucket, readFeed, type FeedRow } from "./profile.repo.ts";
import type { Projection, Projector, Viewer } from "./projection.ts";

/**
 * What one device is sent, in which order.
 *
 * A device stands at a position of its profile's feed. *Backfill* brings it from there to where the feed stood at HELLO;
 * *live* windows carry what comes after, and overtake the backfill. In each range losses go before anything new (VIS-4),
 * the rest by position, so that a batch's last position is a cookie: everything up to it has been sent (SYN-2). While a
 * backfill is under way only its own batches carry cookies.
 *
 * Rows are decided and projected when they are sent (VIS-5): what the profile remembers says which rows, never what.
 */
export interface Feed {
  /** The profile has moved on. */
  heard(position: number): void;
  /** Everything up to here has been sent, except for what the backfill owes. */
  readonly live: number;
  readonly isIdle: boolean;
  /** Sends these buckets again as a whole. */
  repair(buckets: readonly string[]): void;
  next(viewer: Viewer): Promise<Omit<FeedBatch, "batch"> | undefined>;
}

export type FeedStart =
  | { readonly mode: "resume"; readonly from: number; readonly to: number }
  /** `fresh`: the device holds nothing, so each batch is a step that it need not repeat. */
  | { readonly mode: "reset"; readonly to: number; readonly fresh: boolean };

interface RangeCursor {
  readonly to: number;
  after: number;
  lossesAfter: number;
  lossesSent: boolean;
}

type Backfill =
  | { readonly kind: "range"; readonly range: RangeCursor; readonly stepwise: boolean; readonly complete: boolean }
  | { readonly kind: "buckets"; readonly buckets: readonly string[]; index: number; after: string | undefined };

interface FeedDeps {
  readonly db: Database;
  readonly projector: Projector;
  readonly profileId: string;
  readonly epoch: string;
}

export function createFeed({ db, projector, profileId, epoch }: FeedDeps, start: FeedStart): Feed {
  let known = start.to;
  let live = start.to;
  let window: RangeCursor | undefined;
  let backfill: Backfill | undefined = firstBackfill(start);

  async function next(viewer: Viewer): Promise<Omit<FeedBatch, "batch"> | undefined> {
    if (window || known > live) return await nextLive(viewer);
    if (backfill?.kind === "range") return await nextOfRange(viewer, backfill);
    if (backfill?.kind === "buckets") return await nextOfBuckets(viewer, backfill);
    return undefined;
  }

  async function nextLive(viewer: Viewer): Promise<Omit<FeedBatch, "batch">> {
    window ??= rangeCursor(live, known);
    const { to } = window;
    const { operations, reached } = await readRange(viewer, window);
    if (reached === to) {
      live = to;
      window = undefined;
    }
    return { lane: "live", operations, ...(backfill || reached === undefined ? {} : { cookie: cookieAt(reached) }) };
  }

  async function nextOfRange(viewer: Viewer, current: Backfill & { kind: "range" }): Promise<Omit<FeedBatch, "batch">> {
    const { operations, reached } = await readRange(viewer, current.range);
    if (reached !== current.range.to) {
      const step = current.stepwise && reached !== undefined ? { cookie: cookieAt(reached) } : {};
      return { lane: "backfill", operations, ...step };
    }
    backfill = undefined;
    return {
      lane: "backfill",
      operations,
      cookie: cookieAt(live),
      ...(current.complete ? { complete: projector.collections.map((collection) => collection.name) } : {}),
    };
  }

  async function nextOfBuckets(
    viewer: Viewer,
    current: Backfill & { kind: "buckets" },
  ): Promise<Omit<FeedBatch, "batch">> {
    const bucket = current.buckets[current.index];
    if (bucket === undefined) {
      backfill = undefined;
      return { lane: "backfill", operations: [], cookie: cookieAt(live), complete: current.buckets };
    }
    const rows = await readBucket(db, profileId, { bucket, after: current.after, limit: limits.feedBatchOperations });
    const { operations, taken } = await project(viewer, rows);
    current.after = rows[taken - 1]?.id;
    if (taken === rows.length && rows.length < limits.feedBatchOperations) {
      current.index++;
      current.after = undefined;
    }
    return { lane: "backfill", operations };
  }

  /** The next operations of a range, and the position up to which all of it has now been sent. */
  async function readRange(
    viewer: Viewer,
    range: RangeCursor,
  ): Promise<{ operations: readonly Operation[]; reached: number | undefined }> {
    const operations: Operation[] = [];
    const limit = limits.feedBatchOperations;
    if (!range.lossesSent) {
      const lost = await readFeed(db, profileId, { after: range.lossesAfter, upTo: range.to, lost: true, limit });
      for (const { collection, id } of lost) operations.push({ op: "purge", collection, id });
      range.lossesAfter = lost.at(-1)?.position ?? range.lossesAfter;
      range.lossesSent = lost.length < limit;
      if (!range.lossesSent) return { operations, reached: undefined };
    }
    const room = limit - operations.length;
    const rows = await readFeed(db, profileId, { after: range.after, upTo: range.to, lost: false, limit: room });
    const projected = await project(viewer, rows);
    operations.push(...projected.operations);
    range.after = rows[projected.taken - 1]?.position ?? range.after;
    const isLast = projected.taken === rows.length && rows.length < room;
    return { operations, reached: isLast ? range.to : range.after };
  }

  /** As many rows as fit into a batch, at least one; what the viewer may not see any more becomes a purge. */
  async function project(
    viewer: Viewer,
    rows: readonly FeedRow[],
  ): Promise<{ operations: readonly Operation[]; taken: number }> {
    const projections = await projectInOrder(db, projector, viewer, rows);
    const operations: Operation[] = [];
    let bytes = 0;
    for (const { collection, id, view } of projections) {
      if (view) bytes += JSON.stringify(view.doc).length;
      if (bytes > limits.feedBatchBytes && operations.length > 0) break;
      operations.push(
        view ? { op: "put", collection, id, hash: view.hash, doc: view.doc } : { op: "purge", collection, id },
      );
    }
    return { operations, taken: operations.length };
  }

  const cookieAt = (position: number): Cookie => ({ epoch, position });

  return {
    heard(position) {
      known = Math.max(known, position);
    },
    get live() {
      return live;
    },
    get isIdle() {
      return !backfill && !window && known === live;
    },
    repair(buckets) {
      backfill = { kind: "buckets", buckets, index: 0, after: undefined };
    },
    next,
  };
}

function firstBackfill(start: FeedStart): Backfill | undefined {
  if (start.mode === "resume")
    return start.from === start.to
      ? undefined
      : { kind: "range", range: rangeCursor(start.from, start.to), stepwise: true, complete: false };
  // Who holds nothing has nothing to lose; who holds something drops at the end whatever was not sent.
  const range = { ...rangeCursor(0, start.to), lossesSent: true };
  return { kind: "range", range, stepwise: start.fresh, complete: true };
}

const rangeCursor = (from: number, to: number): RangeCursor => ({
  to,
  after: from,
  lossesAfter: from,
  lossesSent: false,
});

async function projectInOrder(
  db: Database,
  projector: Projector,
  viewer: Viewer,
  rows: readonly FeedRow[],
): Promise<readonly Projection[]> {
  const idsByCollection = Map.groupBy(rows, (row) => row.collection);
  const found = new Map<string, Projection>();
  for (const [collection, group] of idsByCollection) {
    const ids = group.map((row) => row.id);
    for (const projection of await projector.projectIds(db, viewer, collection, ids))
      found.set(`${collection} ${projection.id}`, projection);
  }
  return rows.map(
    ({ collection, id }) => found.get(`${collection} ${id}`) ?? { collection, id, parentId: undefined, mask: "" },
  );
}
