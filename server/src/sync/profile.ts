import { setImmediate } from "node:timers/promises";
import { sql } from "kysely";
import type { AccessEngine, Context, Subject } from "@kontor/shared/access";
import { canonicalJson, hash64, type Clock, type Json } from "@kontor/shared/base";
import type { Collection, Database, Log } from "#kernel";
import {
  ensureProfile,
  hasChangesFrom,
  moveHorizon,
  readChanges,
  readHeldChildren,
  readHorizon,
  readProfile,
  readViewRows,
  scanViewRows,
  settleProfile,
  writeMasks,
  writeViewChanges,
  type Profile,
  type ViewChange,
} from "./profile.repo.ts";
import type { Projection, Projector, Viewer } from "./projection.ts";

/**
 * A view profile is what one user's replicas should hold: a row per visible row, each with the position at which it was
 * last changed *for that user*. Advancing it works the change log in, up to the horizon below which no transaction can
 * appear any more (SYN-11); a changed subject or policy computes it anew.
 *
 * - Only a difference in what is seen takes a position: hidden changes cause nothing (VIS-3).
 * - Losses take their positions first, and nothing new gets one before all losses have (VIS-4).
 * - One at a time per profile, over all nodes: an advisory lock of a connection, and not a row lock, because a row lock
 *   takes a transaction id, and that would hold back the horizon of every other profile while rows are being read.
 */

/** Rows read, decided and written at a time: about 10 ms of work between two looks at the event loop. */
const CHUNK = 500;
/** With more changes than this at once, reading everything in order is faster than reading them one by one. */
const MAX_CHANGES = 20_000;
/** First part of the advisory lock's key ("view" in ASCII); the second is the profile's hash. */
const LOCK = 0x76696577;
/** Another node is at it: computing a whole profile takes seconds, working changes in takes milliseconds. */
const BUSY_RETRY_MS = 50;

export interface ProfileState {
  readonly position: number;
  /** Every transaction below this is worked in. */
  readonly horizon: string;
  /** Committed changes wait above the horizon: come back soon. */
  readonly more: boolean;
}

export interface Profiles {
  viewerOf(userId: string): Promise<Viewer | undefined>;
  /** Undefined when the user is gone. `onPosition` hears of positions that may be sent already. */
  advance(userId: string, onPosition?: (position: number) => void): Promise<ProfileState | undefined>;
}

export interface ProfilesDeps {
  readonly db: Database;
  readonly projector: Projector;
  readonly access: () => AccessEngine;
  readonly loadSubject: (userId: string) => Promise<Subject | undefined>;
  readonly clock: Clock;
  readonly log: Log;
}

