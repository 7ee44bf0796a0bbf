import type { CommandRequest, ReplicaEvent, UnwatchRequest, WatchRequest } from "#contract";
import { replicaSchemas } from "#contract";
import { exposeReplica, type ReplicaPort } from "#replica/storage";
import type { ReplicaCommands } from "./commands.ts";
import type { Queries, Watch } from "./queries.ts";
import type { Replica } from "./replica.ts";

/** The two ports of each window: reading (RxDB, guarded), and commands with the questions that it watches. */
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

export function createWindowPorts(replica: Replica, commands: ReplicaCommands, queries: Queries): WindowPorts {
  const windowCollections = new Map([...replica.rows.collections].filter(([name]) => name in replicaSchemas));
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
      collections: windowCollections,
      pacing: replica.pacing,
      isLocked: () => replica.isLocked,
    });
  }

  return {
    closeReaders,
    open(rxdb, commandPort) {
      openReader(rxdb);
      commandPorts.add(commandPort);
      const watches = new Map<number, Watch>();
      commandPort.onClose(() => {
        commandPorts.delete(commandPort);
        for (const watch of watches.values()) watch.stop();
        watches.clear();
      });
      commandPort.onMessage((message) => {
        if (isRequest(message)) void commands.answer(message).then((reply) => commandPort.send(reply));
        else if (isWatch(message)) {
          watches.get(message.id)?.stop();
          watches.set(
            message.id,
            queries.watch(message, (reply) => commandPort.send(reply)),
          );
        } else if (isUnwatch(message)) {
          watches.get(message.id)?.stop();
          watches.delete(message.id);
        }
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

const isKind = (message: unknown, kind: string): message is { readonly id: number } =>
  typeof message === "object" &&
  message !== null &&
  "kind" in message &&
  message.kind === kind &&
  "id" in message &&
  typeof message.id === "number";

const isNamed = (message: object): boolean => "name" in message && typeof message.name === "string";

const isRequest = (message: unknown): message is CommandRequest => isKind(message, "request") && isNamed(message);
const isWatch = (message: unknown): message is WatchRequest => isKind(message, "watch") && isNamed(message);
const isUnwatch = (message: unknown): message is UnwatchRequest => isKind(message, "unwatch");
