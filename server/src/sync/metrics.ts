import { Counter, Gauge, Histogram } from "prom-client";
import type { Metrics } from "#kernel";

export type SyncMetrics = ReturnType<typeof createSyncMetrics>;

export function createSyncMetrics(registry: Metrics, connected: () => number) {
  const registers = [registry];
  return {
    connections: new Gauge({
      name: "kontor_sync_connections",
      help: "Devices connected to this node.",
      registers,
      collect() {
        this.set(connected());
      },
    }),
    repairs: new Counter({
      name: "kontor_sync_repairs_total",
      help: "Buckets of replicas that differed from the server and were sent again (SYN-10). Each is worth a look.",
      labelNames: ["bucket"],
      registers,
    }),
    operations: new Counter({
      name: "kontor_sync_operations_total",
      help: "Operations sent to devices.",
      labelNames: ["op"],
      registers,
    }),
    intents: new Counter({
      name: "kontor_sync_intents_total",
      help: "Changes that devices pushed, by the answer they got.",
      labelNames: ["status"],
      registers,
    }),
    advanceSeconds: new Histogram({
      name: "kontor_sync_advance_seconds",
      help: "Time to bring one user's view profile up to date.",
      buckets: [0.005, 0.02, 0.1, 0.5, 2, 10, 60],
      registers,
    }),
  };
}
