import { Registry, collectDefaultMetrics } from "prom-client";

/** One registry per server, so that two servers in one test process do not share counters. */
export type Metrics = Registry;

export function createMetrics(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  return registry;
}
