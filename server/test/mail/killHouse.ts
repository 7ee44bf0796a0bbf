import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "vitest";
import { createTestDatabase, type TestDatabase } from "#testing";
import { createDiskBlobs } from "../../src/adapters/disk/index.ts";
import { addSender, type Sender } from "../../src/mail/outbound/outbound.fixture.ts";

/**
 * A power cut at a chosen step of the part of a server that sends, or takes mail in. `KONTOR_KILL_ROUNDS=50` runs the big one;
 * once is what fits into every run.
 */
export const killRounds = Number(process.env.KONTOR_KILL_ROUNDS ?? 1);
export const ROUND_MS = 120_000; // of one step; a second when nothing else runs
const CHILD = fileURLToPath(new URL("post.child.ts", import.meta.url));
const GATE = 4_711;

export interface KillHouse {
  readonly test: TestDatabase;
  readonly blobs: Awaited<ReturnType<typeof createDiskBlobs>>;
  readonly anna: Sender;
  /** Starts it; what it says first, or nothing when it ended before that. */
  start(role: "sender" | "receiver", killAt: string, sinkPort?: number): Promise<string>;
  kill(): void;
  ended(): Promise<void>;
  /** Until a transaction waits in its middle, and then the end of its process. */
  killAtGate(name: string, run: () => Promise<unknown>): Promise<void>;
  stop(): Promise<void>;
}

export async function openKillHouse(): Promise<KillHouse> {
  const test = await createTestDatabase();
  const directory = await mkdtemp(join(tmpdir(), "kontor-kill-"));
  const blobs = await createDiskBlobs({ root: join(directory, "blobs") });
  const anna = await addSender(test.db, "anna");
  await test.pool.query(GATES);
  let child: ChildProcess | undefined;
  let next = load();

  /** Reads its program while the one before is at work, and waits to be told what to do. */
  function load() {
    return spawn(process.execPath, [CHILD, test.url, join(directory, "blobs")], {
      stdio: ["pipe", "pipe", "inherit"], // it ends with whoever holds its input
      env: { ...process.env, NODE_COMPILE_CACHE: join(directory, "compiled") },
    });
  }

  const kill = () => void child?.kill("SIGKILL");
  async function ended(): Promise<void> {
    if (child && child.exitCode === null && child.signalCode === null) await once(child, "exit");
  }

  return {
    test,
    blobs,
    anna,
    kill,
    ended,
    start(role, killAt, sinkPort = 0) {
      const started = next;
      next = load();
      child = started;
      started.stdin.on("error", () => undefined); // it may be gone before it has read all of it
      started.stdin.write(`${JSON.stringify([role, killAt, sinkPort])}\n`);
      return new Promise<string>((resolve) => {
        started.stdout.once("data", (bytes: Buffer) => resolve(bytes.toString().trim()));
        started.once("exit", () => resolve(""));
      });
    },
    async killAtGate(name, run) {
      const holder = await test.pool.connect();
      try {
        await holder.query("select pg_advisory_lock($1)", [GATE]);
        await holder.query("insert into gate values ($1)", [name]);
        const running = run();
        const waiting = async () =>
          (
            await holder.query("select 1 from pg_locks where locktype = 'advisory' and objid = $1 and not granted", [
              GATE,
            ])
          ).rowCount;
        await expect.poll(waiting, { timeout: ROUND_MS, interval: 10 }).toBe(1);
        kill();
        await ended();
        await running;
      } finally {
        await holder.query("delete from gate");
        await holder.query("select pg_advisory_unlock($1)", [GATE]);
        holder.release();
      }
    },
    async stop() {
      kill();
      await ended();
      child = next;
      kill();
      await ended();
      await test.drop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** In the middle of a transaction its statement waits, until its process is gone. */
const GATES = `
  create table gate (name text primary key);
  create function gate() returns trigger language plpgsql as $$ begin
    if exists (select from gate where name = tg_argv[0]) then perform pg_advisory_xact_lock(${GATE}); end if;
    return new; end $$;
  create trigger claim after update on mail_outbound for each row when (new.state = 'sending' and old.state <> 'sending')
    execute function gate('claim.middle');
  create trigger record after update on mail_outbound for each row when (new.state = 'delivered')
    execute function gate('record.middle');
  create trigger noted after insert on mail_inbound for each row execute function gate('insert.middle');
  create trigger claimed after update on mail_inbound for each row when (new.attempts > old.attempts)
    execute function gate('take.middle');
  create trigger content after insert on mail_content for each row execute function gate('content.middle');
  create trigger placed after insert on mail_message for each row execute function gate('place.middle');
  create trigger finished after update on mail_inbound for each row when (new.state = 'delivered')
    execute function gate('finish.middle')`;
