/**
 * How fast a window gets mail from a device's own replica of 100,000 messages: the first page of a folder in each of its lists, a page in the
 * middle of it, the counts of all folders, and a conversation with the texts of its messages. Ours goes the whole way: window, port, replica in a
 * thread of its own, encrypted file. No peer answers these questions; what people notice is 100 ms. p95 of each round; the median of the rounds.
 */
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { mailFilters, type MailList } from "@kontor/desktop/contract";
import { figureOf, inTurns, percentile, report, roundsOf } from "./harness/figure.ts";
import { folderOf, largeThread, threadOf } from "./harness/mail.archive.ts";
import { startOffice, type OfficeWindow } from "./harness/office.ts";

const ROWS = Number(process.env["ROWS"] ?? 100_000);
const PAGE = 50;
const QUESTIONS = 200;
const P95 = 0.95;

/** Filling takes minutes: `MAIL=folder` keeps what it is filled with for the next run. */
const kept = process.env["MAIL"];
const folder = kept ?? mkdtempSync(join(tmpdir(), "kontor-bench-"));

const listOf = (at: number): MailList => ({
  place: at % 3 === 0 ? { at: "role", role: "inbox" } : { at: "folder", folderId: folderOf("inbox") },
  conversations: at % 2 === 0,
  filter: mailFilters[at % mailFilters.length] ?? "all",
});

const asked = {
  cold: "first page after a cold start",
  page: "first page of the inbox",
  middle: "a page in the middle of the inbox",
  boxes: "all folders with their counts",
  thread: "a conversation of 4 with its texts",
  long: "a conversation of 300 without its texts",
} as const;
type Times = Record<keyof typeof asked, number>;

async function round(): Promise<Times> {
  const office = startOffice();
  await office.open(join(folder, "warm")); // the thread's code is loaded, as a page's is
  await office.close();
  const started = performance.now();
  await office.open(folder);
  const window = await office.openWindow();
  await page(window, 0, 0);
  const cold = performance.now() - started;
  const times = {
    cold,
    page: await p95((at) => page(window, at, 0)),
    middle: await p95((at) => page(window, 0, Math.floor(ROWS / 16 + ((at * 977) % (ROWS / 8))))),
    boxes: await p95(async () => void (await window.first("mail.boxes", {}))),
    thread: await p95((at) => thread(window, threadOf((at * 331 + 1) % ROWS))),
    long: await p95(() => longThread(window)),
  };
  window.close();
  await office.close();
  await office.stop();
  return times;
}

async function page(window: OfficeWindow, at: number, skip: number): Promise<void> {
  const { rows } = await window.first("mail.list", { list: listOf(at), skip, limit: PAGE });
  if (rows.length !== PAGE) throw new Error(`${rows.length} rows of ${JSON.stringify(listOf(at))} from ${skip}`);
}

async function thread(window: OfficeWindow, threadId: string): Promise<void> {
  const { messages } = await window.first("mail.thread", { threadId });
  const bodies = await window.first("mail.bodies", { ids: messages.map(({ id }) => id) });
  if (bodies.length === 0 || bodies.length !== messages.length) throw new Error(`${bodies.length} texts of a thread`);
}

async function longThread(window: OfficeWindow): Promise<void> {
  const { messages } = await window.first("mail.thread", { threadId: largeThread });
  if (messages.length < Math.min(300, Math.floor(ROWS / 331))) throw new Error(`${messages.length} of a thread`);
}

async function p95(work: (at: number) => Promise<void>): Promise<number> {
  const times: number[] = [];
  for (let at = 0; at < QUESTIONS; at++) {
    const started = performance.now();
    await work(at);
    times.push(performance.now() - started);
  }
  return percentile(times, P95);
}

try {
  if (!existsSync(join(folder, "replica.db"))) {
    console.info(`  filling with ${ROWS} messages`);
    const filling = startOffice();
    await filling.open(folder);
    await filling.fill(ROWS);
    await filling.close();
    await filling.stop();
  }
  const { ours } = await inTurns(roundsOf(5), { ours: round });
  report(
    "replica-mail",
    (Object.keys(asked) as (keyof Times)[]).map((part) =>
      figureOf({
        name: `replica-mail-${part}`,
        metric: `${asked[part]}, of ${ROWS} messages${part === "cold" ? "" : ", p95"}`,
        unit: "ms",
        better: "lower",
        ours: ours.map((times) => times[part]),
        peers: {},
      }),
    ),
  );
} finally {
  if (kept === undefined) rmSync(folder, { recursive: true, force: true });
}
process.exit(0);
