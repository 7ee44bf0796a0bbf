import { once } from "node:events";
import { MessageChannel, Worker } from "node:worker_threads";
import { createRxDatabase, type RxCollection, type RxDatabase } from "rxdb";
import { getRxStorageRemote, type MessageFromRemote } from "rxdb/plugins/storage-remote";
import { filter, firstValueFrom, Subject, type Observable } from "rxjs";
import { afterAll, beforeAll, beforeEach, expect, it, onTestFinished } from "vitest";
import { rmSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { message, messages, messageSchema, type Message } from "./testing/scratch.documents.ts";
import type { WorkerCommand } from "./testing/replica.worker.ts";

type Collections = { messages: RxCollection<Message> };

const folder = mkdtempSync(join(tmpdir(), "kontor-remote-"));
let worker: Worker;
let windows = 0;

async function ask(command: WorkerCommand): Promise<unknown> {
  const answered = once(worker, "message");
  worker.postMessage(command, command.do === "expose" ? [command.port] : []);
  const [{ answer, error }] = (await answered) as [{ answer?: unknown; error?: string }];
  if (error) throw new Error(error);
  return answer;
}

beforeAll(() => {
  worker = new Worker(new URL("testing/replica.worker.ts", import.meta.url));
});
beforeEach(async () => {
  await ask({ do: "open", filename: join(folder, `${windows}-${Date.now()}.db`) });
  return () => ask({ do: "close" });
});
afterAll(async () => {
  await worker.terminate();
  rmSync(folder, { recursive: true, force: true });
});

/** What a window does: one port, one database. */
async function openWindow() {
  const { port1, port2 } = new MessageChannel();
  await ask({ do: "expose", port: port2 });
  const messages$ = new Subject<MessageFromRemote>();
  port1.on("message", (received: MessageFromRemote) => messages$.next(received));
  const storage = getRxStorageRemote({
    identifier: `window${windows++}`,
    mode: "storage",
    messageChannelCreator: async () => ({
      messages$,
      send: (sent) => port1.postMessage(sent),
      close: async () => port1.close(),
    }),
  });
  // RxDB forbids a second database of one name and storage in a process; two windows are two processes.
  Object.assign(storage, { name: `window${windows}` });
  const database: RxDatabase<Collections> = await createRxDatabase<Collections>({
    name: "kontor",
    storage,
    multiInstance: false,
  });
  let isDead = false;
  // A database whose port is gone waits for ever for the answer to its goodbye.
  onTestFinished(async () => void (isDead || (await database.close())));
  const die = (): void => {
    isDead = true;
    port1.close();
  };
  return { database, port: port1, messages$, die };
}

async function openMessages() {
  const window = await openWindow();
  await window.database.addCollections({ messages: { schema: messageSchema } });
  return { ...window, collection: window.database.messages };
}

/** The wire's name for this collection, which a hostile window knows too. */
const connectionOf = (collection: RxCollection<Message>): string =>
  (collection.storageInstance.originalStorageInstance as unknown as { internals: { connectionId: string } }).internals
    .connectionId;

const when = <T>(values: Observable<T>, isWanted: (value: T) => boolean): Promise<T> =>
  firstValueFrom(values.pipe(filter(isWanted)));

it("a window reads, counts and follows the replica live: inserts, updates and purges", async () => {
  await ask({ do: "write", documents: messages(300) });
  const { collection } = await openMessages();
  const newest = collection.find({ selector: { chatId: "c3" }, sort: [{ sentAt: "desc" }], limit: 2 });
  expect((await newest.exec()).map((found) => found.id)).toEqual(["m000293", "m000283"]);
  expect(await collection.count().exec()).toBe(300);

  const ids = newest.$;
  const firstIs = (id: string, text?: string) =>
    when(ids, ([first]) => first?.id === id && (!text || first.text === text));
  const count = collection.count().$;
  await ask({ do: "write", documents: [message(1_003)] });
  await firstIs("m001003");
  await ask({ do: "write", documents: [message(1_003, "changed")] });
  await firstIs("m001003", "changed");
  await when(count, (number) => number === 301);
  await ask({ do: "purge", ids: ["m001003"] });
  await firstIs("m000293");
  await when(count, (number) => number === 300);
  expect(await collection.findOne("m001003").exec()).toBeNull();
});

it("a window cannot write, remove, or see what was not opened for it", async () => {
  await ask({ do: "write", documents: messages(3) });
  const { collection, database, messages$, port } = await openMessages();
  await expect(collection.insert(message(9))).rejects.toThrow("only read");
  await expect(
    collection
      .findOne("m000001")
      .exec()
      .then((found) => found?.patch({ text: "mine" })),
  ).rejects.toThrow("only read");
  await expect(database.addCollections({ secrets: { schema: messageSchema } } as never)).rejects.toThrow(
    "There is no such collection",
  );

  for (const method of ["remove", "cleanup", "bulkWrite", "constructor", "__proto__", "custom"]) {
    const answer = firstValueFrom(messages$.pipe(filter((received) => received.answerTo === method)));
    port.postMessage({ connectionId: connectionOf(collection), requestId: method, method, params: [] });
    expect(await answer).toMatchObject({ error: { code: "denied" } });
  }

  const other = await openMessages();
  expect(await other.collection.count().exec()).toBe(3);
});

it("a window with another schema or database name is told so", async () => {
  const { database } = await openWindow();
  const schema = { ...messageSchema, indexes: ["text"] } as unknown as typeof messageSchema;
  await expect(database.addCollections({ messages: { schema } })).rejects.toThrow("another schema");
});

it("errors do not echo documents or the words of the query's rows", async () => {
  await ask({ do: "write", documents: [message(1, "confidential words")] });
  const { messages$, port, collection } = await openMessages();
  await collection.findOne("m000001").exec();
  const answer = firstValueFrom(messages$.pipe(filter((received) => received.answerTo === "r2")));
  port.postMessage({
    connectionId: connectionOf(collection),
    requestId: "r2",
    method: "query",
    params: [null],
  });
  const { error } = await answer;
  expect(error).toEqual({ name: "StorageError", message: "The replica could not answer." });
});

it("the replica lets go of a window that died, and the others go on", async () => {
  const first = await openMessages();
  const second = await openMessages();
  expect(await ask({ do: "listeners" })).toBe(true);
  first.die();
  await ask({ do: "write", documents: [message(1)] });
  await when(second.collection.find().$, (found) => found.length === 1);
  second.die();
  await expect.poll(() => ask({ do: "listeners" })).toBe(false);
});

it("a window's queries are answered while a long feed comes in", async () => {
  await ask({ do: "write", documents: messages(200) });
  const { collection } = await openMessages();
  const feed = { isDone: false };
  const fed = ask({ do: "feed", rows: 20_000, from: 10_000 }).finally(() => (feed.isDone = true));
  let during = 0;
  for (let at = 0; !feed.isDone; at++) {
    const found = await collection
      .find({ selector: { chatId: "c3", sentAt: { $gt: at } }, sort: [{ sentAt: "desc" }], limit: 5 })
      .exec();
    expect(found).toHaveLength(5);
    if (!feed.isDone) during++;
  }
  expect(await fed).toBe(20_200);
  expect(during).toBeGreaterThan(3);
  await when(collection.count().$, (count) => count === 20_200);
});
