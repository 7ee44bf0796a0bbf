import { setImmediate } from "node:timers/promises";
import { sql } from "kysely";
import type { AccessEngine, Context, Subject } from "@kontor/shared/access";
import { hash64, type Clock } from "@kontor/shared/base";
import type { Collection, Database, Log } from "#kernel";
import {
  clearTurns,
  copyProfile,
  findProfile,
  hasChangesFrom,
  heldCollections,
  insertProfile,
  loseUnreadable,
  moveHorizon,
  noteNextTurn,
  profilesOf,
  readChanges,
  readDueTurns,
  readHeldChildren,
  readHorizon,
  readProfile,
  readReadable,
  readViewRows,
  renameProfile,
  scanHeld,
  settleProfile,
  touchProfile,
  writeMasks,
  writePending,
  writeTurns,
  writeViewChanges,
  type FillStep,
  type Profile,
  type RowTurn,
  type StoredType,
  type ViewChange,
  type ViewRow,
} from "./profile.repo.ts";
import type { LoadedRow, LoadedRows, Projection, Projector, Viewer } from "./projection.ts";
import { reachOf, SCHEMA, turnsOf, typesOf, type Reach } from "./reach.ts";

/**
 * A view profile is what one user's replicas should hold when they stand in one kind of place: a row per visible row, each
 * with the position at which it was last changed *for that profile*.
 *
 *   advance   works the change log in, up to the horizon below which no transaction can appear any more (SYN-11), and what
 *             time alone has turned (POL-6)
 *   workIn    the same where all profiles were looked at together (`fanout.ts`) and this is one of those that are concerned
 *   takeAway  after a change of policies, subject or time: everything that is lost by it, set by set, and nothing else (VIS-4)
 *   fill      then the rest of what it concerns, a slice at a time, so that small changes of others go in between
 *
 * - Only a difference in what is seen takes a position: hidden changes cause nothing (VIS-3).
 * - Losses take their positions first: nothing new gets one while `takeAway` is due (VIS-4).
 * - One at a time per profile, over all nodes: an advisory lock of a connection, and not a row lock, because a row lock
 *   takes a transaction id, and that would hold back the horizon of every other profile while rows are being read.
 * - What remains to be filled stands in the profile, so that a stop of the server forgets none of it.
 */

/** Rows read, decided and written at a time: about 10 ms of work between two looks at the event loop. */
const CHUNK = 500;
/** Rows taken away by one statement: some 50 ms in which its transaction holds the horizon back. */
const LOSS_CHUNK = 2_000;
/** With more changes than this at once, reading everything in order is faster than reading them one by one. */
export const MAX_CHANGES = 20_000;
/** First part of the advisory lock's key ("view" in ASCII); the second is the profile's hash. */
const LOCK = 0x76696577;
/** Another node is at it: computing a whole profile takes seconds, working changes in takes milliseconds. */
const BUSY_RETRY_MS = 50;
/** How exactly it is known when a profile was last used; those not used for 30 days are dropped (`retention.ts`). */
const USED_EVERY_MS = 3_600_000;

/** A connection's user and place. Time is the moment of each decision. */
export interface Seat {
  readonly userId: string;
  readonly context: Omit<Context, "time">;
}

export interface ProfileState {
  readonly profileId: string;
  readonly no: number;
  readonly position: number;
  /** Every transaction below this is worked in. */
  readonly horizon: string;
  /** What the database says of that: never more, since changes that concern nobody's profile are not noted at once. */
  readonly logXmin: string;
  /** Whom it was decided for. */
  readonly viewer: Viewer;
  /** The horizon before the subject and any row was read: every change below this was in what was read. */
  readonly asOf: string;
  /** Committed changes wait above the horizon: come back soon. */
  readonly more: boolean;
  /** Something is lost that still has no position: `takeAway` comes before anything else. */
  readonly lossesDue: boolean;
  /** Rows remain to be decided again. */
  readonly pending: boolean;
  /** Nothing of it was ever decided before. */
  readonly isNew: boolean;
  /** The next moment at which time alone changes something. */
  readonly turnsAt: number | undefined;
}

/**
 * What a node remembers of a profile. It holds as long as the database has the same position, `logXmin`, subject and
 * policies: whoever writes a profile changes one of them.
 */
