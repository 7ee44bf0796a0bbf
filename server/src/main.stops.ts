import type { Log } from "#kernel";

/** Things that were started, stopped in the opposite order; one that fails to stop does not keep the others running. */
export function createStops(log: Log) {
  const stops: (() => Promise<unknown>)[] = [];
  return {
    push: (stop: () => Promise<unknown>) => void stops.push(stop),
    async all() {
      for (const stop of stops.splice(0).reverse())
        await stop().catch((error: unknown) => log.error({ err: error }, "stopping"));
    },
  };
}

export type Stops = ReturnType<typeof createStops>;
