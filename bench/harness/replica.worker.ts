/** A replica process in a worker thread, with its file on disk, for replica-query: one command at a time. */
import { parentPort, type MessagePort } from "node:worker_threads";
import {
  createPacing,
  defineSearchIndex,
  exposeReplica,
  nodePort,
  openReplicaFile,
} from "@kontor/desktop/replica/storage";
import { messageSchema, messagesFrom, type Message } from "./messages.ts";

export type ReplicaCommand =
  | { do: "open"; filename: string }
  | { do: "fill"; rows: number }
  | { do: "expose"; port: MessagePort }
  | { do: "search"; typed: string; asYouType: boolean }
  | { do: "close" };

const KEY = "7".repeat(64);
const BATCH = 2_000;

function openReplica(filename: string) {
  const file = openReplicaFile({ filename, key: KEY });
  const messages = file.collection<Message>("messages", messageSchema, {
    search: defineSearchIndex({ fields: ["text"] }),
  });
  return { file, messages };
}

let replica: ReturnType<typeof openReplica> | undefined;

async function run(command: ReplicaCommand): Promise<unknown> {
  if (command.do === "open") return void (replica = openReplica(command.filename));
  if (!replica) throw new Error("not open");
  const { file, messages } = replica;
  switch (command.do) {
    case "fill":
      for (let at = 0; at < command.rows; at += BATCH) {
        messages.writeSync(messagesFrom(at, BATCH));
        await messages.searchSettled();
      }
      return file.scrub();
    case "expose":
      return exposeReplica(nodePort(command.port), {
        databaseName: "bench",
        collections: new Map([["messages", messages]]),
        pacing: createPacing(),
      });
    case "search":
      return messages.search(command.typed, { asYouType: command.asYouType });
    case "close":
      return file.close();
  }
}

parentPort?.on("message", (command: ReplicaCommand) => {
  run(command).then(
    (answer) => parentPort?.postMessage({ answer }),
    (error: unknown) => parentPort?.postMessage({ error: String(error) }),
  );
});
