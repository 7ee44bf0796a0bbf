import type { ReplicaFile } from "#replica/storage";

/**
 * When a file is written anew after something was taken from this device (VIS-4). That is dear and nothing else runs
 * meanwhile, so it waits for rest, happens once for many losses, and takes a bounded share of the time. That it is due is
 * noted in the file itself: a stop in between forgets it not.
 */
export interface Rebuilding {
  soon(): void;
}

export interface RebuildingDeps {
  readonly file: Pick<ReplicaFile, "meta" | "rebuild">;
  readonly later: (delayMs: number, job: () => void) => NodeJS.Timeout;
  readonly run: (job: () => Promise<void>) => void;
  /** Resolves when nothing of what was taken is still to be removed from an index. */
  readonly settled: () => Promise<unknown>;
  /** Milliseconds that only go forward. */
  readonly now: () => number;
}

/** A department's worth of purges comes in batches a moment apart; writing the file anew is for after the last of them. */
const REST_MS = 2_000;
/** Losses without end (a busy office that narrows again and again) do not put it off for ever. */
const LATEST_MS = 60_000;
/** After a rebuild of 1 s the next begins 30 s later at the earliest: at most one part in 31 of the time is spent so. */
const PAUSE_FACTOR = 30;

export function createRebuilding({ file, later, run, settled, now }: RebuildingDeps): Rebuilding {
  let timer: NodeJS.Timeout | undefined;
  let wantedSince: number | undefined;
  let notBefore = 0;

  function soon(): void {
    const at = now();
    if (wantedSince === undefined) file.meta.set(DUE, true);
    wantedSince ??= at;
    const rest = Math.min(at + REST_MS, wantedSince + LATEST_MS);
    clearTimeout(timer);
    timer = later(Math.max(0, rest - at, notBefore - at), whenSettled);
  }

  /** Not in the background's queue: indexing a first filling takes a minute, and closing waits for that queue. */
  function whenSettled(): void {
    settled().then(
      () => run(rebuild),
      (error: unknown) => run(() => Promise.reject(error)),
    );
  }

  async function rebuild(): Promise<void> {
    if (wantedSince === undefined) return; // another one was faster
    const began = now();
    file.rebuild();
    file.meta.delete(DUE);
    wantedSince = undefined;
    notBefore = now() + (now() - began) * PAUSE_FACTOR;
  }

  if (file.meta.get(DUE) === true) soon();
  return { soon };
}

const DUE = "rebuildDue";
