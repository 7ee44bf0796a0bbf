import { once } from "node:events";
import type { Clock } from "@kontor/shared/base";
import type { Log } from "#kernel";
import { createChains, createLane, type Lane } from "./lanes.ts";
import type { SyncMetrics } from "./metrics.ts";
import type { Known, Look, Profiles, ProfileState, Seat } from "./profile.ts";

/**
 * Who is brought up to date when. Four lanes: small changes; what is lost, of all profiles before anything of any is filled
 * again; first fillings, for which somebody waits; and the rest, a slice per turn. Each place holds a connection of the
 * database meanwhile.
 */
const SMALL = 3;
/** More at once would only make the others wait: writing is what takes the time. */
const LOSSES = 1;
const FIRST = 2;
const REST = 1;

/** Calls once when it is so late; returns how to call it off. */
export type Alarm = (at: number, ring: () => void) => () => void;

const MAX_TIMEOUT_MS = 2 ** 31 - 1; // setTimeout rings at once for more

export const systemAlarm =
  (clock: Clock): Alarm =>
  (at, ring) => {
    const wait = Math.max(0, Math.min(at - clock.now(), MAX_TIMEOUT_MS));
    const timer = setTimeout(ring, wait).unref();
    return () => clearTimeout(timer);
  };

export interface AdvancesDeps {
  readonly profiles: Profiles;
  readonly metrics: SyncMetrics;
  readonly log: Log;
  readonly alarm: Alarm;
  /** A seat of somebody connected with this key; undefined: nobody is. */
  readonly seatOf: (key: string) => Seat | undefined;
  /** What this node remembers of the profile. */
  readonly known: (key: string) => Known | undefined;
  readonly onState: (key: string, state: ProfileState, seat: Seat) => void;
  readonly onGone: (seat: Seat) => void;
}

/** A stop waits so long for what is under way; what is cut off then is begun anew by whoever comes back. */
const FINISH_MS = 5_000;

/** A policy may be published while what the last one took is being taken away. */
const MAX_ROUNDS = 20;

