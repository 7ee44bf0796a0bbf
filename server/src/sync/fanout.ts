import { setImmediate } from "node:timers/promises";
import type { AccessEngine } from "@kontor/shared/access";
import { canonicalJson, type Clock, type Json } from "@kontor/shared/base";
import type { Database, Log } from "#kernel";
import { readHorizon, readLog, type LoggedChange } from "./changeLog.repo.ts";
import { chunked, differenceOf, groupIds, rowKeyOf, withDependents, type RowKey } from "./difference.ts";
import { moveHorizons } from "./profile.repo.ts";
import { MAX_CHANGES, type Known, type Look, type ProfileState, type Seat } from "./profile.ts";
import type { LoadedRow, LoadedRows, Projection, Projector, Viewer } from "./projection.ts";
import { turnsOf } from "./reach.ts";
import { readHeld, type HeldRow } from "./rows.repo.ts";
import { readTurns, type HeldTurn } from "./turns.repo.ts";

/**
 * Fan-out of a change: which of the connected view profiles does it concern? At a ring of the doorbell the log is read
 * once, and once the rows that changed; each profile is decided in memory, and what all of them hold of these rows is read
 * by one statement. Only those for which something differs are worked in, each under its lock (`profile.ts`). A change
 * that is nobody else's business costs the others a decision.
 *
 * - A round only *finds* whom a change concerns. What is written is compared once more under the profile's lock, and not
 *   at all if anybody has written the profile since it was last seen here: then it advances by itself, from what the
 *   database says.
 * - SYN-11 A round looks at what is below the horizon. A row that changes again after it was read is in the log above it,
 *   and is looked at again; what differs from an old reading is sent as it is by then, like all that is sent (VIS-5).
 * - Of a profile that is not concerned nothing is written. Up to where it was looked at stands in memory, and in the
 *   database some seconds later: after a stop of this node the same changes are looked at again, and do nothing (SYN-3).
 * - VIS-4, POL-11 Whoever changes what policies may ask of subjects says so in the log. Then every profile looks by itself,
 *   with its subject loaded anew, even if the change is still above the horizon: a loss does not wait for somebody's long
 *   transaction. So do those whose policies are not in force any more or whose time has come, and once a minute
 *   everybody, in case that something was changed by hand.
 */
export interface Fanout {
  /** The log may have grown. */
  ring(): void;
  /** A profile was brought up to date: from here on it is looked at with the others. */
  remember(key: string, seat: Seat, state: ProfileState): void;
  known(key: string): Known | undefined;
  /** Where it is time, the next share of the profiles look by themselves. */
  sweep(): void;
  stop(): Promise<void>;
}

export interface FanoutDeps {
  readonly db: Database;
  readonly projector: Projector;
  readonly access: () => AccessEngine;
  /** Collections of the log with whose rows subjects change. Undefined: any may, so that each profile looks by itself. */
  readonly subjectCollections: readonly string[] | undefined;
  readonly connectedKeys: () => ReadonlySet<string>;
  /** Has a profile look by itself, with its subject loaded anew. */
  readonly advance: (key: string) => Promise<unknown>;
  /** Has a profile take what a round found for it. */
  readonly workIn: (key: string, look: Look) => Promise<unknown>;
  readonly clock: Clock;
  readonly log: Log;
}

/** Somebody's transaction is open; twice as long each time, up to what a person does not notice. */
const HORIZON_RETRY_MS = 25;
const HORIZON_RETRY_MAX_MS = 400;
/** How much has to be looked at again by a node that takes over: some hundred changes of a busy office. */
const NOTE_EVERY_MS = 10_000;
/** A statement looks up each row in each profile: some 20 ms. */
const LOOKUPS = 20_000;
/** Decisions between two looks at the event loop: some milliseconds. */
const DECISIONS = 5_000;
/** A share of the profiles at a time: after a minute everybody has looked by themselves. */
const SWEEP_EVERY_MS = 10_000;
const SHARES = 6;

interface Watched extends Known {
  readonly key: string;
  readonly seat: Seat;
  readonly turnsAt: number;
  logXmin: string;
  lookedUpTo: string;
}

