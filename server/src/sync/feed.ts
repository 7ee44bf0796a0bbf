import { limits, type Cookie, type FeedBatch, type Operation } from "@kontor/shared/protocol";
import type { Database } from "#kernel";
import {
  readBucket,
  noteSentOtherwise,
  readFeed,
  readForeign,
  readMissing,
  type FeedRow,
  type Held,
} from "./feed.repo.ts";
import { cookieAt, cookieBetween, type Place } from "./place.ts";
import type { Projection, Projector, Viewer } from "./projection.ts";

/**
 * What one device is sent, in which order.
 *
 * A device stands at a position of its profile's feed. *Backfill* brings it from there to where the feed stood at HELLO;
 * *live* windows carry what comes after, and overtake the backfill once it has sent its losses. In each range losses go
 * before anything new (VIS-4), the rest by position, so that a batch's last position is a cookie: everything up to it has
 * been sent (SYN-2). While a backfill is under way only its own batches carry cookies.
 *
 *   range    from the device's cookie to here
 *   switch   from another profile of the same user: what only that one may have given goes first, then what differs
 *   buckets  what the device holds is not known, or is wrong: first what it may keep, so that the rest goes, then the rows
 *
 * Rows are decided and projected when they are sent (VIS-5): what the profile remembers says which rows, never what. Where
 * the two differ, the profile is told.
 */
export interface Feed {
  readonly profileId: string;
  /** The profile has moved on. */
  heard(position: number): void;
  /** Everything up to here has been sent, except for what the backfill owes. */
  readonly live: number;
  readonly isIdle: boolean;
  /** Of which profiles the device may hold what; undefined while that is not known. */
  readonly places: readonly Place[] | undefined;
  /** Sends these buckets again as a whole. */
  repair(buckets: readonly string[]): void;
  next(viewer: Viewer): Promise<Omit<FeedBatch, "batch"> | undefined>;
}

export type FeedStart =
  | { readonly mode: "resume"; readonly from: number; readonly to: number }
  | { readonly mode: "switch"; readonly held: readonly Held[]; readonly to: number }
  /** `fresh`: the device holds nothing, so each batch is a step that it need not repeat. */
  | { readonly mode: "reset"; readonly to: number; readonly fresh: boolean };

interface RangeCursor {
  readonly to: number;
  after: number;
  lossesAfter: number;
  lossesSent: boolean;
}

interface Range {
  readonly kind: "range";
  readonly range: RangeCursor;
}

interface Switch {
  readonly kind: "switch";
  readonly held: readonly Held[];
  readonly to: number;
  lossesAfter: Pick<FeedRow, "collection" | "id"> | undefined;
  lossesSent: boolean;
  after: number;
}

interface Buckets {
  readonly kind: "buckets";
  readonly buckets: readonly string[];
  /** In a reset, the device's place is not known before it has dropped what it may not keep. */
  readonly isReset: boolean;
  keeping: boolean;
  index: number;
  after: string | undefined;
}

type Backfill = Range | Switch | Buckets;

interface FeedDeps {
  readonly db: Database;
  readonly projector: Projector;
  readonly profileId: string;
  readonly no: number;
  readonly epoch: string;
  /** The profile has something to look at again. */
  readonly onSentOtherwise: () => void;
}

