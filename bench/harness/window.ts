/** A window over a replica in a worker thread: RxDB's remote storage through the guarded port, as in the app. */
import { once } from "node:events";
import { MessageChannel, Worker } from "node:worker_threads";
import { createRxDatabase, type RxCollection } from "rxdb";
import { getRxStorageRemote, type MessageFromRemote } from "rxdb/plugins/storage-remote";
import { Subject } from "rxjs";
import { messageSchema, type Message } from "./messages.ts";
import type { ReplicaCommand } from "./replica.worker.ts";

export type Replica = { ask(command: ReplicaCommand): Promise<unknown>; stop(): Promise<void> };

export function startReplica(): Replica {
  const worker = new Worker(new URL("replica.worker.ts", import.meta.url));
  return {
    async ask(command) {
      const answered = once(worker, "message");
      worker.postMessage(command, command.do === "expose" ? [command.port] : []);
      const [{ answer, error }] = (await answered) as [{ answer?: unknown; error?: string }];
      if (error) throw new Error(error);
      return answer;
    },
    async stop() {
      await worker.terminate();
    },
  };
}

let windows = 0;

export async function openWindow(replica: Replica) {
  const { port1, port2 } = new MessageChannel();
  await replica.ask({ do: "expose", port: port2 });
  const messages$ = new Subject<MessageFromRemote>();
  port1.on("message", (received: MessageFromRemote) => messages$.next(received));
  const storage = getRxStorageRemote({
    identifier: `window${windows++}`,
    mode: "storage",
    messageChannelCreator: async () => ({
      messages$,
      send: (message) => port1.postMessage(message),
      close: async () => port1.close(),
    }),
  });
  Object.assign(storage, { name: `window${windows}` });
  const database = await createRxDatabase<{ messages: RxCollection<Message> }>({
    name: "bench",
    storage,
    multiInstance: false,
  });
  await database.addCollections({ messages: { schema: messageSchema } });
  return database;
}
