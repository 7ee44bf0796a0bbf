/**
 * How fast mail is found on a device without a network: the first 50 of what is looked for among 100,000 messages, the newest first.
 * Ours goes the whole way: window, port, replica in a thread of its own, encrypted file, rows as the list shows them. The peer is notmuch on
 * the same mail, which encrypts nothing: as a library in a process that stays open, and as it is typed, less what its start costs. Both
 * answer the same questions, each in its language, and must find the same messages. p95 of each round; the median of the rounds.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { figureOf, inTurns, percentile, report, roundsOf } from "./harness/figure.ts";
import { questionsAbout, type Question } from "./harness/mail.questions.ts";
import { fillNotmuch } from "./harness/notmuch.ts";
import { startOffice } from "./harness/office.ts";

const ROWS = Number(process.env["ROWS"] ?? 100_000);
const PAGE = 50;
const P95 = 0.95;

const folder = mkdtempSync(join(tmpdir(), "kontor-bench-"));
const questions = questionsAbout(ROWS);
const answers = new Map<Question, readonly string[]>();
const differing: string[] = [];
const slowest = new Map<string, { readonly kind: string; readonly question: string; readonly ms: number }[]>();

type Ask = (question: Question) => Promise<readonly string[]>;

/** The time of each question; and that what was found is what others found. */
async function timesOf(name: string, ask: Ask, overheadMs = 0): Promise<number> {
  const times: { readonly kind: string; readonly question: string; readonly ms: number }[] = [];
  for (const question of questions) {
    const started = performance.now();
    const found = await ask(question);
    const ms = performance.now() - started - overheadMs;
    times.push({ kind: question.kind, question: question.kontor, ms });
    isSame(name, question, found);
  }
  slowest.set(name, times);
  return percentile(
    times.map(({ ms }) => ms),
    P95,
  );
}

/** Speed is no merit where others find something else: told at the end, with everything that differs. */
function isSame(name: string, question: Question, found: readonly string[]): void {
  const ids = found.map((id) => id.replace(/@.*/, ""));
  const others = answers.get(question) ?? ids;
  answers.set(question, others);
  const at = ids.findIndex((id, index) => id !== others[index]);
  if (at < 0 && ids.length === others.length) return;
  differing.push(
    `${name} finds ${ids.length} by ${question.notmuch}, ours ${others.length} by ${question.kontor}; number ${at} differs`,
  );
}

console.info(`  filling both with ${ROWS} messages`);
const filling = startOffice();
await filling.open(folder);
await filling.fill(ROWS);
await filling.close();
await filling.stop();
const notmuch = await fillNotmuch(folder, ROWS);

async function ours(): Promise<number> {
  const office = startOffice();
  await office.open(folder);
  const window = await office.openWindow();
  const p95 = await timesOf("ours", async ({ kontor }) => {
    const answer = await window.call("mail.search", { text: kontor, limit: PAGE, skip: 0, offsetMinutes: 0 });
    return (answer as { rows: readonly { messageId: string }[] }).rows.map(({ messageId }) => messageId);
  });
  window.close();
  await office.close();
  await office.stop();
  return p95;
}

async function library(): Promise<number> {
  const peer = await notmuch.open();
  const p95 = await timesOf("library", (question) => peer.ask(question.notmuch, PAGE));
  await peer.close();
  return p95;
}

async function typed(): Promise<number> {
  const starts: number[] = [];
  for (let time = 0; time < 20; time++) {
    const started = performance.now();
    await notmuch.start();
    starts.push(performance.now() - started);
  }
  return timesOf("typed", (question) => notmuch.search(question.notmuch, PAGE), percentile(starts, 0.5));
}

/** Which kinds of questions take long, for whoever wants to make them faster. */
function tellKinds(): void {
  for (const [name, times] of slowest)
    for (const [kind, group] of Map.groupBy(times, (each) => each.kind)) {
      const worst = group.reduce((a, b) => (a.ms > b.ms ? a : b));
      const middle = percentile(
        group.map(({ ms }) => ms),
        0.5,
      );
      console.info(
        `  ${name}: ${kind}: median ${middle.toFixed(1)} ms, slowest ${worst.ms.toFixed(1)} ms: ${worst.question}`,
      );
    }
}

try {
  const rounds = await inTurns(roundsOf(5), { ours, library, typed });
  if (differing.length > 0) throw new Error(`Not the same answers:\n${differing.join("\n")}`);
  tellKinds();
  report("mail-search", [
    figureOf({
      name: "mail-search",
      metric: `first 50 of what is looked for in ${ROWS} messages, p95`,
      unit: "ms",
      better: "lower",
      ours: rounds.ours,
      peers: {
        "notmuch, its library in a process that stays open": rounds.library,
        "notmuch search, less its start": rounds.typed,
      },
    }),
  ]);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exit(0);
