import type { DesktopApi, ReplicaEvent } from "#contract";
import { createCommands } from "./commands.ts";
import { openDatabase } from "./database.ts";

/** Asks main for the two ports and opens both ends of what this window knows of the replica. */
export async function connectReplica(api: DesktopApi, onEvent: (event: ReplicaEvent) => void) {
  const [rxdb, commandPort] = await receivePorts(api);
  const commands = createCommands(commandPort, onEvent);
  const database = await openDatabase(rxdb);
  return {
    database,
    call: commands.call,
    watch: commands.watch,
    settled: commands.settled,
    /** Its process is gone: whoever waits for an answer is told; what is on the screen stays until the next connection. */
    abandon: commands.close,
    async close(): Promise<void> {
      commands.close();
      await database.close().catch(() => undefined);
    },
  };
}
export type ReplicaConnection = Awaited<ReturnType<typeof connectReplica>>;

async function receivePorts(api: DesktopApi): Promise<[MessagePort, MessagePort]> {
  const received = new Promise<[MessagePort, MessagePort]>((resolve) => {
    const listen = (event: MessageEvent<{ kontor?: string } | null>) => {
      const [rxdb, commands] = event.ports;
      if (event.source !== window || event.data?.kontor !== "ports" || !rxdb || !commands) return;
      window.removeEventListener("message", listen);
      resolve([rxdb, commands]);
    };
    window.addEventListener("message", listen);
  });
  await api.openPorts();
  return received;
}
