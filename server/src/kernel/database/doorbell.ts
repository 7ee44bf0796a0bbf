import { sql } from "kysely";
import pg from "pg";
import type { Log } from "../log.ts";
import type { Transaction } from "./database.ts";

const CHANNEL = "kontor_changes";
const COALESCE_MS = 5; // one NOTIFY for a burst: it takes a database-wide lock at commit

/**
 * Tells every node that the change log grew. Rung after commit on a connection of its own; inside a transaction only by
 * `ringOnCommit`. A ring may get lost with a connection, so listeners also look by themselves now and then.
 */
export interface Doorbell {
  ring(): void;
  /** Returns how to stop listening. */
  onRing(listener: () => void): () => void;
  close(): Promise<void>;
}

/**
 * Rings with the commit of this transaction, so that not even a process that dies right after it leaves the others asleep.
 * For what is rare and must not be missed: the lock that it takes makes commits wait for each other.
 */
export const ringOnCommit = async (trx: Transaction): Promise<void> => {
  await sql`select pg_notify(${CHANNEL}, '')`.execute(trx);
};

export async function createDoorbell({ url, log }: { url: string; log: Log }): Promise<Doorbell> {
  const listeners = new Set<() => void>();
  let client: pg.Client | undefined;
  let closed = false;
  let timer: NodeJS.Timeout | undefined;
  let reconnect: NodeJS.Timeout | undefined;
  let isRinging = false;
  let ringAgain = false;

  const wake = () => {
    for (const listener of listeners) listener();
  };

  async function connect() {
    const next = new pg.Client({ connectionString: url, application_name: "kontor-doorbell" });
    next.on("notification", wake);
    next.on("error", (error) => {
      log.warn({ err: error }, "doorbell connection lost");
      client = undefined;
      if (!closed) reconnect = setTimeout(() => void connect().catch(() => undefined), 1_000);
    });
    await next.connect();
    await next.query(`listen ${CHANNEL}`);
    client = next;
    wake(); // whatever was rung while nobody listened
  }
  await connect();

  /** One at a time; all that come meanwhile are one more. */
  async function notify(): Promise<void> {
    ringAgain = true;
    if (isRinging) return;
    isRinging = true;
    try {
      while (ringAgain) {
        ringAgain = false;
        if (client) await client.query(`notify ${CHANNEL}`);
        else wake();
      }
    } catch (error) {
      log.warn({ err: error }, "doorbell did not ring");
    } finally {
      isRinging = false;
    }
  }

  return {
    ring() {
      timer ??= setTimeout(() => {
        timer = undefined;
        void notify();
      }, COALESCE_MS);
    },
    onRing(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async close() {
      closed = true;
      clearTimeout(timer);
      clearTimeout(reconnect);
      listeners.clear();
      await client?.end();
    },
  };
}