export interface Known {
  readonly profileId: string;
  readonly position: number;
  readonly logXmin: string;
  readonly viewer: Viewer;
  /** Every change below this was looked at, and what differed is worked in. */
  readonly lookedUpTo: string;
}

/** The rows in which a profile differs, after all that changed between what was known and the horizon was looked at. */
export interface Look {
  readonly known: Known;
  readonly horizon: string;
  readonly more: boolean;
  readonly rows: readonly LoadedRows[];
  /** False: the subject may have changed since. */
  isCurrent(): boolean;
}

export interface Profiles {
  /** Equal for seats that have one profile, under the policies in force. */
  keyOf(seat: Seat): string;
  viewerOf(seat: Seat): Promise<Viewer | undefined>;
  /** Undefined when the user is gone. What is known spares looking again at changes that were looked at. */
  advance(seat: Seat, known?: Known): Promise<ProfileState | undefined>;
  /** Advances where the look does not hold any more. */
  workIn(seat: Seat, look: Look): Promise<ProfileState | undefined>;
  takeAway(seat: Seat): Promise<void>;
  /** One slice; nothing while `takeAway` is due. */
  fill(seat: Seat): Promise<ProfileState | undefined>;
}

export interface ProfilesDeps {
  readonly db: Database;
  readonly projector: Projector;
  readonly access: () => AccessEngine;
  readonly loadSubject: (userId: string) => Promise<Subject | undefined>;
  /** Another one when types of rows were defined anew. */
  readonly schemaRev: string;
  readonly clock: Clock;
  readonly log: Log;
}