export function createAdvances({ profiles, metrics, log, alarm, seatOf, known, onState, onGone }: AdvancesDeps) {
  const underWay = new Set<Promise<unknown>>();
  const runInTurn = createChains<ProfileState | undefined>();
  const chain: typeof runInTurn = (key, job) => note(runInTurn(key, job));
  const [small, losses, first, rest] = [SMALL, LOSSES, FIRST, REST].map(createLane) as [Lane, Lane, Lane, Lane];
  const alarms = new Map<string, { readonly at: number; readonly off: () => void }>();
  const filling = new Set<string>();
  /** How many devices wait for an answer, by key. */
  const waitedFor = new Map<string, number>();
  /** What was found for a profile whose run has not begun; it counts where nobody asked that the log be read anew. */
  const looks = new Map<string, Look>();
  const asked = new Set<string>();
  let isStopped = false;

  function note<T>(work: Promise<T>): Promise<T> {
    const ended: Promise<unknown> = work.catch(() => undefined).finally(() => underWay.delete(ended));
    underWay.add(ended);
    return work;
  }

  function advance(seat: Seat): Promise<ProfileState | undefined> {
    const key = profiles.keyOf(seat);
    asked.add(key);
    return chain(key, () => advanceNow(seat, key));
  }

  /** Takes what a look at all profiles found for this one. */
  function workIn(seat: Seat, look: Look): Promise<ProfileState | undefined> {
    const key = profiles.keyOf(seat);
    looks.set(key, look);
    return chain(key, () => advanceNow(seat, key));
  }

  /** For a device that waits for an answer: before those that only listen. */
  function advanceFirst(seat: Seat): Promise<ProfileState | undefined> {
    const key = profiles.keyOf(seat);
    waitedFor.set(key, (waitedFor.get(key) ?? 0) + 1);
    small.hurry(key);
    losses.hurry(key);
    return advance(seat).finally(() => {
      const others = (waitedFor.get(key) ?? 1) - 1;
      if (others > 0) waitedFor.set(key, others);
      else waitedFor.delete(key);
    });
  }

  async function advanceNow(seat: Seat, chained: string): Promise<ProfileState | undefined> {
    const end = metrics.advanceSeconds.startTimer();
    const look = asked.delete(chained) ? undefined : looks.get(chained);
    looks.delete(chained);
    try {
      const state = await settled(seat, look);
      if (!state) {
        onGone(seat);
        return undefined;
      }
      const key = profiles.keyOf(seat);
      onState(key, state, seat);
      if (state.pending) void note(fillRest(key));
      setAlarm(key, state.turnsAt);
      return state;
    } finally {
      end();
    }
  }

  /** With everything taken away that is lost, and a profile that was empty filled. */
  async function settled(seat: Seat, look?: Look): Promise<ProfileState | undefined> {
    const advanceNow = () => profiles.advance(seat, known(profiles.keyOf(seat)));
    let state = await turnIn(small, seat, look ? () => profiles.workIn(seat, look) : advanceNow);
    for (let round = 0; state?.lossesDue && round < MAX_ROUNDS; round++) {
      await turnIn(losses, seat, () => profiles.takeAway(seat));
      state = await turnIn(small, seat, advanceNow);
    }
    if (state?.lossesDue) throw new Error("Policies change faster than a view profile can follow.");
    if (!state?.isNew || !state.pending) return state;
    let filled: ProfileState | undefined = state;
    while (filled?.pending && !filled.lossesDue) {
      if (isStopped) return filled; // whoever comes back goes on with it
      filled = await first.run(() => profiles.fill(seat));
    }
    return await settled(seat);
  }

  function turnIn<T>(lane: Lane, seat: Seat, job: () => Promise<T>): Promise<T> {
    const key = profiles.keyOf(seat);
    const turn = lane.run(job, key);
    if (waitedFor.has(key)) lane.hurry(key);
    return turn;
  }

  async function fillRest(key: string): Promise<void> {
    if (filling.has(key)) return;
    filling.add(key);
    try {
      for (;;) {
        const seat = isStopped ? undefined : seatOf(key);
        if (!seat) return; // whoever comes back goes on with it
        const state = await rest.run(() => profiles.fill(seat));
        if (!state || state.lossesDue) return soon(key);
        onState(key, state, seat);
        if (!state.pending) return soon(key);
      }
    } catch (error) {
      log.error({ err: error }, "a view profile cannot be filled");
    } finally {
      filling.delete(key);
    }
  }

  function soon(key: string): void {
    const seat = isStopped ? undefined : seatOf(key);
    if (!seat) return forget(key);
    advance(seat).catch((error: unknown) =>
      log.error({ err: error, userId: seat.userId }, "a view profile cannot be advanced"),
    );
  }

  /** POL-6: the next moment at which time alone changes something. */
  function setAlarm(key: string, at: number | undefined): void {
    if (alarms.get(key)?.at === at) return;
    forget(key);
    if (at === undefined || isStopped || !seatOf(key)) return;
    const off = alarm(at, () => {
      alarms.delete(key);
      soon(key);
    });
    alarms.set(key, { at, off });
  }

  function forget(key: string): void {
    alarms.get(key)?.off();
    alarms.delete(key);
  }

  return {
    advance,
    advanceFirst,
    workIn,
    soon,
    stop() {
      isStopped = true;
      for (const { off } of alarms.values()) off();
      alarms.clear();
    },
    /** Resolves when nothing is under way any more, so that the database can be left, or it has taken too long. */
    async finish(): Promise<void> {
      const late = AbortSignal.timeout(FINISH_MS);
      const isLate = once(late, "abort");
      while (underWay.size > 0 && !late.aborted) await Promise.race([Promise.all(underWay), isLate]);
    },
  };
}