export function createFanout(deps: FanoutDeps): Fanout {
  const { db, projector, access, subjectCollections, clock, log } = deps;
  const watched = new Map<string, Watched>();
  /** Profiles that are at work for a round, and whether subjects changed since it was begun. */
  const working = new Map<string, { isOutdated: boolean }>();
  /** The horizon of the last round. */
  let seenUpTo = 0n;
  /** Those that are still above the horizon are read again at each round. */
  let knownSubjectChanges = new Set<number>();
  let subjectsChangedAt = 0;
  let notedAt = clock.now();
  let sweptAt = clock.now();
  let share = 0;
  let running: Promise<void> | undefined;
  let ringAgain = false;
  let retry: NodeJS.Timeout | undefined;
  let retryMs = HORIZON_RETRY_MS;
  let isStopped = false;

  function ring(): void {
    if (isStopped) return;
    if (!subjectCollections) {
      for (const key of deps.connectedKeys()) advanceAlone(key);
      return;
    }
    if (running) {
      ringAgain = true; // it may have read the log already
      return;
    }
    running = round()
      .catch((error: unknown) => log.error({ err: error }, "a change could not be looked at"))
      .finally(() => {
        running = undefined;
        if (!ringAgain) return;
        ringAgain = false;
        ring();
      });
  }

  async function round(): Promise<void> {
    const engine = access();
    const together = watchedTogether(engine);
    if (together.length > 0)
      await lookTogether(engine, together).catch((error: unknown) => {
        log.error({ err: error }, "a change could not be looked at for all profiles at once");
        for (const { key } of together) if (!working.has(key)) void byItself(key); // one that cannot must not stop the others
      });
    else if (working.size > 0) seenUpTo = BigInt(await readHorizon(db)); // they may have read the log before the ring
    // Brought up to date by themselves while the log was read, and with less of it.
    ringAgain ||= [...watched.values()].some(isBehind);
    if (clock.now() - notedAt >= NOTE_EVERY_MS) await note();
  }

  const isBehind = ({ key, lookedUpTo }: Watched) => !working.has(key) && BigInt(lookedUpTo) < seenUpTo;

  async function lookTogether(engine: AccessEngine, together: readonly Watched[]): Promise<void> {
    const { horizon, more, changes } = await readLog(db, {
      from: earliest(together.map(({ lookedUpTo }) => lookedUpTo)),
      aboveHorizon: subjectCollections ?? [],
      limit: MAX_CHANGES,
    });
    seenUpTo = BigInt(horizon);
    retryWhile(more);
    if (haveSubjectsChanged(changes) || changes.length === MAX_CHANGES) {
      subjectsChangedAt++;
      for (const state of working.values()) state.isOutdated = true;
      for (const { key } of together) void byItself(key);
      return;
    }
    const settled = changes.filter(({ txid }) => BigInt(txid) < seenUpTo);
    const concerned = settled.length > 0 ? await findConcerned(engine, together, settled) : NOBODY;
    settle(together, concerned, { horizon, more });
  }

  /** Those that cannot be looked at with the others look by themselves. */
  function watchedTogether(engine: AccessEngine): readonly Watched[] {
    const [now, keys] = [clock.now(), deps.connectedKeys()];
    for (const key of watched.keys()) if (!keys.has(key)) watched.delete(key);
    const together: Watched[] = [];
    for (const key of keys) {
      const profile = watched.get(key);
      if (working.has(key)) continue;
      if (profile?.viewer.engine !== engine || profile.turnsAt <= now) void byItself(key);
      else together.push(profile);
    }
    return together;
  }

  function haveSubjectsChanged(changes: readonly LoggedChange[]): boolean {
    const found = changes.filter(({ collection }) => subjectCollections?.includes(collection));
    const fresh = found.filter(({ logId }) => !knownSubjectChanges.has(logId));
    if (knownSubjectChanges.size > MAX_CHANGES) knownSubjectChanges = new Set(found.map(({ logId }) => logId));
    for (const { logId } of fresh) knownSubjectChanges.add(logId);
    return fresh.length > 0;
  }

  function retryWhile(more: boolean): void {
    if (!more) {
      retryMs = HORIZON_RETRY_MS;
      return;
    }
    if (retry) return;
    retry = setTimeout(() => {
      retry = undefined;
      ring();
    }, retryMs).unref();
    retryMs = Math.min(retryMs * 2, HORIZON_RETRY_MAX_MS);
  }

  function settle(
    together: readonly Watched[],
    concerned: ReadonlyMap<Watched, readonly LoadedRows[]>,
    { horizon, more }: Pick<Look, "horizon" | "more">,
  ): void {
    const seenAt = subjectsChangedAt;
    const isCurrent = () => seenAt === subjectsChangedAt;
    for (const profile of together) {
      const { key } = profile;
      if (watched.get(key) !== profile || working.has(key)) continue; // it looks by itself meanwhile
      const rows = concerned.get(profile);
      if (!rows) profile.lookedUpTo = latest(profile.lookedUpTo, horizon);
      else void work(key, () => deps.workIn(key, { known: profile, horizon, more, rows, isCurrent }));
    }
  }

  const byItself = async (key: string) => await work(key, () => deps.advance(key));

  async function work(key: string, job: () => Promise<unknown>): Promise<void> {
    const state = { isOutdated: false };
    working.set(key, state);
    try {
      await job();
    } catch (error) {
      log.error({ err: error }, "a view profile cannot be advanced");
      watched.delete(key); // so that it looks by itself at the next ring
    }
    working.delete(key);
    const profile = watched.get(key);
    if (isStopped || !profile) return;
    if (state.isOutdated) void byItself(key);
    else if (isBehind(profile)) ring();
  }

  /** One after the other: whom a change concerns does not wait for them. */
  async function inTurn(keys: readonly string[]): Promise<void> {
    for (const key of keys) if (!isStopped && watched.has(key) && !working.has(key)) await byItself(key);
  }

  const advanceAlone = (key: string) =>
    void deps.advance(key).catch((error: unknown) => log.error({ err: error }, "a view profile cannot be advanced"));

  /* ---------- whom does it concern ---------- */

  /** With the rows in which each of them differs. */
  async function findConcerned(
    engine: AccessEngine,
    together: readonly Watched[],
    changes: readonly LoggedChange[],
  ): Promise<ReadonlyMap<Watched, readonly LoadedRows[]>> {
    const concerned = new Map<Watched, LoadedRows[]>();
    const lastChange = lastChanges(changes);
    const newest = changes.at(-1)?.txid ?? "0";
    const changedAt = (row: RowKey) => BigInt(lastChange.get(rowKeyOf(row)) ?? newest);
    const rows = await withDependents(db, projector, engine, [...distinct(changes)]);
    // Whoever was brought up to date by itself has seen more, or less, of the log than the others.
    const groups = [...Map.groupBy(together, ({ lookedUpTo }) => lookedUpTo)];
    for (const [collection, ids] of groupIds(rows)) {
      for (const chunk of chunked(ids)) {
        const loaded = await projector.load(db, engine, collection, chunk);
        const due = groups.flatMap(([from, profiles]) => {
          const fresh = loaded.rows.filter(({ id }) => changedAt({ collection, id }) >= BigInt(from));
          return fresh.length === 0 ? [] : profiles.map((profile) => ({ profile, loaded: { ...loaded, rows: fresh } }));
        });
        for (const part of chunked(due, Math.max(1, Math.floor(LOOKUPS / chunk.length))))
          await compare(part, chunk, concerned);
      }
    }
    return concerned;
  }

  async function compare(
    due: readonly Due[],
    ids: readonly string[],
    concerned: Map<Watched, LoadedRows[]>,
  ): Promise<void> {
    const held = await heldBy(due, ids);
    const time = new Date(clock.now()).toISOString();
    let decisions = 0;
    for (const { profile, loaded } of due) {
      const viewer: Viewer = { ...profile.viewer, context: { ...profile.seat.context, time } };
      const projections = projector.project(viewer, loaded);
      const rows = loaded.rows.filter((row, index) => {
        const projection = projections[index];
        return (
          projection && (differs(profile, projection, held) || (!projection.view && hasHeldParent(profile, row, held)))
        );
      });
      if (rows.length > 0) pushTo(concerned, profile, { ...loaded, rows });
      decisions += projections.length;
      if (decisions < DECISIONS) continue;
      decisions = 0;
      await setImmediate();
    }
  }

  async function heldBy(due: readonly Due[], ids: readonly string[]): Promise<Held> {
    const { collection = "", parents } = due[0]?.loaded ?? {};
    const profileIds = due.map(({ profile }) => profile.profileId);
    const turning = due.filter(({ profile }) => isTurning(profile.viewer)).map(({ profile }) => profile.profileId);
    const rows = await readHeld(db, { profileIds, collection, ids });
    const turns = turning.length > 0 ? await readTurns(db, { profileIds: turning, collection, ids }) : [];
    const parentIds = parents?.rows.map((parent) => parent.id) ?? [];
    const heldParents = parents
      ? await readHeld(db, { profileIds, collection: parents.collection, ids: parentIds })
      : [];
    return {
      rows: byProfileAndRow(rows),
      turns: byProfileAndRow(turns),
      parents: byProfileAndRow(heldParents),
    };
  }

  /* ---------- what is remembered ---------- */

  /** The database learns up to where was looked; a profile that somebody else has written looks by itself. */
  async function note(): Promise<void> {
    notedAt = clock.now();
    const due = [...watched.values()].filter(({ logXmin, lookedUpTo }) => logXmin !== lookedUpTo);
    for (const part of chunked(due)) {
      const moves = part.map(({ profileId, position, viewer, logXmin: from, lookedUpTo: to }) => {
        return { profileId, position, policyRev: viewer.engine.rev, from, to };
      });
      const moved = await moveHorizons(db, moves);
      for (const [index, profile] of part.entries()) {
        if (watched.get(profile.key) !== profile || working.has(profile.key)) continue;
        if (moved.has(profile.profileId)) profile.logXmin = moves[index]?.to ?? profile.logXmin;
        else void byItself(profile.key);
      }
    }
  }

  function remember(key: string, seat: Seat, state: ProfileState): void {
    if (!subjectCollections) {
      if (state.more) setTimeout(() => advanceAlone(key), HORIZON_RETRY_MS).unref();
      return;
    }
    const { profileId, position, logXmin, turnsAt } = state;
    const viewer = { ...state.viewer, turning: turnsOf(state.viewer).turning };
    const before = watched.get(key);
    // A slice that was filled moves nothing: what was looked at before its rows were read need not be looked at again.
    const isSame = before?.profileId === profileId && before.logXmin === logXmin && isSameViewer(before.viewer, viewer);
    const workedIn = isSame ? latest(before.lookedUpTo, state.horizon) : state.horizon;
    const lookedUpTo = earliest([workedIn, state.asOf]);
    const turns = turnsAt ?? Number.POSITIVE_INFINITY;
    const profile = { key, seat, profileId, position, logXmin, lookedUpTo, viewer, turnsAt: turns };
    watched.set(key, profile);
    retryWhile(state.more);
    if (isBehind(profile)) ring();
  }

  return {
    ring,
    remember,
    known: (key) => watched.get(key),
    sweep() {
      if (clock.now() - sweptAt < SWEEP_EVERY_MS) return;
      sweptAt = clock.now();
      const keys = [...watched.keys()].filter((_, index) => index % SHARES === share);
      share = (share + 1) % SHARES;
      void inTurn(keys);
    },
    async stop() {
      isStopped = true;
      clearTimeout(retry);
      await running;
    },
  };
}