export function createProfiles(deps: ProfilesDeps): Profiles {
  const { db, projector, access, loadSubject, schemaRev, clock, log } = deps;
  const contextOf = ({ context }: Seat): Context => ({ ...context, time: new Date(clock.now()).toISOString() });

  async function viewerOf(seat: Seat): Promise<Viewer | undefined> {
    const subject = await loadSubject(seat.userId);
    return subject && { subject, context: contextOf(seat), engine: access() };
  }

  const keys = new WeakMap<Seat, { readonly engine: AccessEngine; readonly key: string }>();
  /** Asked for every connection at every change. */
  function keyOf(seat: Seat): string {
    const engine = access();
    const known = keys.get(seat);
    if (known?.engine === engine) return known.key;
    const key = `${seat.userId} ${engine.contextSignature(contextOf(seat))}`;
    keys.set(seat, { engine, key });
    return key;
  }

  /* ---------- which profile ---------- */

  async function profileOf(seat: Seat, { engine, context }: Viewer): Promise<Profile> {
    const signature = engine.contextSignature(context);
    const own = { userId: seat.userId, signature };
    const found = (await findProfile(db, own)) ?? (await makeProfile(own));
    if (clock.now() - Date.parse(found.usedAt) > USED_EVERY_MS) await touchProfile(db, found.id, new Date(clock.now()));
    return found;
  }

  /**
   * A signature begins with what the policies ask at all: one that begins otherwise belongs to policies of the past, and
   * its profile lives on under the new one. Otherwise the user is somewhere else, and most of it is seen from there, too.
   */
  async function makeProfile(own: { readonly userId: string; readonly signature: string }): Promise<Profile> {
    const others = await profilesOf(db, own.userId);
    const outdated = others.find(({ signature }) => questionsOf(signature) !== questionsOf(own.signature));
    if (outdated) {
      const keepTypes = outdated.signature === "" || own.signature === "";
      await renameProfile(db, outdated.id, { from: outdated.signature, to: own.signature, keepTypes });
    } else if (others[0]) await copyProfile(db, others[0].id, own);
    else await insertProfile(db, own);
    const made = await findProfile(db, own);
    if (made) return made;
    await insertProfile(db, own); // the other one was dropped, or taken by another node
    const born = await findProfile(db, own);
    if (!born) throw new Error("The view profile was removed while it was being made.");
    return born;
  }

  const reach = (profile: Profile, viewer: Viewer) => reachOf(profile, viewer, schemaRev);

  /* ---------- states ---------- */

  interface Seen {
    readonly viewer: Viewer;
    readonly asOf: string;
    readonly horizon: string;
    readonly more?: boolean;
    readonly lossesDue?: boolean;
  }

  const stateOf = (
    profile: Profile,
    { viewer, asOf, horizon, more = false, lossesDue = false }: Seen,
  ): ProfileState => ({
    profileId: profile.id,
    no: profile.no,
    position: profile.position,
    horizon,
    logXmin: profile.logXmin,
    viewer,
    asOf,
    more,
    lossesDue,
    pending: profile.pending.length > 0,
    isNew: profile.types === null || (profile.position === 0 && profile.pending.length > 0),
    turnsAt: profile.turnsAt === null ? undefined : Date.parse(profile.turnsAt),
  });

  const isDue = ({ turnsAt }: Profile, { context }: Viewer) =>
    turnsAt !== null && Date.parse(turnsAt) <= Date.parse(context.time);

  const areLossesDue = ({ types, everything }: Reach) => types.size > 0 || everything;

  /** From where on the log has to be read. */
  function lookedUpTo(profile: Profile, viewer: Viewer, known: Known | undefined): string {
    return known && isAsKnown(profile, viewer, known) ? known.lookedUpTo : profile.logXmin;
  }

  /** Nobody has written it since, and it was decided for those whom the one who looked decided for. */
  function isAsKnown(profile: Profile, { context }: Viewer, known: Known): boolean {
    const { profileId, position, logXmin } = known;
    if (profile.id !== profileId || profile.position !== position || profile.logXmin !== logXmin) return false;
    const due = reach(profile, { ...known.viewer, context });
    return !areLossesDue(due) && !due.stale;
  }

  async function advance(seat: Seat, known?: Known): Promise<ProfileState | undefined> {
    // First of all: what changes later, be it the subject, stands in the log above this.
    const asOf = await readHorizon(db);
    const viewer = await viewerOf(seat);
    if (!viewer) return undefined;
    const seen = { viewer, asOf };
    // Most looks find nothing: they take no lock and leave no trace.
    const before = await profileOf(seat, viewer);
    const due = reach(before, viewer);
    if (areLossesDue(due)) return stateOf(before, { ...seen, horizon: before.logXmin, lossesDue: true });
    if (!due.stale && !isDue(before, viewer)) {
      const from = lookedUpTo(before, viewer, known);
      if (!(await hasChangesFrom(db, from))) return stateOf(before, { ...seen, horizon: asOf });
    }
    return await locked(before.id, (connection) => advanceLocked(connection, before.id, seen, known));
  }

  async function advanceLocked(
    db: Database,
    id: string,
    seen: Pick<Seen, "viewer" | "asOf">,
    known: Known | undefined,
  ): Promise<ProfileState> {
    const { viewer } = seen;
    const profile = await mustRead(db, id);
    const due = reach(profile, viewer);
    if (areLossesDue(due)) return stateOf(profile, { ...seen, horizon: profile.logXmin, lossesDue: true });
    const from = lookedUpTo(profile, viewer, known);
    const horizon = await readHorizon(db);
    const changes = await readChanges(db, from, horizon, MAX_CHANGES);
    if (changes.length === MAX_CHANGES) {
      await forgetDecisions(db, profile);
      return stateOf(profile, { ...seen, horizon: profile.logXmin, lossesDue: true });
    }
    const { byType, turning } = turnsOf(viewer);
    const work = { db, id, viewer: { ...viewer, turning } };
    if (changes.length > 0)
      await workInRows(work, await withDependents(db, projector, viewer.engine, changes), horizon);
    await workInTurns(work, profile);
    const { pending } = profile;
    if (due.stale || isDue(profile, viewer))
      await settleProfile(db, id, { ...decidedFor(viewer), typeTurns: byType, pending });
    await noteNext(work, byType);
    const after = await mustRead(db, id);
    return stateOf(after, { ...seen, horizon, more: await hasChangesFrom(db, horizon) });
  }

  async function workIn(seat: Seat, look: Look): Promise<ProfileState | undefined> {
    const { viewer: decidedFor, profileId } = look.known;
    if (look.isCurrent() && decidedFor.engine === access()) {
      const viewer = { ...decidedFor, context: contextOf(seat) };
      const state = await locked(profileId, (connection) => workInLocked(connection, viewer, look));
      if (state) return state;
    }
    return await advance(seat, look.known);
  }

  /** Undefined: somebody else has been at the profile, and what was found of it says nothing any more. */
  async function workInLocked(db: Database, viewer: Viewer, look: Look): Promise<ProfileState | undefined> {
    const { known, horizon, more, rows } = look;
    const profile = await readProfile(db, known.profileId);
    if (!profile || !isAsKnown(profile, viewer, known) || isDue(profile, viewer)) return undefined;
    const { byType, turning } = turnsOf(viewer);
    const work = { db, id: profile.id, viewer: { ...viewer, turning } };
    const difference = createDifference();
    for (const loaded of rows) await compare(work, loaded, difference);
    const count = await writeDifference(work, difference, (trx) => moveHorizon(trx, profile.id, horizon));
    const after = { ...profile, position: profile.position + count, logXmin: horizon };
    const seen = { viewer, asOf: horizon, horizon, more };
    if (turning.size === 0) return stateOf(after, seen);
    await noteNext(work, byType);
    return stateOf(await mustRead(db, profile.id), seen);
  }

  const decidedFor = ({ subject, engine }: Viewer) => ({
    subject,
    policyRev: engine.rev,
    types: typesOf(engine, schemaRev),
  });

  /** Reading everything in order is faster now, and forgets nothing of what devices must lose. */
  const forgetDecisions = (db: Database, { id, subject, policyRev }: Profile) =>
    settleProfile(db, id, { subject, policyRev, types: FORGOTTEN, pending: [], typeTurns: {} });

  async function noteNext({ db, id, viewer }: Work, byType: Readonly<Record<string, string>>): Promise<void> {
    const { validUntil } = viewer.subject;
    const ends = validUntil !== undefined && validUntil > viewer.context.time ? [validUntil] : [];
    await noteNextTurn(db, id, [...Object.values(byType), ...ends]);
  }

  async function mustRead(db: Database, id: string): Promise<Profile> {
    const profile = await readProfile(db, id);
    if (!profile) throw new Error("The view profile was removed while it was in use.");
    return profile;
  }

  /** Waits for whoever has the profile; each look is short, so that the connection goes back in between. */
  async function locked<T>(id: string, job: (connection: Database) => Promise<T>): Promise<T> {
    for (;;) {
      const done = await db.connection().execute(async (connection) => {
        if (!(await tryLock(connection, id))) return undefined;
        try {
          return { result: await job(connection) };
        } finally {
          await unlock(connection, id);
        }
      });
      if (done) return done.result;
      await new Promise((resolve) => setTimeout(resolve, BUSY_RETRY_MS));
    }
  }

  /* ---------- a few changes ---------- */

  interface Work {
    readonly db: Database;
    readonly id: string;
    readonly viewer: Viewer;
  }

  async function workInRows(work: Work, changes: readonly RowKey[], horizon?: string): Promise<void> {
    const difference = createDifference();
    for (const [collection, ids] of groupIds(changes)) {
      for (const chunk of chunked(ids)) {
        await compare(work, await projector.load(work.db, work.viewer.engine, collection, chunk), difference);
        await setImmediate();
      }
    }
    await writeDifference(work, difference, async (trx) => {
      if (horizon !== undefined) await moveHorizon(trx, work.id, horizon);
    });
  }

  /** Rows whose own moment has come; each is given its next one with the decision. */
  async function workInTurns(work: Work, profile: Profile): Promise<void> {
    if (!isDue(profile, work.viewer)) return;
    for (;;) {
      const due = await readDueTurns(work.db, work.id, work.viewer.context.time, CHUNK);
      if (due.length === 0) return;
      await workInRows(work, due);
      // A row that has no moment of its own any more, since its type has none, would come back for ever.
      const now = await readDueTurns(work.db, work.id, work.viewer.context.time, CHUNK);
      const seen = new Set(due.map(rowKeyOf));
      const stuck = now.filter((row) => seen.has(rowKeyOf(row))).map((row) => ({ ...row, at: undefined }));
      if (stuck.length > 0) await writeTurns(work.db, work.id, stuck);
    }
  }

  /**
   * Compares rows with what the profile holds. A change of a parent's visibility or mask goes on to its children.
   *
   * Children are always decided by the same reading of their parent as is noted of it. Parents may change at any moment
   * between two looks, and be as before at the next one: then nobody would look at the children again.
   */
  async function compare(work: Work, loaded: LoadedRows, difference: Difference): Promise<void> {
    if (loaded.parents) await compare(work, loaded.parents, difference);
    const { collection } = loaded;
    const rows = loaded.rows.filter((row) => difference.decided.get(rowKeyOf({ collection, id: row.id }))?.by !== row);
    if (rows.length === 0) return;
    const projections = projector.project(work.viewer, { collection, rows });
    const ids = rows.map((row) => row.id);
    const held = await readViewRows(work.db, work.id, collection, ids);
    const turned = rows.filter((row, index) => {
      const projection = projections[index];
      return projection !== undefined && decideOn(work, { row, projection, held: held.get(row.id) }, difference);
    });
    if (turned.length > 0) await compareChildren(work, { collection, rows: turned }, difference);
  }

  /** True where the children have to be decided again. */
  function decideOn(work: Work, { row, projection, held }: Compared, difference: Difference): boolean {
    const key = rowKeyOf(projection);
    const before = difference.decided.get(key)?.seenWith ?? seenWith(isSeen(held) ? held.mask : undefined);
    const now = seenWith(projection.view ? projection.mask : undefined);
    difference.decided.set(key, { by: row, seenWith: now });
    for (const changes of [difference.losses, difference.puts, difference.masks]) changes.delete(key);
    const differs = differenceOf(projection, held);
    const change = changeOf(projection);
    if (differs === "loss")
      difference.losses.set(key, { ...change, parentId: held?.parentId ?? undefined, lost: true });
    else if (differs === "put") difference.puts.set(key, { ...change, lost: false });
    else if (differs === "mask") difference.masks.set(key, { ...change, lost: false });
    noteTurn(work, projection, difference);
    return before !== now;
  }

  async function compareChildren(work: Work, parents: LoadedRows, difference: Difference): Promise<void> {
    const { db, id, viewer } = work;
    const { engine } = viewer;
    const parentIds = parents.rows.map((parent) => parent.id);
    for (const child of projector.childrenOf(parents.collection)) {
      const gone = new Set(await readHeldChildren(db, id, child.name, parentIds));
      const many = child.access.kind === "parent" ? await child.access.idsByParents?.(db, parentIds) : undefined;
      const rows = many ? [] : await childRows(db, child, parentIds);
      for (const row of rows) gone.delete(row.id);
      for (const row of many ?? []) gone.delete(row);
      for (const chunk of chunked(rows))
        await compare(work, await projector.loadRows(db, engine, child, chunk, parents), difference);
      for (const chunk of chunked(many ?? [])) {
        await compare(work, await projector.load(db, engine, child.name, chunk, parents), difference);
        await setImmediate();
      }
      for (const chunk of chunked([...gone]))
        await compare(work, await projector.load(db, engine, child.name, chunk, parents), difference);
    }
  }

  function noteTurn({ viewer }: Work, projection: Projection, { turns }: Difference) {
    const { collection, id, parentId, turnsAt: at } = projection;
    if (viewer.turning && viewer.turning.size > 0 && parentId === undefined)
      turns.set(rowKeyOf(projection), { collection, id, at });
  }

  async function childRows(db: Database, child: Collection, parentIds: readonly string[]) {
    return child.access.kind === "parent" ? await child.access.byParents(db, parentIds) : [];
  }

  /** What is seen through a row is held only together with it: whoever takes the row away finds by it what goes, too. */
  function dropOrphans({ puts, decided }: Difference): void {
    for (const { name, access } of projector.collections) {
      if (access.kind !== "parent") continue;
      for (const [key, { collection, parentId = "" }] of puts) {
        const parent = rowKeyOf({ collection: access.collection, id: parentId });
        if (collection === name && decided.get(parent)?.seenWith === HIDDEN) puts.delete(key);
      }
    }
  }

  /** Losses first, then the rest, and with them what is noted of it. Returns how many positions that took. */
  async function writeDifference(
    { db, id }: Pick<Work, "db" | "id">,
    difference: Difference,
    alongside: (trx: Database) => Promise<void>,
  ): Promise<number> {
    dropOrphans(difference);
    const { losses, puts, masks, turns } = difference;
    const changes = [...losses.values(), ...puts.values()];
    await db.transaction().execute(async (trx) => {
      if (changes.length > 0) await writeViewChanges(trx, id, changes);
      if (masks.size > 0) await writeMasks(trx, id, [...masks.values()]);
      if (turns.size > 0) await writeTurns(trx, id, [...turns.values()]);
      await alongside(trx);
    });
    return changes.length;
  }

  /* ---------- losses ---------- */

  async function takeAway(seat: Seat): Promise<void> {
    const viewer = await viewerOf(seat);
    if (!viewer) return;
    const { id } = await profileOf(seat, viewer);
    const started = clock.now();
    const lost = await locked(id, (connection) => takeAwayLocked(connection, id, viewer));
    log.info({ userId: seat.userId, lost, ms: clock.now() - started }, "what a view profile lost is taken away");
  }

  async function takeAwayLocked(db: Database, id: string, viewer: Viewer): Promise<number> {
    const profile = await mustRead(db, id);
    const due = reach(profile, viewer);
    // Read before the rows: what changes while they are read is worked in afterwards.
    const horizon = await readHorizon(db);
    let lost = 0;
    const work = { db, id, viewer };
    if (profile.position > 0) {
      if (due.everything) lost += await loseUnknown(work);
      for (const collection of policyCollections()) lost += await loseOf(work, collection, due);
    }
    const { byType, turning } = turnsOf(viewer);
    if (turning.size === 0) await clearTurns(db, id);
    const pending = joinSteps(due.everything ? [] : profile.pending, stepsOf(due));
    const settled = { ...decidedFor(viewer), pending, typeTurns: byType };
    // Back to where it was: a node that still decides as before may have moved it past changes that are new to this one.
    await settleProfile(db, id, { ...settled, horizon: due.everything ? horizon : profile.logXmin });
    await noteNext(work, byType);
    return lost;
  }

  const policyCollections = () => projector.collections.filter(({ access }) => access.kind === "policy");

  /** Rows of collections that this version no longer has. */
  async function loseUnknown(work: Work): Promise<number> {
    const known = new Set(projector.collections.map(({ name }) => name));
    let lost = 0;
    for (const collection of await heldCollections(work.db, work.id))
      if (!known.has(collection)) lost += await loseByDeciding(work, collection);
    return lost;
  }

  async function loseOf(work: Work, collection: Collection, due: Reach): Promise<number> {
    const stored = storedTypesOf(collection);
    if (!stored) return isConcerned(due) ? await loseByDeciding(work, collection.name) : 0;
    const rows = { collection: collection.name, stored };
    // Of types that are not installed any more nobody can read anything.
    let lost = due.everything ? await loseSet(work, { ...rows, type: undefined }) : 0;
    for (const type of stored.types()) {
      if (!due.types.has(type)) continue;
      const { viewer } = work;
      const readable = isKnown(viewer, type)
        ? viewer.engine.filter(viewer.subject, "read", type, viewer.context)
        : undefined;
      lost += await loseSet(work, { ...rows, type, readable });
    }
    return lost;
  }

  async function loseSet({ db, id }: Work, rows: StoredType): Promise<number> {
    let lost = 0;
    for (let after: string | undefined; ;) {
      const { last, count } = await loseUnreadable(db, id, rows, { after, limit: LOSS_CHUNK });
      lost += count;
      if (count < LOSS_CHUNK) return lost;
      after = last;
    }
  }

  async function loseByDeciding(work: Work, collection: string): Promise<number> {
    const { db, id, viewer } = work;
    let lost = 0;
    for (let after: string | undefined; ;) {
      const ids = await scanHeld(db, id, collection, { after, limit: CHUNK });
      after = ids.at(-1);
      if (after === undefined) return lost;
      const difference = createDifference();
      const projections = await projector.projectIds(db, viewer, collection, ids);
      const gone = projections.filter(({ view }) => !view);
      for (const projection of gone)
        difference.losses.set(rowKeyOf(projection), { ...changeOf(projection), lost: true });
      await loseChildren(
        work,
        collection,
        gone.map((projection) => projection.id),
        difference,
      );
      lost += difference.losses.size;
      if (difference.losses.size > 0) await writeDifference(work, difference, nothing);
      await setImmediate();
    }
  }

  async function loseChildren(
    { db, id }: Work,
    collection: string,
    parentIds: readonly string[],
    { losses }: Difference,
  ): Promise<void> {
    if (parentIds.length === 0) return;
    for (const { name } of projector.childrenOf(collection))
      for (const child of await readHeldChildren(db, id, name, parentIds)) {
        const gone = { collection: name, id: child, parentId: undefined, mask: "", hash: undefined, lost: true };
        losses.set(rowKeyOf(gone), gone);
      }
  }

  /* ---------- the rest of what a change concerns ---------- */

  const storedTypesOf = ({ access }: Collection) => (access.kind === "policy" ? access.stored : undefined);
  const isKnown = ({ engine }: Viewer, type: string) => engine.resources.some(({ name }) => name === type);

  /** Whether a type is concerned that stands in a collection which does not say which types it has. */
  function isConcerned(due: Reach): boolean {
    const named = new Set(policyCollections().flatMap((collection) => storedTypesOf(collection)?.types() ?? []));
    return due.everything || [...due.types].some((type) => !named.has(type));
  }

  const stepsOf = (due: Reach): readonly FillStep[] =>
    policyCollections().flatMap((collection): readonly FillStep[] => {
      const stored = storedTypesOf(collection);
      if (!stored) return isConcerned(due) ? [{ collection: collection.name }] : [];
      const types = stored.types().filter((type) => due.types.has(type));
      return types.map((type) => ({ collection: collection.name, type }));
    });

  async function fill(seat: Seat): Promise<ProfileState | undefined> {
    const asOf = await readHorizon(db);
    const viewer = await viewerOf(seat);
    if (!viewer) return undefined;
    const { id } = await profileOf(seat, viewer);
    return await locked(id, async (connection) => {
      const profile = await mustRead(connection, id);
      const seen = { viewer, asOf };
      const due = reach(profile, viewer);
      const lossesDue = areLossesDue(due);
      const [step, ...rest] = profile.pending;
      if (lossesDue || !step) return stateOf(profile, { ...seen, horizon: profile.logXmin, lossesDue });
      const { byType, turning } = turnsOf(viewer);
      const work = { db: connection, id, viewer: { ...viewer, turning } };
      await fillStep(work, step, rest);
      await noteNext(work, byType);
      return stateOf(await mustRead(connection, id), { ...seen, horizon: profile.logXmin });
    });
  }

  async function fillStep(work: Work, step: FillStep, rest: readonly FillStep[]): Promise<void> {
    const { db, viewer } = work;
    const difference = createDifference();
    const collection = projector.collections.find(({ name }) => name === step.collection);
    const rows = collection ? await rowsOfStep(work, collection, step) : { rows: [], last: undefined };
    if (collection && rows.rows.length > 0)
      await compare(work, await projector.loadRows(db, viewer.engine, collection, rows.rows), difference);
    const pending = rows.last === undefined ? rest : [{ ...step, after: rows.last }, ...rest];
    await writeDifference(work, difference, (trx) => writePending(trx, work.id, pending));
    await setImmediate();
  }

  async function rowsOfStep({ db, viewer }: Work, collection: Collection, { type, after }: FillStep) {
    const stored = storedTypesOf(collection);
    if (type === undefined || !stored) {
      const rows = await collection.scan(db, after, CHUNK);
      return { rows, last: rows.length < CHUNK ? undefined : rows.at(-1)?.id };
    }
    if (!isKnown(viewer, type)) return { rows: [], last: undefined };
    // What time alone will open has to be looked at as well, for its moment.
    const readable = viewer.turning?.has(type)
      ? undefined
      : viewer.engine.filter(viewer.subject, "read", type, viewer.context);
    const where = { collection: collection.name, stored, type, readable };
    const ids = await readReadable(db, where, { after, limit: CHUNK });
    return {
      rows: ids.length > 0 ? await collection.byIds(db, ids) : [],
      last: ids.length < CHUNK ? undefined : ids.at(-1),
    };
  }

  return { keyOf, viewerOf, advance, workIn, takeAway, fill };
}

