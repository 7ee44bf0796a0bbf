import pg from "pg";
import type { Doorbell, Log } from "#kernel";
import { readRested } from "./drafts.repo.ts";
import { startAccountWorker, type AccountWorker, type WorkerDeps } from "./account.worker.ts";
import { ACCOUNT_LOCK, findDueAccounts, readStanding } from "./accounts.repo.ts";

/**
 * The accounts that this node looks after. Which node has an account is decided by an advisory lock of one database session:
 * it goes with the node, however that ends, and the next one takes the account within `TURN_MS`.
 */
export interface AccountsRunner {
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Accounts that are looked after here. */
  count(): number;
}

export interface RunnerDeps extends WorkerDeps {
  readonly databaseUrl: string;
  readonly doorbell: Pick<Doorbell, "onRing">;
  /** Most on this node: each has a connection to its provider, and some megabytes while it is busy. */
  readonly most: number;
}

const TURN_MS = 5_000;
/** A bell rings with every commit on any node; one look for many rings. */
const RING_MS = 200;

export function createAccountsRunner(deps: RunnerDeps): AccountsRunner {
  const { log, db } = deps;
  const workers = new Map<string, AccountWorker>();
  const lastPending = new Map<string, number>();
  const lastRested = new Map<string, string>();
  let locks: LockSession | undefined;
  let isStopped = true;
  let turning: Promise<void> = Promise.resolve();
  let timer: NodeJS.Timeout | undefined;
  let ring: NodeJS.Timeout | undefined;
  let offRing: (() => void) | undefined;

  /** Turns follow one another: two at once would start the same account twice. */
  function turn({ drafts = false } = {}): Promise<void> {
    turning = turning.then(async () => {
      if (isStopped) return;
      try {
        await look();
        if (drafts) await attendDrafts();
      } catch (error) {
        log.warn({ err: error }, "looking for accounts failed; again in a moment");
      }
    });
    return turning;
  }

  async function look(): Promise<void> {
    locks ??= await openLocks(deps.databaseUrl, () => void loseLocks(log));
    await attend();
    const due = await findDueAccounts(db, new Date(deps.clock.now()).toISOString());
    for (const mailboxId of due) {
      if (isStopped || workers.size >= deps.most) return;
      if (workers.has(mailboxId) || !(await locks.take(mailboxId))) continue;
      begin(mailboxId, locks);
    }
  }

  function begin(mailboxId: string, session: LockSession): void {
    const worker = startAccountWorker(deps, mailboxId);
    workers.set(mailboxId, worker);
    void worker.ended.then(async () => {
      workers.delete(mailboxId);
      lastPending.delete(mailboxId);
      lastRested.delete(mailboxId);
      await session.release(mailboxId).catch(() => undefined);
    });
  }

  /** Wakes those for whom something new is to be done; ends those that were switched off, removed or changed. */
  async function attend(): Promise<void> {
    const standing = await readStanding(db, [...workers.keys()]);
    for (const [mailboxId, worker] of workers) {
      const known = standing.get(mailboxId);
      const epoch = worker.epoch();
      if (!known || known.isOff || (epoch !== undefined && known.epoch !== epoch)) {
        void worker.stop();
        continue;
      }
      // What the provider refuses or is still to do itself waits for the next round: it is no news.
      const last = known.lastPending ?? 0;
      if (known.isWanted || last > (lastPending.get(mailboxId) ?? 0)) worker.wake();
      lastPending.set(mailboxId, last);
    }
  }

  /** That nobody writes on a draft any longer rings no bell. One that the provider refused is no news until it is changed. */
  async function attendDrafts(): Promise<void> {
    const rested = await readRested(db, [...workers.keys()], deps.clock.now());
    for (const [mailboxId, last] of rested) {
      if (last > (lastRested.get(mailboxId) ?? "")) workers.get(mailboxId)?.wake();
      lastRested.set(mailboxId, last);
    }
  }

  async function loseLocks(why: Log): Promise<void> {
    if (!locks) return;
    locks = undefined;
    if (isStopped) return;
    why.warn("the database session that holds accounts is lost; they are taken again");
    await Promise.all([...workers.values()].map((worker) => worker.stop()));
  }

  return {
    async start() {
      isStopped = false;
      offRing = deps.doorbell.onRing(() => {
        ring ??= setTimeout(() => {
          ring = undefined;
          void turn();
        }, RING_MS);
      });
      timer = setInterval(() => void turn({ drafts: true }), TURN_MS);
      await turn();
    },
    async stop() {
      isStopped = true;
      offRing?.();
      clearInterval(timer);
      clearTimeout(ring);
      await turning;
      await Promise.all([...workers.values()].map((worker) => worker.stop()));
      const session = locks;
      locks = undefined;
      await session?.end();
    },
    count: () => workers.size,
  };
}

interface LockSession {
  take(mailboxId: string): Promise<boolean>;
  release(mailboxId: string): Promise<void>;
  end(): Promise<void>;
}

async function openLocks(url: string, lost: () => void): Promise<LockSession> {
  const client = new pg.Client({ connectionString: url, application_name: "kontor-accounts" });
  let isEnding = false;
  client.on("error", () => undefined); // "end" follows
  client.once("end", () => {
    if (!isEnding) lost();
  });
  await client.connect();
  return {
    async take(mailboxId) {
      const { rows } = await client.query<{ isOurs: boolean }>(
        'select pg_try_advisory_lock($1, hashtext($2)) as "isOurs"',
        [ACCOUNT_LOCK, mailboxId],
      );
      return rows[0]?.isOurs ?? false;
    },
    async release(mailboxId) {
      await client.query("select pg_advisory_unlock($1, hashtext($2))", [ACCOUNT_LOCK, mailboxId]);
    },
    async end() {
      isEnding = true;
      await client.end();
    },
  };
}
