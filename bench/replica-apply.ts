/**
 * How fast the feed fills a replica: 50,000 rows of 0.45 kB in batches of 1,000, each batch with its cookie in one
 * transaction, encrypted. Peers: RxDB's own replication on Dexie in Chromium and on memory in Node; and, as the limit,
 * bare multi-row inserts of the same rows into the same columns and indexes of an encrypted libsql file.
 */
import { fileURLToPath } from "node:url";
import { startBrowser } from "./harness/browser.ts";
import { runContestant, runReplica } from "./harness/child.ts";
import type { DexieBench } from "./harness/dexie.page.ts";
import { figureOf, inTurns, report, roundsOf } from "./harness/figure.ts";

const ROWS = 50_000;
const BATCH = 1_000;
const CONTESTANTS = fileURLToPath(new URL("harness/apply.contestants.ts", import.meta.url));

const browser = await startBrowser();
try {
  let databases = 0;
  const amounts = [String(ROWS), String(BATCH)];
  const inNode = (name: string) => () => runContestant<number>(CONTESTANTS, name, ...amounts);
  const asReplica = (name: string) => () => runReplica<number>(CONTESTANTS, name, ...amounts);
  const results = await inTurns(roundsOf(5), {
    ours: asReplica("ours"),
    "plain libsql inserts": inNode("plain"),
    "RxDB replication, memory in Node": inNode("memory"),
    "RxDB replication, Dexie in Chromium": async () => {
      const page = await browser.open();
      const rate = await page.evaluate(
        ([name, rows, batch]) =>
          (globalThis as unknown as { dexieBench: DexieBench }).dexieBench.replicate(name, rows, batch),
        [`apply${databases++}`, ROWS, BATCH] as const,
      );
      await page.close();
      return rate;
    },
    searchable: asReplica("searchable"),
  });
  const { ours, searchable, ...peers } = results;
  const unit = "rows/s";
  report("replica-apply", [
    figureOf({ name: "replica-apply", metric: "rows applied by the feed", unit, better: "higher", ours, peers }),
    figureOf({
      name: "replica-apply-searchable",
      metric: "rows applied and indexed for full-text search",
      unit,
      better: "higher",
      ours: searchable,
      peers: {},
    }),
  ]);
} finally {
  await browser.close();
}
