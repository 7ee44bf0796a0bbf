/**
 * Changes that concern one device each, with many connected, as when mail comes in: the time from the commit to the device
 * that it concerns, and what a change costs the server and its database. The peer is the same server where each profile
 * looks at each change by itself.
 */
import { fork } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { newId } from "@kontor/shared/base";
import { startNoteServer, type NoteServer } from "@kontor/server/testing/sync";
import type { Told } from "./harness/fanout.worker.ts";
import { figureOf, inTurns, percentile, report, roundsOf, type Figure } from "./harness/figure.ts";

const DEVICES = (process.env.KONTOR_DEVICES ?? "50,200,1000").split(",").map(Number);
const CHANGES = Number(process.env.KONTOR_CHANGES ?? 100);
const EVERY_MS = 100;
/** Rows of each device. */
const ROWS = 20;
const WORKER = fileURLToPath(new URL("harness/fanout.worker.ts", import.meta.url));
/** Of Linux' clock: /proc counts in these. */
const TICK_MS = 10;

interface Measured {
  readonly medianMs: number;
  readonly p99Ms: number;
  readonly serverMs: number;
  readonly databaseMs: number;
}

const now = () => performance.timeOrigin + performance.now();

async function measure(devices: number, looksAlone: boolean): Promise<Measured> {
  const server = await startNoteServer({ looksAlone });
  const users = await Promise.all(Array.from({ length: devices }, () => server.addUser({ department: newId() })));
  const { pool } = server.database;
  await pool.query(
    `insert into note (id, owner, department, text, rank, secret)
     select gen_random_uuid(), id, 'none', 'a note', n, '' from note_user, generate_series(1, ${ROWS}) n`,
  );
  const { rows } = await pool.query<{ id: string; owner: string }>("select id, owner from note where rank = 1");
  const child = fork(WORKER, { stdio: "inherit" });
  const waiting = new Map<string, { readonly committed: number; readonly arrived: (ms: number) => void }>();
  const connected = new Promise<void>((resolve) => {
    child.on("message", (message: Told) => {
      if (message.told === "connected") return resolve();
      const change = waiting.get(message.text);
      waiting.delete(message.text);
      change?.arrived(message.at - change.committed);
    });
  });
  child.send({ url: server.url, users });
  await connected;

  const before = { cpu: process.cpuUsage(), database: await databaseMs(server) };
  const latencies: Promise<number>[] = [];
  const started = now();
  for (let change = 0; change < CHANGES; change++) {
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, started + change * EVERY_MS - now())));
    // In steps that meet every device before one of them a second time: two changes of one row may arrive as one.
    const note = rows[(change * 7) % rows.length];
    const text = `change ${change}`;
    const committed = server.editNote(note?.id ?? "", { text }).then(now);
    latencies.push(committed.then((at) => new Promise((arrived) => waiting.set(text, { committed: at, arrived }))));
  }
  const ms = await Promise.all(latencies);
  const cpu = process.cpuUsage(before.cpu);
  const database = (await databaseMs(server)) - before.database;
  child.kill();
  await server.stop();
  return {
    medianMs: percentile(ms, 0.5),
    p99Ms: percentile(ms, 0.99),
    serverMs: (cpu.user + cpu.system) / 1_000 / CHANGES,
    databaseMs: database / CHANGES,
  };
}

/**
 * What the database's processes have used, those that ended included: their parent has their time. The fields are those of
 * proc_pid_stat(5).
 */
async function databaseMs(server: NoteServer): Promise<number> {
  const { rows } = await server.database.pool.query<{ pid: number }>("select pg_backend_pid() as pid");
  const statOf = (pid: string) => {
    const [, , rest = ""] = /^(\d+ \(.*\)) (.*)$/s.exec(readFileSync(`/proc/${pid}/stat`, "utf8")) ?? [];
    const fields = rest.split(" ");
    const [own, ended] = [11, 13].map((at) => Number(fields[at]) + Number(fields[at + 1])) as [number, number];
    return { parent: fields[1] ?? "", own, ended };
  };
  const postmaster = statOf(String(rows[0]?.pid)).parent;
  const { own, ended } = statOf(postmaster);
  let ticks = own + ended;
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      const stat = statOf(pid);
      if (stat.parent === postmaster) ticks += stat.own;
    } catch {
      // ended meanwhile
    }
  }
  return ticks * TICK_MS;
}

const figures: Figure[] = [];
for (const devices of DEVICES) {
  const { together, alone } = await inTurns(roundsOf(3), {
    together: () => measure(devices, false),
    alone: () => measure(devices, true),
  });
  const figure = (metric: string, of: (measured: Measured) => number) =>
    figureOf({
      name: "sync-fanout",
      metric: `${metric}, ${1_000 / EVERY_MS} changes/s, ${devices} devices`,
      unit: "ms",
      better: "lower",
      ours: together.map(of),
      peers: { "each profile looks by itself": alone.map(of) },
    });
  figures.push(
    figure("commit to the device that it concerns, median", ({ medianMs }) => medianMs),
    figure("commit to the device that it concerns, p99", ({ p99Ms }) => p99Ms),
    figure("processor time of server and database per change", ({ serverMs, databaseMs: used }) => serverMs + used),
  );
}
report("sync-fanout", figures);
process.exit(0);
