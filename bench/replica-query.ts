/**
 * How fast a window gets its lists from a replica of 200,000 messages: the newest 50 of a chat by an index, full-text
 * search, and the first list after a cold start. Ours goes the whole way: RxDB in the window, guarded port, replica in a
 * thread of its own, encrypted file. The peer is RxDB on Dexie in Chromium with its profile on disk; it has no full-text
 * index, so its search is a regular expression over the rows. p95 of each round; the median of the rounds.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startBrowser } from "./harness/browser.ts";
import type { DexieBench } from "./harness/dexie.page.ts";
import { figureOf, inTurns, percentile, report, roundsOf } from "./harness/figure.ts";
import { CHATS, createdAtOf, wordOfRank } from "./harness/messages.ts";
import { openWindow, startReplica, type Replica } from "./harness/window.ts";

const ROWS = Number(process.env.ROWS ?? 200_000);
const QUERIES = 200;
/** From words in every third message to words in a handful, as people search. */
const SEARCHED_RANKS = [5, 20, 60, 150, 400, 900, 2_000, 5_000];
const SEARCHES_OF_DEXIE = 8; // each takes up to seconds
const P95 = 0.95;

const words = SEARCHED_RANKS.map(wordOfRank);
const folder = mkdtempSync(join(tmpdir(), "kontor-bench-"));
const filename = join(folder, "replica.db");

async function fillOurs(): Promise<void> {
  const replica = startReplica();
  await replica.ask({ do: "open", filename });
  await replica.ask({ do: "fill", rows: ROWS });
  await replica.ask({ do: "close" });
  await replica.stop();
}

type Times = { newest: number; search: number; cold: number };

async function ourRound(): Promise<Times> {
  const replica = startReplica();
  await replica.ask({ do: "open", filename: join(folder, "warm.db") }); // the thread and its code are loaded, as a page is
  await replica.ask({ do: "close" });

  const start = performance.now();
  await replica.ask({ do: "open", filename });
  const database = await openWindow(replica);
  const list = (at: number) =>
    database.messages
      .find({
        selector: { chatId: `c${at % CHATS}`, createdAt: { $lt: createdAtOf(ROWS) + at } },
        sort: [{ createdAt: "desc" }],
        limit: 50,
      })
      .exec();
  await list(7);
  const cold = performance.now() - start;

  const newest = await timesOf(QUERIES, async (at) => {
    const found = await list(at + 1_000);
    if (found.length !== 50) throw new Error(`${found.length} rows found`);
  });
  const search = await searchTimes(replica);
  await database.close();
  await replica.ask({ do: "close" });
  await replica.stop();
  return { newest: percentile(newest, P95), search: percentile(search, P95), cold };
}

/** Whole words, and the same words while being typed. */
function searchTimes(replica: Replica): Promise<number[]> {
  return timesOf(QUERIES, async (at) => {
    const word = words[at % words.length] ?? "";
    const asYouType = at % 2 === 1;
    await replica.ask({ do: "search", typed: asYouType ? word.slice(0, 2 + (at % 4)) : word, asYouType });
  });
}

async function timesOf(count: number, work: (at: number) => Promise<void>): Promise<number[]> {
  const times: number[] = [];
  for (let at = 0; at < count; at++) {
    const start = performance.now();
    await work(at);
    times.push(performance.now() - start);
  }
  return times;
}

const browser = await startBrowser();
const inPage = async <R>(work: (bench: DexieBench, rows: number, words: string[]) => Promise<R>): Promise<R> => {
  const page = await browser.open();
  const source = `(${work.toString()})(globalThis.dexieBench, ${ROWS}, ${JSON.stringify(words.slice(0, SEARCHES_OF_DEXIE))})`;
  const result = (await page.evaluate(source)) as R;
  await page.close();
  return result;
};

async function dexieRound(): Promise<Times> {
  const cold = await inPage((bench, rows) => bench.coldList("query", rows));
  const newest = await inPage((bench, rows) => bench.newest("query", rows, 40));
  const search = await inPage((bench, _rows, searched) => bench.search("query", searched));
  return { newest: percentile(newest, P95), search: percentile(search, P95), cold };
}

try {
  console.info(`  filling both with ${ROWS} messages`);
  await fillOurs();
  await inPage((bench, rows) => bench.fill("query", rows));
  const rounds = await inTurns(roundsOf(3), { ours: ourRound, dexie: dexieRound });
  const figure = (name: string, metric: string, part: keyof Times) =>
    figureOf({
      name,
      metric,
      unit: "ms",
      better: "lower",
      ours: rounds.ours.map((times) => times[part]),
      peers: { "RxDB on Dexie in Chromium": rounds.dexie.map((times) => times[part]) },
    });
  report("replica-query", [
    figure("replica-query", `newest 50 of ${ROWS}, p95`, "newest"),
    figure("replica-query-search", `full-text search over ${ROWS}, p95`, "search"),
    figure("replica-query-cold", `first list after a cold start with ${ROWS}`, "cold"),
  ]);
} finally {
  await browser.close();
  rmSync(folder, { recursive: true, force: true });
}
process.exit(0);
