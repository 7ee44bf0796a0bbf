/**
 * Messages put into threads per second: 20,000 of a mailbox that arrive in random order. Ours goes the whole way, through
 * PostgreSQL in batches of 500, as a first sync does, and answers that come before what they answer join threads later.
 * Peers: Dovecot from a mailbox without any index to its answer to THREAD=REFERENCES, notmuch from nothing to a database
 * (which indexes the text as well: a line each). Neither side waits for the disk: fsync is off here and there.
 */
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { createTestDatabase } from "@kontor/server/testing";
import { newId } from "@kontor/shared/base";
import { assignThreads } from "../server/src/mail/threads/assignThread.ts";
import { startDovecot } from "../server/test/mail/dovecot.ts";
import { asPartition, askThreads, fillMaildir, makeMailbox, type HeaderOnly } from "../server/test/mail/threadsOf.ts";
import { figureOf, inTurns, report, roundsOf } from "./harness/figure.ts";

const MESSAGES = Number(process.env["ROWS"] ?? 20_000);
const BATCH = 500;

const random = randomFrom(20_261_128);
const messages = makeMailbox({ messages: MESSAGES, ownSubjects: true }, random);
const test = await createTestDatabase();
const dovecot = await startDovecot();
const folder = mkdtempSync(join(tmpdir(), "kontor-bench-"));
const found = new Map<string, readonly string[]>();

async function ours(): Promise<number> {
  const arriving = shuffled(messages);
  const [owner, mailboxId] = [newId(), newId()];
  await test.pool.query("insert into app_user (id, login, name) values ($1::uuid, $1::text, 'Anna')", [owner]);
  await test.pool.query(
    "insert into mailbox (id, kind, owner_id, name, address) values ($1, 'external', $2, 'Anna', $3)",
    [mailboxId, owner, `${mailboxId}@example.com`],
  );
  const started = performance.now();
  for (let at = 0; at < arriving.length; at += BATCH) {
    const batch = arriving.slice(at, at + BATCH).map((message) => ({ mailboxId, ...message }));
    await test.db.transaction().execute((trx) => assignThreads(trx, batch));
  }
  const rate = perSecond(started);
  const { rows } = await test.pool.query<{ message_id: string; thread_id: string }>(
    "select message_id, thread_id from mail_thread_ref where mailbox_id = $1",
    [mailboxId],
  );
  const here = new Set(messages.map((message) => message.messageId));
  const groups = Map.groupBy(
    rows.filter((row) => here.has(row.message_id)),
    (row) => row.thread_id,
  );
  same(
    "ours",
    [...groups.values()].map((group) => group.map((row) => row.message_id)),
  );
  return rate;
}

let users = 0;
async function dovecots(): Promise<number> {
  const user = `round-${users++}`;
  await fillMaildir(dovecot, user, shuffled(messages));
  const started = performance.now();
  const { threads } = await askThreads(dovecot, user, "REFERENCES");
  const rate = perSecond(started);
  same("dovecot", threads);
  return rate;
}

async function notmuchs(): Promise<number> {
  const user = `round-${users++}`;
  await fillMaildir(dovecot, user, shuffled(messages));
  const config = join(folder, user);
  writeFileSync(
    config,
    `[database]\npath=${dovecot.maildir(user)}\n[new]\ntags=inbox\n[user]\nname=A\nprimary_email=a@example.org\n`,
  );
  const started = performance.now();
  await promisify(execFile)("notmuch", [`--config=${config}`, "new", "--quiet"], {
    env: { ...process.env, HOME: folder },
  });
  return perSecond(started);
}

/** That a contestant is fast is no merit where it finds other threads. */
function same(name: string, threads: readonly (readonly string[])[]): void {
  const partition = asPartition(threads);
  const first = found.values().next().value ?? partition;
  found.set(name, partition);
  if (partition.length !== first.length || partition.some((thread, index) => thread !== first[index]))
    throw new Error(`${name} finds ${partition.length} threads, others ${first.length}, or not the same ones`);
}

const perSecond = (started: number) => Math.round((MESSAGES / (performance.now() - started)) * 1_000);

function shuffled(items: readonly HeaderOnly[]): HeaderOnly[] {
  const result = [...items];
  for (let at = result.length - 1; at > 0; at--) {
    const other = random(at + 1);
    [result[at], result[other]] = [result[other] as HeaderOnly, result[at] as HeaderOnly];
  }
  return result;
}

/** mulberry32 */
function randomFrom(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

try {
  const rounds = await inTurns(roundsOf(5), { ours, dovecots, notmuchs });
  report("mail-thread", [
    figureOf({
      name: "mail-thread",
      metric: `${MESSAGES} messages in random order, put into threads`,
      unit: "messages/s",
      better: "higher",
      ours: rounds.ours,
      peers: {
        "Dovecot, THREAD=REFERENCES without an index": rounds.dovecots,
        "notmuch new, with its full text": rounds.notmuchs,
      },
    }),
  ]);
} finally {
  await dovecot.stop();
  await test.drop();
  rmSync(folder, { recursive: true, force: true });
}
