import { startCluster } from "./testing.ts";

/** One PostgreSQL for the run. `KONTOR_TEST_CLUSTER` names another one, for example Debian's 15. */
export async function setup(): Promise<(() => Promise<void>) | undefined> {
  if (process.env.KONTOR_TEST_CLUSTER) return undefined;
  const cluster = await startCluster();
  process.env.KONTOR_TEST_CLUSTER = cluster.url;
  return () => cluster.stop();
}
