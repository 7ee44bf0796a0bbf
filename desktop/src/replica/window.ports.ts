import type { CommandRequest, ReplicaEvent } from "#contract";
import { exposeReplica, type ReplicaPort } from "#replica/storage";
import type { ReplicaCommands } from "./commands.ts";
import type { Replica } from "./replica.ts";

/** The two ports of each window: reading (RxDB, guarded) and commands. */
export interface WindowPorts {
  open(rxdb: ClosablePort, commands: ClosablePort): void;
  /** Nothing can be read any more; the command ports stay, to say why. */
  closeReaders(): void;
  /** Sends every window away: the replica closes. */
  closeAll(): void;
}

export type ClosablePort = ReplicaPort & { close(): void };

/** The name under which windows open their RxDatabase. */
const DATABASE_NAME = "replica";

export function createWindowPorts(replica: Replica, commands: ReplicaCommands): WindowPorts {
  const readers = new Set<ClosablePort>();
  const commandPorts = new Set<ClosablePort>();

  const tell = (event: ReplicaEvent) => {
    for (const port of commandPorts) port.send(event);
  };
  const tellStatus = () => {
    if (replica.isLocked) closeReaders();
    tell({ kind: "event", event: "status", status: commands.status() });
  };
  replica.on("state", tellStatus);
  replica.on("outbox", () => tell({ kind: "event", event: "outbox" }));
  replica.on("issues", () => tell({ kind: "event", event: "issues" }));

  /** VIS-6: what is locked cannot be read; the command port stays, to say why. */
  function closeReaders(): void {
    for (const port of readers) port.close();
    readers.clear();
  }

  function openReader(port: ClosablePort): void {
    if (replica.isLocked) return port.close();
    readers.add(port);
    port.onClose(() => readers.delete(port));
    exposeReplica(port, {
      databaseName: DATABASE_NAME,
      collections: replica.rows.collections,
      pacing: replica.pacing,
      isLocked: () => replica.isLocked,
    });
  }

  return {
    closeReaders,
    open(rxdb, commandPort) {
      openReader(rxdb);
      commandPorts.add(commandPort);
      commandPort.onClose(() => commandPorts.delete(commandPort));
      commandPort.onMessage((message) => {
        if (isRequest(message)) void commands.answer(message).then((reply) => commandPort.send(reply));
      });
      commandPort.send({ kind: "event", event: "status", status: commands.status() } satisfies ReplicaEvent);
    },
    closeAll() {
      closeReaders();
      for (const port of commandPorts) port.close();
      commandPorts.clear();
    },
  };
}

const isRequest = (message: unknown): message is CommandRequest =>
  typeof message === "object" &&
  message !== null &&
  "kind" in message &&
  message.kind === "request" &&
  "id" in message &&
  typeof message.id === "number" &&
  "name" in message &&
  typeof message.name === "string";