export function createProfiles({ db, projector, access, loadSubject, clock, log }: ProfilesDeps): Profiles {
  async function viewerOf(userId: string): Promise<Viewer | undefined> {
    const subject = await loadSubject(userId);
    if (!subject) return undefined;
    const context: Context = { time: new Date(clock.now()).toISOString(), channel: "desktop" };
    return { subject, context, engine: access() };
  }

  async function advance(
    userId: string,
    onPosition: (position: number) => void = () => undefined,
  ): Promise<ProfileState | undefined> {
    const viewer = await viewerOf(userId);
    if (!viewer) return undefined;
    // Most looks find nothing: they take no lock and leave no trace.
    const before = await ensureProfile(db, userId);
    const quick = await quietState(db, before, viewer);
    if (quick) return quick;

    for (;;) {
      const state = await db.connection().execute(async (connection) => {
        const locked = await tryLock(connection, userId);
        if (!locked) return undefined;
        try {
          return await advanceLocked(connection, userId, viewer, onPosition);
        } finally {
          await unlock(connection, userId);
        }
      });
      if (state) return state;
      await new Promise((resolve) => setTimeout(resolve, BUSY_RETRY_MS));
    }
  }

  async function quietState(db: Database, profile: Profile, viewer: Viewer): Promise<ProfileState | undefined> {
    if (!isComputedFor(profile, viewer)) return undefined;
    const horizon = await readHorizon(db);
    if (await hasChangesFrom(db, profile.logXmin)) return undefined;
    return { position: profile.position, horizon, more: false };
  }

  async function advanceLocked(
    db: Database,
    userId: string,
    viewer: Viewer,
    onPosition: (position: number) => void,
  ): Promise<ProfileState> {
    const profile = await ensureProfile(db, userId);
    const horizon = await readHorizon(db);
    const changes = isComputedFor(profile, viewer)
      ? await readChanges(db, profile.logXmin, horizon, MAX_CHANGES)
      : undefined;

    if (changes && changes.length < MAX_CHANGES) {
      if (changes.length > 0) await workIn(db, userId, viewer, changes, horizon);
    } else {
      const started = clock.now();
      await compute(db, userId, viewer, horizon, onPosition);
      log.info({ userId, ms: clock.now() - started }, "view profile computed");
    }
    const after = await readProfile(db, userId);
    return {
      position: after?.position ?? 0,
      horizon,
      more: await hasChangesFrom(db, horizon),
    };
  }

  /* ---------- a few changes ---------- */

  async function workIn(
    db: Database,
    userId: string,
    viewer: Viewer,
    changes: readonly { readonly collection: string; readonly id: string }[],
    horizon: string,
  ): Promise<void> {
    const difference = createDifference();
    for (const [collection, ids] of groupIds(changes)) {
      for (const chunk of chunked(ids)) {
        const projections = await projector.projectIds(db, viewer, collection, chunk);
        await compare(db, userId, viewer, projections, difference);
        await setImmediate();
      }
    }
    await writeDifference(db, userId, difference, horizon);
  }

  /** Compares projections with what the profile holds; a change of a parent's visibility or mask goes on to its children. */
  async function compare(
    db: Database,
    userId: string,
    viewer: Viewer,
    projections: readonly Projection[],
    difference: Difference,
  ): Promise<void> {
    const [first] = projections;
    if (!first) return;
    const held = await readViewRows(
      db,
      userId,
      first.collection,
      projections.map((projection) => projection.id),
    );
    const parents: string[] = [];
    for (const projection of projections) {
      const row = held.get(projection.id);
      const wasSeen = row !== undefined && !row.lost;
      if (!projection.view) {
        if (!wasSeen) continue;
        difference.losses.set(keyOf(projection), { ...projection, parentId: row.parentId ?? undefined, lost: true });
        parents.push(projection.id);
        continue;
      }
      const sameMask = wasSeen && row.mask === projection.mask;
      if (!wasSeen || row.hash !== projection.view.hash)
        difference.puts.set(keyOf(projection), { ...projection, lost: false });
      else if (!sameMask) difference.masks.push(projection);
      if (!sameMask) parents.push(projection.id);
    }
    if (parents.length > 0) await compareChildren(db, userId, viewer, first.collection, parents, difference);
  }

  async function compareChildren(
    db: Database,
    userId: string,
    viewer: Viewer,
    collection: string,
    parentIds: readonly string[],
    difference: Difference,
  ): Promise<void> {
    for (const child of projector.childrenOf(collection)) {
      const rows = await childRows(db, child, parentIds);
      const gone = new Set(await readHeldChildren(db, userId, child.name, parentIds));
      for (const row of rows) gone.delete(row.id);
      for (const chunk of chunked(rows))
        await compare(db, userId, viewer, await projector.projectRows(db, viewer, child, chunk), difference);
      for (const chunk of chunked([...gone]))
        await compare(db, userId, viewer, await projector.projectIds(db, viewer, child.name, chunk), difference);
    }
  }

  async function childRows(db: Database, child: Collection, parentIds: readonly string[]) {
    return child.access.kind === "parent" ? await child.access.byParents(db, parentIds) : [];
  }

  async function writeDifference(
    db: Database,
    userId: string,
    { losses, puts, masks }: Difference,
    horizon?: string,
  ): Promise<void> {
    const changes = [...losses.values(), ...puts.values()];
    if (changes.length === 0 && masks.length === 0 && horizon === undefined) return;
    await db.transaction().execute(async (trx) => {
      if (changes.length > 0) await writeViewChanges(trx, userId, changes);
      if (masks.length > 0) await writeMasks(trx, userId, masks);
      if (horizon !== undefined) await moveHorizon(trx, userId, horizon);
    });
  }

  /* ---------- everything ---------- */

  async function compute(
    db: Database,
    userId: string,
    viewer: Viewer,
    horizon: string,
    onPosition: (position: number) => void,
  ): Promise<void> {
    await computeLosses(db, userId, viewer);
    for (const collection of projector.collections) await computeRows(db, userId, viewer, collection, onPosition);
    await settleProfile(db, userId, { horizon, subjectHash: subjectHash(viewer), policyRev: viewer.engine.rev });
  }

  async function computeLosses(db: Database, userId: string, viewer: Viewer): Promise<void> {
    let after: { collection: string; id: string } | undefined;
    for (;;) {
      const held = await scanViewRows(db, userId, after, CHUNK);
      after = held.at(-1);
      if (!after) return;
      const difference = createDifference();
      for (const [collection, ids] of groupIds(held)) {
        for (const projection of await projector.projectIds(db, viewer, collection, ids))
          if (!projection.view) difference.losses.set(keyOf(projection), { ...projection, lost: true });
      }
      await writeDifference(db, userId, difference);
      await setImmediate();
    }
  }

  async function computeRows(
    db: Database,
    userId: string,
    viewer: Viewer,
    collection: Collection,
    onPosition: (position: number) => void,
  ): Promise<void> {
    let after: string | undefined;
    for (;;) {
      const rows = await collection.scan(db, after, CHUNK);
      after = rows.at(-1)?.id;
      if (after === undefined) return;
      const difference = createDifference();
      const projections = await projector.projectRows(db, viewer, collection, rows);
      const held = await readViewRows(
        db,
        userId,
        collection.name,
        rows.map((row) => row.id),
      );
      for (const projection of projections) {
        const row = held.get(projection.id);
        const wasSeen = row !== undefined && !row.lost;
        if (!projection.view) {
          if (wasSeen) difference.losses.set(projection.id, { ...projection, lost: true });
        } else if (!wasSeen || row.hash !== projection.view.hash) {
          difference.puts.set(projection.id, { ...projection, lost: false });
        } else if (row.mask !== projection.mask) difference.masks.push(projection);
      }
      await writeDifference(db, userId, difference);
      if (difference.puts.size > 0) onPosition((await readProfile(db, userId))?.position ?? 0);
      await setImmediate();
    }
  }

  return { viewerOf, advance };
}

