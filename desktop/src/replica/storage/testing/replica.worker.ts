/** A replica process in a worker thread, for remote.test.ts: commands come as messages, each is answered. */
import { parentPort, type MessagePort } from "node:worker_threads";
import { createPacing } from "../pacing.ts";
import { openReplicaFile } from "../replica.ts";
import { exposeReplica } from "../remote.ts";
import { nodePort } from "../remote.port.ts";
import { message, messageSchema, type Message } from "./scratch.documents.ts";

export type WorkerCommand =
  | { do: "open"; filename: string }
  | { do: "expose"; port: MessagePort }
  | { do: "write"; documents: Message[] }
  | { do: "purge"; ids: string[] }
  | { do: "feed"; rows: number; from: number }
  | { do: "listeners" }
  | { do: "close" };

const KEY = new Uint8Array(32).fill(7);
const BATCH = 500;

function replica(filename: string) {
  const file = openReplicaFile({ filename, key: KEY });
  const messages = file.collection<Message>("messages", messageSchema);
  const secrets = file.collection<Message>("secrets", messageSchema);
  secrets.writeSync([message(1, "not for windows")]);
  return { file, messages, pacing: createPacing() };
}

let open: ReturnType<typeof replica> | undefined;

async function run(command: WorkerCommand): Promise<unknown> {
  if (command.do === "open") return void (open = replica(command.filename));
  if (!open) throw new Error("not open");
  const { file, messages, pacing } = open;
  switch (command.do) {
    case "expose":
      return exposeReplica(nodePort(command.port), {
        databaseName: "kontor",
        collections: new Map([["messages", messages]]),
        pacing,
      });
    case "write":
      return messages.writeSync(command.documents);
    case "purge":
      return messages.purgeSync(command.ids);
    case "feed":
      for (let at = 0; at < command.rows; at += BATCH) {
        const rows = Array.from({ length: BATCH }, (_, index) => message(command.from + at + index));
        file.transaction(() => {
          messages.writeSync(rows);
          file.meta.set("cookie", command.from + at);
        });
        await pacing.applied(BATCH);
      }
      return messages.countSync();
    case "listeners":
      return messages.internals.store.changes.observed;
    case "close":
      return file.close();
  }
}

parentPort?.on("message", (command: WorkerCommand) => {
  run(command).then(
    (answer) => parentPort?.postMessage({ answer }),
    (error: unknown) => parentPort?.postMessage({ error: String(error) }),
  );
});