interface Due {
  readonly profile: Watched;
  readonly loaded: LoadedRows;
}

type ByProfileAndRow<T> = ReadonlyMap<string, ReadonlyMap<string, T>>;

interface Held {
  readonly rows: ByProfileAndRow<HeldRow>;
  readonly turns: ByProfileAndRow<HeldTurn>;
  /** Those through which the rows are seen. */
  readonly parents: ByProfileAndRow<HeldRow>;
}

function byProfileAndRow<T extends { readonly profileId: string; readonly id: string }>(rows: readonly T[]) {
  const found = new Map<string, Map<string, T>>();
  for (const row of rows) {
    const ofProfile = found.get(row.profileId) ?? new Map<string, T>();
    found.set(row.profileId, ofProfile.set(row.id, row));
  }
  return found;
}

/** Or another node has written the profile, and the devices here have not heard of it. */
function differs({ profileId, position, viewer }: Watched, projection: Projection, held: Held): boolean {
  const row = held.rows.get(profileId)?.get(projection.id);
  if (differenceOf(projection, row) || (row && row.profilePosition !== position)) return true;
  if (!isTurning(viewer) || projection.parentId !== undefined) return false;
  const at = held.turns.get(profileId)?.get(projection.id)?.at;
  return momentOf(at) !== momentOf(projection.turnsAt);
}

