/** One contestant of replica-apply in this process; prints rows per second. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createPacing, defineSearchIndex, openReplicaFile } from "@kontor/desktop/replica/storage";
import Libsql from "libsql";
import { createRxDatabase, type RxCollection } from "rxdb";
import { replicateRxCollection } from "rxdb/plugins/replication";
import { getRxStorageMemory } from "rxdb/plugins/storage-memory";
import { messagesFrom, messageSchema, type Message } from "./messages.ts";
import { pullFrom } from "./pull.ts";

const [contestant = "", rowsText = "", batchText = ""] = process.argv.slice(2);
const rows = Number(rowsText);
const batch = Number(batchText);
/** Rows applied before the clock starts, to another file or database: nobody is measured while compiling. */
const WARM_UP_ROWS = 5_000;
const KEY = "7".repeat(64);

const folder = mkdtempSync(join(tmpdir(), "kontor-bench-"));

async function ours(name: string, documents: readonly Message[], withSearch: boolean): Promise<void> {
  const file = openReplicaFile({ filename: join(folder, name), key: KEY });
  const options = withSearch ? { search: defineSearchIndex({ fields: ["text"] }) } : {};
  const collection = file.collection<Message>("messages", messageSchema, options);
  const pacing = createPacing();
  for (let at = 0; at < documents.length; at += batch) {
    file.transaction(() => {
      collection.writeSync(documents.slice(at, at + batch));
      file.meta.set("cookie", { at });
    });
    await pacing.applied(batch);
  }
  if (withSearch) await collection.searchSettled();
  if (collection.countSync() !== documents.length) throw new Error("rows are missing");
}

/** The columns, indexes, cipher and journal of a replica's table, and nothing around them. */
function plain(name: string, documents: readonly Message[]): void {
  const ROWS_PER_INSERT = 50;
  const settings = { encryptionCipher: "aes256cbc", encryptionKey: KEY };
  const database = new Libsql(join(folder, name), settings as object);
  for (const pragma of [
    "locking_mode=EXCLUSIVE",
    "journal_mode=WAL",
    "synchronous=NORMAL",
    "secure_delete=ON",
    "cache_size=-32768",
  ])
    database.exec(`PRAGMA ${pragma}`);
  database.exec(
    "CREATE TABLE t(rid INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, rev TEXT NOT NULL, deleted INTEGER NOT NULL, lwt REAL NOT NULL, chatId TEXT, createdAt NUMERIC, data TEXT NOT NULL)",
  );
  database.exec("CREATE INDEX a ON t(deleted, chatId, createdAt, id)");
  database.exec("CREATE INDEX b ON t(lwt, id)");
  database.exec("CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID");
  const tuples = Array.from({ length: ROWS_PER_INSERT }, () => "(?,?,?,?,?,?,?)").join(",");
  const insert = database.prepare(`INSERT INTO t(id,rev,deleted,lwt,chatId,createdAt,data) VALUES ${tuples}`);
  const remember = database.prepare(
    "INSERT INTO meta VALUES ('cookie',?) ON CONFLICT(key) DO UPDATE SET value=excluded.value",
  );
  for (let at = 0; at < documents.length; at += batch) {
    database.exec("BEGIN IMMEDIATE");
    for (let from = at; from < at + batch; from += ROWS_PER_INSERT) {
      const values: unknown[] = [];
      for (const message of documents.slice(from, from + ROWS_PER_INSERT))
        values.push(
          message.id,
          "1-replica",
          0,
          1_700_000_000_000.01,
          message.chatId,
          message.createdAt,
          JSON.stringify(message),
        );
      insert.run(values);
    }
    remember.run([String(at)]);
    database.exec("COMMIT");
  }
}

async function memory(name: string, documents: readonly Message[]): Promise<void> {
  const database = await createRxDatabase<{ messages: RxCollection<Message> }>({
    name,
    storage: getRxStorageMemory(),
    multiInstance: false,
  });
  await database.addCollections({ messages: { schema: messageSchema } });
  const replication = replicateRxCollection({
    collection: database.messages,
    replicationIdentifier: "bench",
    live: false,
    pull: { batchSize: batch, handler: pullFrom(documents) },
  });
  await replication.awaitInitialReplication();
  const count = await database.messages.count().exec();
  if (count !== documents.length) throw new Error(`${count} rows arrived`);
}

async function apply(name: string, documents: readonly Message[]): Promise<void> {
  if (contestant === "ours") return ours(name, documents, false);
  if (contestant === "searchable") return ours(name, documents, true);
  if (contestant === "plain") return plain(name, documents);
  return memory(name, documents);
}

const documents = messagesFrom(0, rows);
await apply("warm", messagesFrom(0, WARM_UP_ROWS));
const start = performance.now();
await apply("measured", documents);
console.info(JSON.stringify((rows / (performance.now() - start)) * 1000));
rmSync(folder, { recursive: true, force: true });
process.exit(0); // the memory storage keeps timers
