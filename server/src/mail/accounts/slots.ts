/** Room for so many at once; the others wait in the order in which they came. */
export interface Slots {
  /** Returns how to give it back; undefined when the signal aborts first. */
  take(signal: AbortSignal): Promise<(() => void) | undefined>;
}

export function createSlots(count: number): Slots {
  let free = count;
  const waiting: (() => void)[] = [];

  function release(): void {
    const next = waiting.shift();
    if (next) next();
    else free += 1;
  }

  return {
    take(signal) {
      if (signal.aborted) return Promise.resolve(undefined);
      if (free > 0) {
        free -= 1;
        return Promise.resolve(once(release));
      }
      return new Promise((resolve) => {
        const abort = () => {
          waiting.splice(waiting.indexOf(grant), 1);
          resolve(undefined);
        };
        const grant = () => {
          signal.removeEventListener("abort", abort);
          resolve(once(release));
        };
        waiting.push(grant);
        signal.addEventListener("abort", abort, { once: true });
      });
    },
  };
}

function once(act: () => void): () => void {
  let isDone = false;
  return () => {
    if (!isDone) act();
    isDone = true;
  };
}
