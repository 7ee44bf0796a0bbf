import type {
  CommandError,
  CommandInput,
  CommandName,
  CommandReply,
  CommandResults,
  QueryInput,
  QueryName,
  QueryResults,
  ReplicaEvent,
  UnwatchRequest,
  WatchReply,
  WatchRequest,
} from "#contract";

/** A refused command, with the replica's own words. */
export class CommandFailed extends Error {
  readonly error: CommandError;
  constructor(error: CommandError) {
    super(error.message);
    this.name = "CommandFailed";
    this.error = error;
  }
}

export type Call = <Name extends CommandName>(name: Name, input: CommandInput<Name>) => Promise<CommandResults[Name]>;

/** Asks now, and is told again whenever the answer is another one; `refused`: what is asked for cannot be read. */
export type Watch = <Name extends QueryName>(
  name: Name,
  input: QueryInput<Name>,
  told: (answer: QueryResults[Name] | "refused") => void,
) => () => void;

/** The window's end of the command port: requests with their replies, questions that are watched, and events. */
export function createCommands(port: MessagePort, onEvent: (event: ReplicaEvent) => void) {
  const waiting = new Map<number, { resolve: (value: never) => void; reject: (error: CommandFailed) => void }>();
  const watched = new Map<number, (answer: never) => void>();
  let lastId = 0;
  let idle: (() => void)[] = [];
  const tellIdle = (): void => {
    if (waiting.size > 0) return;
    for (const told of idle) told();
    idle = [];
  };
  const receive = ({ data }: MessageEvent<CommandReply | WatchReply | ReplicaEvent>): void => {
    if (data.kind === "event") return onEvent(data);
    if (data.kind === "watched") return watched.get(data.id)?.((data.ok ? data.value : "refused") as never);
    const request = waiting.get(data.id);
    waiting.delete(data.id);
    if (data.ok) request?.resolve(data.value as never);
    else request?.reject(new CommandFailed(data.error));
    tellIdle();
  };
  port.addEventListener("message", receive);
  port.start();
  const call: Call = (name, input) =>
    new Promise((resolve, reject) => {
      const id = ++lastId;
      waiting.set(id, { resolve, reject });
      port.postMessage({ kind: "request", id, name, input });
    });
  const watch: Watch = (name, input, told) => {
    const id = ++lastId;
    watched.set(id, told as (answer: never) => void);
    port.postMessage({ kind: "watch", id, name, input } satisfies WatchRequest);
    return () => {
      watched.delete(id);
      port.postMessage({ kind: "unwatch", id } satisfies UnwatchRequest);
    };
  };
  return {
    call,
    watch,
    /** Resolves when nothing that was asked is unanswered, nor what was asked because of an answer. */
    async settled(): Promise<void> {
      while (waiting.size > 0) {
        await new Promise<void>((resolve) => idle.push(resolve));
        await new Promise((resolve) => setTimeout(resolve));
      }
    },
    /** The replica's process died: what was asked of it is not answered any more. */
    close(): void {
      port.close();
      const error = { code: "unavailable", reason: "app.replicaRestarted", message: "The replica was started again." };
      for (const { reject } of waiting.values()) reject(new CommandFailed(error));
      waiting.clear();
      tellIdle();
      watched.clear();
    },
  };
}
export type Commands = ReturnType<typeof createCommands>;