export function createFeed({ db, projector, profileId, no, epoch, onSentOtherwise }: FeedDeps, start: FeedStart): Feed {
  let known = start.to;
  let live = start.to;
  let window: RangeCursor | undefined;
  let backfill: Backfill | undefined = firstBackfill(start, projector);
  let places = firstPlaces(start, no);
  const everyBucket = projector.collections.map((collection) => collection.name);

  async function next(viewer: Viewer): Promise<Omit<FeedBatch, "batch"> | undefined> {
    const mayOvertake = !backfill || areLossesSent(backfill);
    const batch = mayOvertake && (window || known > live) ? await nextLive(viewer) : await nextOfBackfill(viewer);
    if (batch?.cookie && !batch.cookie.epoch.includes("@")) places = [{ no, position: batch.cookie.position }];
    return batch;
  }

  async function nextOfBackfill(viewer: Viewer): Promise<Omit<FeedBatch, "batch"> | undefined> {
    if (backfill?.kind === "range") return await nextOfRange(viewer, backfill);
    if (backfill?.kind === "switch") return await nextOfSwitch(viewer, backfill);
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
    return { lane: "live", operations, ...(backfill || reached === undefined ? {} : { cookie: here(reached) }) };
  }

  async function nextOfRange(viewer: Viewer, { range }: Range): Promise<Omit<FeedBatch, "batch">> {
    const { operations, reached } = await readRange(viewer, range);
    if (reached !== range.to)
      return { lane: "backfill", operations, ...(reached === undefined ? {} : { cookie: here(reached) }) };
    backfill = undefined;
    const complete = start.mode === "reset" && start.fresh ? { complete: everyBucket } : {};
    return { lane: "backfill", operations, cookie: here(live), ...complete };
  }

  async function nextOfSwitch(viewer: Viewer, current: Switch): Promise<Omit<FeedBatch, "batch">> {
    const limit = limits.feedBatchOperations;
    const { held, to } = current;
    if (!current.lossesSent) {
      const foreign = await readForeign(db, profileId, held, { after: current.lossesAfter, limit });
      const operations = foreign.map(({ collection, id }) => ({ op: "purge" as const, collection, id }));
      current.lossesAfter = foreign.at(-1);
      current.lossesSent = foreign.length < limit;
      if (!current.lossesSent) return { lane: "backfill", operations };
      // Durable before the first row of this profile is: whatever ends the connection now, both are known next time.
      const between = [...held.filter((place) => place.no !== no), { no, position: placeHere(held, to) }];
      places = between;
      return { lane: "backfill", operations, cookie: cookieBetween(epoch, between) };
    }
    // Of a device that was interrupted while it was switched, it is known what it may hold, and not what it does.
    const has = held.length === 1 ? held : [];
    const rows = await readMissing(db, profileId, has, { after: current.after, upTo: to, limit });
    const { operations, taken } = await project(viewer, rows);
    current.after = rows[taken - 1]?.position ?? current.after;
    if (taken < rows.length || rows.length === limit) return { lane: "backfill", operations };
    backfill = undefined;
    return { lane: "backfill", operations, cookie: here(live) };
  }

  /** Of this very profile, an earlier switch may have sent something already. */
  const placeHere = (held: readonly Held[], to: number) =>
    Math.min(to, ...held.filter((place) => place.no === no).map(({ position }) => position));

  async function nextOfBuckets(viewer: Viewer, current: Buckets): Promise<Omit<FeedBatch, "batch">> {
    const bucket = current.buckets[current.index];
    if (bucket === undefined) return endOfBuckets(current);
    const limit = limits.feedBatchOperations;
    const rows = await readBucket(db, profileId, { bucket, after: current.after, limit });
    const { operations, taken } = current.keeping ? keep(rows) : await project(viewer, rows);
    current.after = rows[taken - 1]?.id;
    if (taken === rows.length && rows.length < limit) {
      current.index++;
      current.after = undefined;
    }
    return { lane: "backfill", operations };
  }

  const keep = (rows: readonly FeedRow[]): { operations: readonly Operation[]; taken: number } => ({
    operations: rows.map(({ collection, id }) => ({ op: "keep", collection, id })),
    taken: rows.length,
  });

  function endOfBuckets(current: Buckets): Omit<FeedBatch, "batch"> {
    if (current.keeping) {
      if (current.isReset) {
        backfill = { kind: "range", range: { ...rangeCursor(0, start.to), lossesSent: true } };
        places = [{ no, position: 0 }];
      } else Object.assign(current, { keeping: false, index: 0, after: undefined });
      return { lane: "backfill", operations: [], complete: current.buckets };
    }
    backfill = undefined;
    return { lane: "backfill", operations: [], cookie: here(live) };
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
    const otherwise: FeedRow[] = [];
    let bytes = 0;
    for (const [index, { collection, id, view }] of projections.entries()) {
      if (view) bytes += JSON.stringify(view.doc).length;
      if (bytes > limits.feedBatchBytes && operations.length > 0) break;
      const row = rows[index];
      if (row && row.hash !== view?.hash) otherwise.push(row);
      operations.push(
        view ? { op: "put", collection, id, hash: view.hash, doc: view.doc } : { op: "purge", collection, id },
      );
    }
    // Should it be as before by the time the profile looks, the profile would not know that the device has it otherwise.
    if (otherwise.length > 0) {
      await noteSentOtherwise(db, profileId, otherwise);
      onSentOtherwise();
    }
    return { operations, taken: operations.length };
  }

  const here = (position: number): Cookie => cookieAt(epoch, { no, position });

  return {
    profileId,
    heard(position) {
      known = Math.max(known, position);
    },
    get live() {
      return live;
    },
    get isIdle() {
      return !backfill && !window && known === live;
    },
    get places() {
      return places;
    },
    repair(buckets) {
      backfill = { kind: "buckets", buckets, isReset: false, keeping: true, index: 0, after: undefined };
    },
    next,
  };
}

function firstBackfill(start: FeedStart, { collections }: Projector): Backfill | undefined {
  const { to } = start;
  if (start.mode === "resume")
    return start.from === to ? undefined : { kind: "range", range: rangeCursor(start.from, to) };
  if (start.mode === "switch")
    return { kind: "switch", held: start.held, to, lossesAfter: undefined, lossesSent: false, after: 0 };
  // Who holds nothing has nothing to lose.
  if (start.fresh) return { kind: "range", range: { ...rangeCursor(0, to), lossesSent: true } };
  const buckets = collections.map((collection) => collection.name);
  return { kind: "buckets", buckets, isReset: true, keeping: true, index: 0, after: undefined };
}

function firstPlaces(start: FeedStart, no: number): readonly Place[] | undefined {
  if (start.mode === "resume") return [{ no, position: start.from }];
  if (start.mode === "switch") return start.held.map((held) => ({ no: held.no, position: held.position }));
  return start.fresh ? [{ no, position: 0 }] : undefined;
}

function areLossesSent(backfill: Backfill): boolean {
  if (backfill.kind === "range") return backfill.range.lossesSent;
  return backfill.kind === "switch" ? backfill.lossesSent : !backfill.keeping;
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