/** Differs from what any node knows of types. */
const FORGOTTEN = { [SCHEMA]: "forgotten" };

export interface RowKey {
  readonly collection: string;
  readonly id: string;
}

/** By row key. */
interface Difference {
  readonly losses: Map<string, ViewChange>;
  readonly puts: Map<string, ViewChange>;
  readonly masks: Map<string, ViewChange>;
  readonly turns: Map<string, RowTurn>;
  /** Rows that were compared, by which reading, and how their children are seen with them. */
  readonly decided: Map<string, { readonly by: LoadedRow; readonly seenWith: string }>;
}
const createDifference = (): Difference => ({
  losses: new Map(),
  puts: new Map(),
  masks: new Map(),
  turns: new Map(),
  decided: new Map(),
});

interface Compared {
  readonly row: LoadedRow;
  readonly projection: Projection;
  readonly held: ViewRow | undefined;
}

/** What a row's children are decided by: none of them is seen, or each with this mask. */
const seenWith = (mask: string | undefined) => (mask === undefined ? HIDDEN : `with ${mask}`);
const HIDDEN = "hidden";
const nothing = async () => undefined;

const isSeen = <Row extends Pick<ViewRow, "lost">>(row: Row | undefined): row is Row => row !== undefined && !row.lost;

/** What tells a projection from the row that a profile holds; undefined where nothing is to be written. */
export function differenceOf(
  { view, mask }: Projection,
  row: Pick<ViewRow, "hash" | "mask" | "lost"> | undefined,
): "loss" | "put" | "mask" | undefined {
  if (!view) return isSeen(row) ? "loss" : undefined;
  if (!row || row.lost || row.hash !== view.hash) return "put";
  return row.mask === mask ? undefined : "mask";
}

