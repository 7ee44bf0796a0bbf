import { setImmediate } from "node:timers/promises";
import type { AccessEngine, Context, Subject } from "@kontor/shared/access";
import type { Clock } from "@kontor/shared/base";
import type { Database, Log } from "#kernel";
import { hasChangesFrom, readChanges, readHorizon } from "./changeLog.repo.ts";
import { createComparison } from "./comparison.ts";
import {
  chunked,
  CHUNK,
  createDifference,
  groupIds,
  rowKeyOf,
  withDependents,
  type RowKey,
  type Work,
} from "./difference.ts";
import { createFill, joinSteps } from "./fill.ts";
import { locked } from "./lock.ts";
import { createLosses } from "./losses.ts";
import {
  copyProfile,
  findProfile,
  insertProfile,
  moveHorizon,
  profilesOf,
  readProfile,
  renameProfile,
  settleProfile,
  touchProfile,
  type Profile,
} from "./profile.repo.ts";
import type { LoadedRows, Projector, Viewer } from "./projection.ts";
import { reachOf, SCHEMA, turnsOf, typesOf, type Reach } from "./reach.ts";
import { clearTurns, noteNextTurn, readDueTurns, writeTurns } from "./turns.repo.ts";

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
 * What is compared and written each time is in `comparison.ts` and `writeDifference.ts`.
 *
 * - Only a difference in what is seen takes a position: hidden changes cause nothing (VIS-3).
 * - Losses take their positions first: nothing new gets one while `takeAway` is due (VIS-4).
 * - One at a time per profile, over all nodes: an advisory lock of a connection, and not a row lock, because a row lock
 *   takes a transaction id, and that would hold back the horizon of every other profile while rows are being read.
 * - What remains to be filled stands in the profile, so that a stop of the server forgets none of it.
 */

/** With more changes than this at once, reading everything in order is faster than reading them one by one. */
export const MAX_CHANGES = 20_000;
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
  const comparison = createComparison(projector);
  const losses = createLosses({ projector, comparison });
  const filling = createFill({ projector, comparison });
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
    return await locked(db, before.id, (connection) => advanceLocked(connection, before.id, seen, known));
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
      const state = await locked(db, profileId, (connection) => workInLocked(connection, viewer, look));
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
    for (const loaded of rows) await comparison.compare(work, loaded, difference);
    const count = await comparison.write(work, difference, (trx) => moveHorizon(trx, profile.id, horizon));
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

  /* ---------- a few changes ---------- */

  async function workInRows(work: Work, changes: readonly RowKey[], horizon?: string): Promise<void> {
    const difference = createDifference();
    for (const [collection, ids] of groupIds(changes)) {
      for (const chunk of chunked(ids)) {
        await comparison.compare(
          work,
          await projector.load(work.db, work.viewer.engine, collection, chunk),
          difference,
        );
        await setImmediate();
      }
    }
    await comparison.write(work, difference, async (trx) => {
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

  /* ---------- losses ---------- */

  async function takeAway(seat: Seat): Promise<void> {
    const viewer = await viewerOf(seat);
    if (!viewer) return;
    const { id } = await profileOf(seat, viewer);
    const started = clock.now();
    const lost = await locked(db, id, (connection) => takeAwayLocked(connection, id, viewer));
    log.info({ userId: seat.userId, lost, ms: clock.now() - started }, "what a view profile lost is taken away");
  }

  async function takeAwayLocked(db: Database, id: string, viewer: Viewer): Promise<number> {
    const profile = await mustRead(db, id);
    const due = reach(profile, viewer);
    // Read before the rows: what changes while they are read is worked in afterwards.
    const horizon = await readHorizon(db);
    const work = { db, id, viewer };
    const lost = profile.position > 0 ? await losses.lose(work, due) : 0;
    const { byType, turning } = turnsOf(viewer);
    if (turning.size === 0) await clearTurns(db, id);
    const pending = joinSteps(due.everything ? [] : profile.pending, filling.stepsOf(due));
    const settled = { ...decidedFor(viewer), pending, typeTurns: byType };
    // Back to where it was: a node that still decides as before may have moved it past changes that are new to this one.
    await settleProfile(db, id, { ...settled, horizon: due.everything ? horizon : profile.logXmin });
    await noteNext(work, byType);
    return lost;
  }

  /* ---------- the rest of what a change concerns ---------- */

  async function fill(seat: Seat): Promise<ProfileState | undefined> {
    const asOf = await readHorizon(db);
    const viewer = await viewerOf(seat);
    if (!viewer) return undefined;
    const { id } = await profileOf(seat, viewer);
    return await locked(db, id, async (connection) => {
      const profile = await mustRead(connection, id);
      const seen = { viewer, asOf };
      const due = reach(profile, viewer);
      const lossesDue = areLossesDue(due);
      const [step, ...rest] = profile.pending;
      if (lossesDue || !step) return stateOf(profile, { ...seen, horizon: profile.logXmin, lossesDue });
      const { byType, turning } = turnsOf(viewer);
      const work = { db: connection, id, viewer: { ...viewer, turning } };
      await filling.fillStep(work, step, rest);
      await noteNext(work, byType);
      return stateOf(await mustRead(connection, id), { ...seen, horizon: profile.logXmin });
    });
  }

  return { keyOf, viewerOf, advance, workIn, takeAway, fill };
}

/** Differs from what any node knows of types. */
const FORGOTTEN = { [SCHEMA]: "forgotten" };

const questionsOf = (signature: string) => signature.split(":", 1)[0];
