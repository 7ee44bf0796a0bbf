/** One contestant of storage-memory in this process; prints its resident memory in MB. */
import { createPacing, defineSearchIndex, openReplicaFile } from "@kontor/desktop/replica/storage";
import { createRxDatabase, type RxCollection } from "rxdb";
import { getRxStorageMemory } from "rxdb/plugins/storage-memory";
import { CHATS, messageSchema, messagesFrom, wordOfRank, type Message } from "./messages.ts";

const [contestant = "", filename = "", rowsText = ""] = process.argv.slice(2);
const rows = Number(rowsText);
const KEY = "7".repeat(64);
const BATCH = 1_000;
const CHANGES = 20_000;
const QUERIES = 200;

const residentMb = (): number => process.memoryUsage().rss / 1e6;

function openOurs() {
  const file = openReplicaFile({ filename, key: KEY });
  return {
    file,
    collection: file.collection<Message>("messages", messageSchema, {
      search: defineSearchIndex({ fields: ["text"] }),
    }),
  };
}

async function fill(): Promise<void> {
  const { file, collection } = openOurs();
  for (let at = 0; at < rows; at += BATCH) {
    collection.writeSync(messagesFrom(at, BATCH));
    await collection.searchSettled();
  }
  await file.close();
  console.info("{}");
}

async function ours(): Promise<void> {
  const { collection } = openOurs();
  const opened = residentMb();
  for (let at = 0; at < QUERIES; at++) {
    collection.querySync({ selector: { chatId: `c${at % CHATS}` }, sort: [{ createdAt: "desc" }], limit: 50 });
    collection.search(wordOfRank(at * 7), { asYouType: at % 2 === 0 });
  }
  const pacing = createPacing();
  for (let at = 0; at < CHANGES; at += BATCH) {
    collection.writeSync(
      messagesFrom(at, BATCH).map((message) => ({
        ...message,
        edited: !message.edited,
        text: `${message.text} ${Date.now()}`,
      })),
    );
    await pacing.applied(BATCH);
  }
  await collection.searchSettled();
  console.info(JSON.stringify({ opened, used: residentMb() }));
}

async function memory(): Promise<void> {
  const database = await createRxDatabase<{ messages: RxCollection<Message> }>({
    name: "bench",
    storage: getRxStorageMemory(),
    multiInstance: false,
  });
  await database.addCollections({ messages: { schema: messageSchema } });
  for (let at = 0; at < rows; at += BATCH) await database.messages.bulkInsert(messagesFrom(at, BATCH));
  const opened = residentMb();
  for (let at = 0; at < QUERIES; at++)
    await database.messages
      .find({ selector: { chatId: `c${at % CHATS}` }, sort: [{ createdAt: "desc" }], limit: 50 })
      .exec();
  console.info(JSON.stringify({ opened, used: residentMb() }));
}

if (contestant === "fill") await fill();
else if (contestant === "ours") await ours();
else await memory();
process.exit(0);
