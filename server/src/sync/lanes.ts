/**
 * Turns for work that shares the database and the event loop. A lane has so many places and its own queue: the small
 * changes of those who are typing never stand behind the 200 profiles that a published policy concerns.
 */
export interface Lane {
  run<T>(job: () => Promise<T>, key?: string): Promise<T>;
  /** Somebody waits for this one: it is next. */
  hurry(key: string): void;
}

export function createLane(places: number): Lane {
  let free = places;
  const queue: { readonly key: string | undefined; readonly start: () => void }[] = [];
  return {
    hurry(key) {
      const at = queue.findIndex((waiting) => waiting.key === key);
      if (at > 0) queue.unshift(...queue.splice(at, 1));
    },
    async run(job, key) {
      if (free > 0) free--;
      else await new Promise<void>((start) => queue.push({ key, start }));
      try {
        return await job();
      } finally {
        const next = queue.shift();
        if (next) next.start();
        else free++;
      }
    },
  };
}

/** One at a time per key; a call joins a run that has not begun, never one that has. */
export function createChains<T>() {
  const waiting = new Map<string, Promise<T>>();
  const running = new Map<string, Promise<unknown>>();
  return function run(key: string, job: () => Promise<T>): Promise<T> {
    const joined = waiting.get(key);
    if (joined) return joined;
    const promise = (async () => {
      await running.get(key)?.catch(() => undefined);
      waiting.delete(key);
      const run = job();
      running.set(key, run);
      return await run.finally(() => running.get(key) === run && running.delete(key));
    })();
    waiting.set(key, promise);
    return promise;
  };
}