/** POL-11: with what is decided by attributes of the rows that changed. */
export async function withDependents(
  db: Database,
  { collections }: Projector,
  engine: AccessEngine,
  changes: readonly RowKey[],
): Promise<readonly RowKey[]> {
  const ids = [...new Set(changes.map((change) => change.id))];
  const found: RowKey[] = [];
  for (const { name, dependents } of collections) {
    for (const chunk of dependents ? chunked(ids) : [])
      for (const id of (await dependents?.(db, chunk, engine)) ?? []) found.push({ collection: name, id });
  }
  const known = new Set(changes.map(rowKeyOf));
  return [...changes, ...found.filter((row) => !known.has(rowKeyOf(row)))];
}

/** Without what is seen of it: that is read again when it is sent. */
const changeOf = ({ view, ...head }: Projection) => ({ ...head, hash: view?.hash });

export const rowKeyOf = ({ collection, id }: RowKey) => `${collection} ${id}`;

const questionsOf = (signature: string) => signature.split(":", 1)[0];

/** Each collection and type once, from its beginning where the two lists both name it. */
function joinSteps(left: readonly FillStep[], right: readonly FillStep[]): readonly FillStep[] {
  const nameOf = ({ collection, type = "" }: FillStep) => `${collection} ${type}`;
  const anew = new Set(right.map(nameOf));
  return [...left.filter((step) => !anew.has(nameOf(step))), ...right];
}

export function groupIds(rows: readonly RowKey[]): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  for (const { collection, id } of rows) {
    const ids = groups.get(collection);
    if (ids) ids.push(id);
    else groups.set(collection, [id]);
  }
  return groups;
}

export function* chunked<T>(items: readonly T[]): Generator<readonly T[]> {
  for (let at = 0; at < items.length; at += CHUNK) yield items.slice(at, at + CHUNK);
}

const lockKey = (id: string) => Number.parseInt(hash64(id).slice(0, 8), 16) | 0;

async function tryLock(db: Database, id: string): Promise<boolean> {
  const { rows } = await sql<{
    locked: boolean;
  }>`select pg_try_advisory_lock(${LOCK}::int, ${lockKey(id)}::int) as locked`.execute(db);
  return rows[0]?.locked === true;
}

async function unlock(db: Database, id: string): Promise<void> {
  await sql`select pg_advisory_unlock(${LOCK}::int, ${lockKey(id)}::int)`.execute(db);
}
