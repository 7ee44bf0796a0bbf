import pg from "pg";
import { createDatabase, type Database } from "#kernel";
import { silentLog } from "#testing";
import { createDiskBlobs } from "../../src/adapters/disk/disk.blobs.ts";
import { dispatchMessage } from "../../src/mail/send/dispatchMessage.ts";
import { createPlaces, dispatchDeps } from "../../src/mail/send/send.fixture.ts";

/**
 * A process that sends one message, and is killed at a moment of the caller's choice, as a power cut would kill it: before or after
 * the raw message is in the blob store, or before a statement is sent to the database, or after it was answered.
 *
 * Prints what became of it, and how many statements that took.
 */
const [url = "", blobRoot = "", messageId = "", now = "", moment = ""] = process.argv.slice(2);
const [where, at] = moment.split(":");

let statements = 0;
const die = () => process.kill(process.pid, "SIGKILL");
const dieAt = (point: string) => {
  if (moment === point) die();
};

const client = pg.Client.prototype;
const query = client.query as (...args: unknown[]) => unknown;
client.query = function (this: pg.Client, ...args: unknown[]) {
  statements++;
  const number = statements;
  dieAt(`before:${number}`);
  const answer = query.apply(this, args);
  if (where === "after" && Number(at) === number && answer instanceof Promise) return answer.then(die);
  return answer;
} as never;

const { db, pool } = createDatabase({ url, poolSize: 4, log: silentLog });
const blobs = await createDiskBlobs({ root: blobRoot });
const { rows } = createPlaces();
const deps = dispatchDeps({ db: db as unknown as Database, blobs, rows, now: () => Number(now) });
const outcome = await dispatchMessage(
  {
    ...deps,
    blobs: {
      get: blobs.get,
      async put(...args) {
        dieAt("beforeBlob:");
        const stat = await blobs.put(...args);
        dieAt("afterBlob:");
        return stat;
      },
    },
  },
  messageId,
);
console.log(JSON.stringify({ outcome, statements }));
await db.destroy();
await pool.end().catch(() => undefined);
