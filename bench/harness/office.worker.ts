/** The replica as the app opens it, in a thread of its own and without a server, filled with the archive's mail: one command at a time. */
import { parentPort, type MessagePort } from "node:worker_threads";
import { openOfficeReplica, type OfficeReplica } from "@kontor/desktop/replica";
import { nodePort } from "@kontor/desktop/replica/storage";
import { canonicalJson, hash64, newId, type JsonObject } from "@kontor/shared/base";
import { archiveFolders, archiveMailbox, letterOf, ME } from "./mail.archive.ts";

export type OfficeCommand =
  | { do: "open"; directory: string }
  | { do: "fill"; letters: number }
  | { do: "window"; rxdb: MessagePort; commands: MessagePort }
  | { do: "close" };

const BATCH = 1_000;
let office: OfficeReplica | undefined;

const open = (directory: string): Promise<OfficeReplica> =>
  openOfficeReplica(
    {
      directory,
      key: "7".repeat(64),
      serverUrl: "http://127.0.0.1:9", // discard (RFC 863): nobody listens there
      serverName: "Bench",
      user: { id: ME, login: "anna", name: "Anna" } as never,
      deviceId: newId(),
      token: "token",
      leaseMs: 86_400_000,
      appVersion: "bench",
    },
    {
      log: { info: () => undefined, warn: () => undefined },
      onStatus: () => undefined,
      onDamaged: (error) => {
        throw error;
      },
    },
  );

async function run(command: OfficeCommand): Promise<unknown> {
  if (command.do === "open") return void (office = await open(command.directory));
  if (!office) throw new Error("not open");
  switch (command.do) {
    case "fill":
      return fill(office, command.letters);
    case "window":
      return office.windows.open(portOf(command.rxdb), portOf(command.commands));
    case "close":
      return office.close();
  }
}

async function fill({ mail, replica }: OfficeReplica, count: number): Promise<void> {
  const put = (collection: string, docs: readonly object[]) =>
    docs.map((doc) => ({
      op: "put" as const,
      collection,
      id: (doc as { id: string }).id,
      doc: doc as JsonObject,
      hash: hash64(canonicalJson(doc as JsonObject)),
    }));
  replica.rows.applyBatch({
    operations: [...put("mailboxes", [archiveMailbox]), ...put("mailFolders", archiveFolders)],
  });
  for (let from = 0; from < count; from += BATCH) {
    const letters = Array.from({ length: Math.min(BATCH, count - from) }, (_, at) => letterOf(from + at));
    replica.rows.applyBatch({
      operations: [
        ...put(
          "messages",
          letters.map(({ message }) => message),
        ),
        ...put(
          "mailBodies",
          letters.map(({ body }) => body),
        ),
      ],
      cookie: { epoch: "e", position: from + 1 },
    });
    await mail.searcher.settled();
  }
}

const portOf = (port: MessagePort) => ({ ...nodePort(port), close: () => port.close() });

parentPort?.on("message", (command: OfficeCommand) => {
  run(command).then(
    (answer) => parentPort?.postMessage({ answer }),
    (error: unknown) => parentPort?.postMessage({ error: error instanceof Error ? error.stack : String(error) }),
  );
});
