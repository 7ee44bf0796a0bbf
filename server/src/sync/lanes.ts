/**
 * Turns for work that shares the database and the event loop. A lane has so many places and its own queue: the small
 * changes of those who are typing never stand behind the 200 profiles that a published policy concerns.
 */
export interface Lane {
  run<T>(job: () => Promise<T>): Promise<T>;
}

export function createLane(places: number): Lane {
  let free = places;
  const queue: (() => void)[] = [];
  return {
    async run(job) {
      if (free > 0) free--;
      else await new Promise<void>((resolve) => queue.push(resolve));
      try {
        return await job();
      } finally {
        const next = queue.shift();
        if (next) next();
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
