/** A window over the whole replica in a thread of its own: commands and questions over the port that the app gives it. */
import { once } from "node:events";
import { MessageChannel, Worker, type MessagePort } from "node:worker_threads";
import type { CommandName, QueryName, QueryResults } from "@kontor/desktop/contract";
import type { OfficeCommand } from "./office.worker.ts";

export interface Office {
  open(directory: string): Promise<void>;
  fill(letters: number): Promise<void>;
  openWindow(): Promise<OfficeWindow>;
  /** Closes the replica; another one may be opened. */
  close(): Promise<void>;
  stop(): Promise<void>;
}

export interface OfficeWindow {
  call(name: CommandName, input: unknown): Promise<unknown>;
  /** The first answer to a question that is watched. */
  first<Name extends QueryName>(name: Name, input: unknown): Promise<QueryResults[Name]>;
  close(): void;
}

export function startOffice(): Office {
  const worker = new Worker(new URL("office.worker.ts", import.meta.url));
  async function ask(command: OfficeCommand, ports: readonly MessagePort[] = []): Promise<void> {
    const answered = once(worker, "message");
    worker.postMessage(command, [...ports]);
    const [{ error }] = (await answered) as [{ error?: string }];
    if (error) throw new Error(error);
  }
  return {
    open: (directory) => ask({ do: "open", directory }),
    fill: (letters) => ask({ do: "fill", letters }),
    async openWindow() {
      const [rxdb, commands] = [new MessageChannel(), new MessageChannel()];
      await ask({ do: "window", rxdb: rxdb.port2, commands: commands.port2 }, [rxdb.port2, commands.port2]);
      const window = createWindow(commands.port1);
      return {
        ...window,
        close() {
          rxdb.port1.close();
          commands.port1.close();
        },
      };
    },
    close: () => ask({ do: "close" }),
    async stop() {
      await worker.terminate();
    },
  };
}

type Reply = { readonly kind: string; readonly id?: number; readonly ok?: boolean; readonly value?: unknown };

function createWindow(port: MessagePort): Omit<OfficeWindow, "close"> {
  const waiting = new Map<string, (reply: Reply) => void>();
  let last = 0;
  port.on("message", (reply: Reply) => waiting.get(`${reply.kind} ${reply.id}`)?.(reply));

  async function ask(kind: "request" | "watch", name: string, input: unknown): Promise<unknown> {
    const id = ++last;
    const key = `${kind === "request" ? "reply" : "watched"} ${id}`;
    const reply = await new Promise<Reply>((resolve) => {
      waiting.set(key, resolve);
      port.postMessage({ kind, id, name, input });
    });
    waiting.delete(key);
    if (kind === "watch") port.postMessage({ kind: "unwatch", id });
    if (!reply.ok) throw new Error(`${name} was not answered: ${JSON.stringify(reply)}`);
    return reply.value;
  }
  return {
    call: (name, input) => ask("request", name, input),
    first: (name, input) => ask("watch", name, input) as Promise<never>,
  };
}
