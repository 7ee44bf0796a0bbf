import type { Clock } from "@kontor/shared/base";
import type { Log } from "#kernel";

/** Measures a few numbers at even intervals and keeps the last hour, for the console's plots; Prometheus keeps longer. */
export interface Sampler {
  samples(): readonly Sample[];
  stop(): void;
}

export interface Sample {
  readonly at: string;
  readonly values: Readonly<Record<string, number>>;
}

export type Gauges = Readonly<Record<string, () => number | Promise<number>>>;

const EVERY_MS = 10_000;
const KEPT = 360; // an hour

export function startSampler({
  gauges,
  clock,
  log,
  everyMs = EVERY_MS,
}: {
  gauges: Gauges;
  clock: Clock;
  log: Log;
  everyMs?: number;
}): Sampler {
  const kept: Sample[] = [];
  let running = false;

  async function sample() {
    if (running) return; // a slow database must not pile up questions to it
    running = true;
    try {
      const entries = await Promise.all(
        Object.entries(gauges).map(async ([name, read]) => [name, await read()] as const),
      );
      kept.push({ at: new Date(clock.now()).toISOString(), values: Object.fromEntries(entries) });
      if (kept.length > KEPT) kept.shift();
    } catch (error) {
      log.debug({ err: error }, "a sample for the overview could not be taken");
    } finally {
      running = false;
    }
  }

  const timer = setInterval(() => void sample(), everyMs);
  void sample();
  return { samples: () => kept, stop: () => clearInterval(timer) };
}
