/** What runs in the browser: RxDB on its Dexie storage. */
import { createRxDatabase, type RxCollection } from "rxdb";
import { replicateRxCollection } from "rxdb/plugins/replication";
import { getRxStorageDexie } from "rxdb/plugins/storage-dexie";
import { CHATS, createdAtOf, messagesFrom, messageSchema, type Message } from "./messages.ts";
import { pullFrom } from "./pull.ts";

type Collections = { messages: RxCollection<Message> };
const INSERT_BATCH = 5_000;

async function open(name: string) {
  const database = await createRxDatabase<Collections>({ name, storage: getRxStorageDexie(), multiInstance: false });
  await database.addCollections({ messages: { schema: messageSchema } });
  return database;
}

const newestOf = (collection: RxCollection<Message>, at: number, rows: number) =>
  collection
    .find({
      selector: { chatId: `c${at % CHATS}`, createdAt: { $lt: createdAtOf(rows) + at } },
      sort: [{ createdAt: "desc" }],
      limit: 50,
    })
    .exec();

const dexieBench = {
  /** Rows per second through the replication protocol. */
  async replicate(name: string, rows: number, batch: number): Promise<number> {
    const database = await open(name);
    const documents = messagesFrom(0, rows);
    const start = performance.now();
    const replication = replicateRxCollection({
      collection: database.messages,
      replicationIdentifier: "bench",
      live: false,
      pull: { batchSize: batch, handler: pullFrom(documents) },
    });
    await replication.awaitInitialReplication();
    const elapsedMs = performance.now() - start;
    const count = await database.messages.count().exec();
    if (count !== rows) throw new Error(`${count} rows arrived`);
    await database.remove();
    return (rows / elapsedMs) * 1000;
  },

  async fill(name: string, rows: number): Promise<void> {
    const database = await open(name);
    for (let at = 0; at < rows; at += INSERT_BATCH) await database.messages.bulkInsert(messagesFrom(at, INSERT_BATCH));
    await database.close();
  },

  /** Milliseconds from nothing open to the first list. */
  async coldList(name: string, rows: number): Promise<number> {
    const start = performance.now();
    const database = await open(name);
    const found = await newestOf(database.messages, 7, rows);
    const elapsedMs = performance.now() - start;
    if (found.length !== 50) throw new Error(`${found.length} rows found`);
    await database.close();
    return elapsedMs;
  },

  /** Milliseconds of each query. */
  async newest(name: string, rows: number, queries: number): Promise<number[]> {
    const database = await open(name);
    const times: number[] = [];
    for (let at = 0; at < queries; at++) {
      const start = performance.now();
      const found = await newestOf(database.messages, at, rows);
      times.push(performance.now() - start);
      if (found.length !== 50) throw new Error(`${found.length} rows found`);
    }
    await database.close();
    return times;
  },

  /** RxDB on Dexie has no full-text index: a search is a regular expression over the rows. */
  async search(name: string, words: string[]): Promise<number[]> {
    const database = await open(name);
    const times: number[] = [];
    for (const word of words) {
      const start = performance.now();
      await database.messages.find({ selector: { text: { $regex: word } }, sort: [{ id: "desc" }], limit: 50 }).exec();
      times.push(performance.now() - start);
    }
    await database.close();
    return times;
  },
};

export type DexieBench = typeof dexieBench;
Object.assign(globalThis, { dexieBench });
