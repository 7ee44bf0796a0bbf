import { MessageChannelMain, utilityProcess, type MessagePortMain, type UtilityProcess } from "electron";
import {
  replicaNodeOptions,
  type Exported,
  type FromReplica,
  type MailNews,
  type ReplicaStatus,
  type ToReplica,
} from "#contract";

/**
 * The utility process that holds the replica. It is started again when it dies: its data is durable, and windows open
 * their ports anew. A process that dies three times in a minute will die a fourth time: then the user is told.
 */
const MAX_RESTARTS = 3;
const RESTART_WINDOW_MS = 60_000;

export type OpenReplica = Omit<Extract<ToReplica, { kind: "open" }>, "kind">;
export interface ReplicaHostEvents {
  status(status: ReplicaStatus): void;
  filesPurged(fileIds: readonly string[]): void;
  mail(news: MailNews): void;
  /** It died and stands again: ports must be asked for anew. */
  reopened(): void;
  failed(problem: { reason: string; message: string }): void;
}

export function createReplicaHost(deps: { readonly entry: string; readonly events: ReplicaHostEvents }) {
  let child: UtilityProcess | undefined;
  let options: OpenReplica | undefined;
  let opened: Promise<void> = Promise.reject(new Error("no replica is open"));
  opened.catch(() => undefined);
  let starts: number[] = [];

  function open(next: OpenReplica): Promise<void> {
    options = next;
    starts = [];
    return start();
  }

  function start(): Promise<void> {
    const started = utilityProcess.fork(deps.entry, [], {
      serviceName: "Kontor replica",
      stdio: "inherit",
      execArgv: [...replicaNodeOptions],
    });
    child = started;
    opened = new Promise((resolve, reject) => {
      started.on("message", (message: FromReplica) => {
        if (message.kind === "opened") resolve();
        if (message.kind === "status") deps.events.status(message.status);
        if (message.kind === "mail") deps.events.mail(message.news);
        if (message.kind === "filesPurged") deps.events.filesPurged(message.fileIds);
        if (message.kind === "failed") {
          deps.events.failed(message);
          reject(new Error(message.message));
        }
      });
      started.on("exit", () => {
        reject(new Error("the replica process ended"));
        if (child === started) restart();
      });
    });
    opened.catch(() => undefined);
    if (options) send({ kind: "open", ...options });
    return opened;
  }

  function restart(): void {
    child = undefined;
    if (!options) return;
    starts = [...starts.filter((at) => at > Date.now() - RESTART_WINDOW_MS), Date.now()];
    if (starts.length > MAX_RESTARTS) {
      deps.events.failed({ reason: "replica.crashed", message: "The replica process keeps ending." });
      return;
    }
    start().then(
      () => deps.events.reopened(),
      () => undefined, // "failed" or the next exit has said so
    );
  }

  function send(message: ToReplica, ports: MessagePortMain[] = []): void {
    child?.postMessage(message, ports);
  }

  /** The window's ends of two channels to the replica: [rxdb, commands]. */
  async function connectWindow(): Promise<MessagePortMain[]> {
    await opened;
    const rxdb = new MessageChannelMain();
    const commands = new MessageChannelMain();
    send({ kind: "window" }, [rxdb.port2, commands.port2]);
    return [rxdb.port1, commands.port1];
  }

  async function read(request: Omit<Extract<ToReplica, { kind: "read" }>, "kind">): Promise<MessagePortMain> {
    await opened;
    const { port1, port2 } = new MessageChannelMain();
    send({ kind: "read", ...request }, [port2]);
    return port1;
  }

  async function exportFolder(request: { folderId: string; path: string }): Promise<Exported> {
    await opened;
    const { port1, port2 } = new MessageChannelMain();
    const answered = new Promise<Exported>((resolve) => {
      port1.on("message", ({ data }: { data: Exported }) => resolve(data));
      port1.on("close", () =>
        resolve({ ok: false, reason: "app.replicaRestarted", message: "The replica process ended." }),
      );
    });
    port1.start();
    send({ kind: "export", ...request }, [port2]);
    return answered.finally(() => port1.close());
  }

  function renewToken(token: string, leaseMs: number): void {
    if (options) options = { ...options, token, leaseMs };
    send({ kind: "token", token, leaseMs });
  }

  async function close(erase: boolean): Promise<void> {
    const closing = child;
    options = undefined;
    child = undefined;
    if (!closing) return;
    const ended = new Promise<void>((resolve) => closing.on("exit", () => resolve()));
    const answered = new Promise<void>((resolve) =>
      closing.on("message", (message: FromReplica) => (message.kind === "closed" ? resolve() : undefined)),
    );
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a process's port, not a window
    closing.postMessage({ kind: "close", erase } satisfies ToReplica);
    const late = new Promise<void>((resolve) => setTimeout(resolve, CLOSE_MS));
    await Promise.race([answered, ended, late]);
    closing.kill();
  }

  return { open, close, connectWindow, read, exportFolder, renewToken, isOpen: () => options !== undefined };
}
/** A last checkpoint of a large file takes a second or two; whoever takes longer is stuck, and its data is durable anyway. */
const CLOSE_MS = 5_000;
export type ReplicaHost = ReturnType<typeof createReplicaHost>;