interface Difference {
  readonly losses: Map<string, ViewChange>;
  readonly puts: Map<string, ViewChange>;
  readonly masks: Projection[];
}
const createDifference = (): Difference => ({ losses: new Map(), puts: new Map(), masks: [] });

const keyOf = ({ collection, id }: { readonly collection: string; readonly id: string }) => `${collection} ${id}`;

const isComputedFor = (profile: Profile, viewer: Viewer): boolean =>
  profile.subjectHash === subjectHash(viewer) && profile.policyRev === viewer.engine.rev;

const subjectHash = ({ subject }: Viewer): string => hash64(canonicalJson(subject as unknown as Json));

function groupIds(rows: readonly { readonly collection: string; readonly id: string }[]): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  for (const { collection, id } of rows) {
    const ids = groups.get(collection);
    if (ids) ids.push(id);
    else groups.set(collection, [id]);
  }
  return groups;
}

function* chunked<T>(items: readonly T[]): Generator<readonly T[]> {
  for (let at = 0; at < items.length; at += CHUNK) yield items.slice(at, at + CHUNK);
}

const lockKey = (userId: string) => Number.parseInt(hash64(userId).slice(0, 8), 16) | 0;

async function tryLock(db: Database, userId: string): Promise<boolean> {
  const { rows } = await sql<{
    locked: boolean;
  }>`select pg_try_advisory_lock(${LOCK}::int, ${lockKey(userId)}::int) as locked`.execute(db);
  return rows[0]?.locked === true;
}

async function unlock(db: Database, userId: string): Promise<void> {
  await sql`select pg_advisory_unlock(${LOCK}::int, ${lockKey(userId)}::int)`.execute(db);
}
