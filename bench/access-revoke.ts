/**
 * A published policy takes 20,000 records away from 200 connected replicas, a tenth of them from each: from publishing to
 * physically gone on all of them, and what those who are not concerned wait for an answer meanwhile. The peer is the
 * machine's own limit: plain SQLite deletes the same rows from as many files, overwriting them, with nothing else going on.
 */
import { fork, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { constants as osConstants, setPriority, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import Libsql from "libsql";
import { newId } from "@kontor/shared/base";
import { startNoteServer } from "@kontor/server/testing/sync";
import { figureOf, percentile, report } from "./harness/figure.ts";
import type { Order, Told } from "./harness/revoke.worker.ts";

const REPLICAS = Number(process.env.KONTOR_REPLICAS ?? 200);
const RECORDS = Number(process.env.KONTOR_RECORDS ?? 20_000);
const DEPARTMENTS = 10;
const WRITERS = 5;
const PROCESSES = 2;
const QUIET_MS = 15_000;

const directory = mkdtempSync(join(tmpdir(), "kontor-revoke-"));
const server = await startNoteServer();
const rows = RECORDS / DEPARTMENTS;
const { pool } = server.database;
await pool.query(
  `insert into note (id, owner, department, text, rank, secret)
   select gen_random_uuid(), gen_random_uuid(), 'd' || n % ${DEPARTMENTS}, 'canary-of-the-bench number ' || n || repeat(' of the things that are written', 8), n, ''
   from generate_series(1, ${RECORDS}) n`,
);
const readers = await Promise.all(
  Array.from({ length: REPLICAS }, (_, n) => server.addUser({ department: `d${n % DEPARTMENTS}` })),
);
const writers = await Promise.all(Array.from({ length: WRITERS }, () => server.addUser({ department: newId() })));
for (const owner of writers) await server.addNote({ owner, text: "own" });

const children: ChildProcess[] = [];
const WORKER = fileURLToPath(new URL("harness/revoke.worker.ts", import.meta.url));

function startChild(order: Omit<Order, "url" | "directory">): ChildProcess {
  const child = fork(WORKER, { stdio: "inherit" });
  // The readers' 200 computers are not the server's: what they do must not take its processors from those who are measured.
  if (order.role === "reader") setPriority(child.pid ?? 0, osConstants.priority.PRIORITY_LOW);
  children.push(child);
  child.send({ ...order, url: server.url, directory });
  return child;
}

function heard<Kind extends Told["told"]>(child: ChildProcess, kind: Kind): Promise<Extract<Told, { told: Kind }>> {
  return new Promise((resolve) => {
    child.on("message", (message: Told) => {
      if (message.told === kind) resolve(message as Extract<Told, { told: Kind }>);
    });
  });
}

async function latencies(): Promise<readonly number[]> {
  const answer = heard(typists, "latencies");
  typists.send("measure");
  return (await answer).ms;
}

const started = Date.now();
const share = Math.ceil(REPLICAS / PROCESSES);
const groups = Array.from({ length: PROCESSES }, (_, n) => {
  return startChild({ role: "reader", users: readers.slice(n * share, (n + 1) * share), rows });
});
await Promise.all(groups.map((child) => heard(child, "filled")));
console.info(`${REPLICAS} replicas of ${rows} rows are filled after ${Date.now() - started} ms`);
const typists = startChild({ role: "writer", users: writers, rows: 1 });
await heard(typists, "filled");
await latencies();
await new Promise((resolve) => setTimeout(resolve, QUIET_MS));
const quiet = await latencies();

const goneEverywhere = Promise.all(groups.map((child) => heard(child, "gone")));
const published = Date.now();
await server.publish("ownersOnly");
const positioned = Date.now() - published;
const gone = (await goneEverywhere).flatMap(({ at }) => at).map((at) => at - published);
const busy = await latencies();
const searches = groups.map((child) => heard(child, "searched"));
for (const child of groups) child.send("search");
const searched = await Promise.all(searches);
const left = searched.reduce((sum, each) => sum + each.left, 0);
if (left > 0) throw new Error(`In the files of ${left} replicas something is left of what was lost.`);
for (const child of children) child.kill();
await server.stop();

/* ---------- the machine's own limit ---------- */

const files = Array.from({ length: REPLICAS }, (_, n) => {
  const file = new Libsql(join(directory, `plain-${n}.db`));
  file.exec(
    "PRAGMA journal_mode=WAL; PRAGMA secure_delete=ON; CREATE TABLE note(id TEXT PRIMARY KEY, body TEXT) WITHOUT ROWID",
  );
  file.exec(
    `INSERT INTO note WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<${rows})
     SELECT lower(hex(randomblob(18))), 'canary number ' || i || replace(hex(zeroblob(180)), '00', 'of') FROM n`,
  );
  return file;
});
const plainStarted = Date.now();
for (const file of files) file.exec("DELETE FROM note WHERE id IN (SELECT id FROM note)");
for (const file of files) file.exec("PRAGMA wal_checkpoint(TRUNCATE)");
const plain = Date.now() - plainStarted;
for (const file of files) file.close();
rmSync(directory, { recursive: true, force: true });

const what = `${RECORDS} records from ${REPLICAS} replicas (${rows * REPLICAS} rows)`;
const seconds = (ms: number) => ms / 1_000;
const p99 = (values: readonly number[]) => percentile(values, 0.99);
console.info(
  `${quiet.length} answers before, ${busy.length} meanwhile; every row had its position after ${positioned} ms`,
);
report("access-revoke", [
  figureOf({
    name: "access-revoke",
    metric: `published to purged on the last replica, ${what}`,
    unit: "s",
    better: "lower",
    ours: [seconds(Math.max(...gone))],
    peers: { "plain SQLite, deletes alone": [seconds(plain)] },
  }),
  figureOf({
    name: "access-revoke",
    metric: "published to physically gone (files searched)",
    unit: "s",
    better: "lower",
    ours: [seconds(Math.max(...searched.map(({ at }) => at)) - published)],
    peers: {},
  }),
  figureOf({
    name: "access-revoke",
    metric: "answer to others' edits meanwhile, p99",
    unit: "ms",
    better: "lower",
    ours: [p99(busy)],
    peers: { "before publishing": [p99(quiet)] },
  }),
]);