/**
 * A row that is hidden because the one through which it is seen is, and the profile does not know that yet: when that is
 * looked at it may be as before, and nobody would look at this row again.
 */
const hasHeldParent = ({ profileId }: Watched, { parentId }: Pick<LoadedRow, "parentId">, { parents }: Held) =>
  parents.get(profileId)?.get(parentId ?? "")?.lost === false;

const momentOf = (at: string | undefined) => (at === undefined ? undefined : Date.parse(at));

const isTurning = ({ turning }: Viewer) => turning !== undefined && turning.size > 0;

const isSameViewer = (a: Viewer, b: Viewer) =>
  a.engine === b.engine && canonicalJson(asJson(a.subject)) === canonicalJson(asJson(b.subject));
// Subjects come from JSON; their interface has no index signature, which is all that tells it from that.
const asJson = (value: object) => value as unknown as Json;

const latest = (a: string, b: string) => (BigInt(a) > BigInt(b) ? a : b);
const earliest = (xids: readonly string[]) => xids.reduce((a, b) => (BigInt(a) < BigInt(b) ? a : b));

/** By row, the last of the transactions that changed it: the log is in their order. */
const lastChanges = (changes: readonly LoggedChange[]) =>
  new Map(changes.map((change) => [rowKeyOf(change), change.txid]));

const distinct = (changes: readonly RowKey[]) => new Map(changes.map((row) => [rowKeyOf(row), row])).values();

const NOBODY: ReadonlyMap<Watched, readonly LoadedRows[]> = new Map();

function pushTo<Key, T>(lists: Map<Key, T[]>, key: Key, item: T): void {
  const list = lists.get(key);
  if (list) list.push(item);
  else lists.set(key, [item]);
}
