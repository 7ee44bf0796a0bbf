import type { CommandError, CommandInput, CommandName, CommandReply, CommandResults, ReplicaEvent } from "#contract";

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

/** The window's end of the command port: requests with their replies, and events. */
export function createCommands(port: MessagePort, onEvent: (event: ReplicaEvent) => void) {
  const waiting = new Map<number, { resolve: (value: never) => void; reject: (error: CommandFailed) => void }>();
  let lastId = 0;
  const receive = ({ data }: MessageEvent<CommandReply | ReplicaEvent>): void => {
    if (data.kind === "event") return onEvent(data);
    const request = waiting.get(data.id);
    waiting.delete(data.id);
    if (data.ok) request?.resolve(data.value as never);
    else request?.reject(new CommandFailed(data.error));
  };
  port.addEventListener("message", receive);
  port.start();
  const call: Call = (name, input) =>
    new Promise((resolve, reject) => {
      const id = ++lastId;
      waiting.set(id, { resolve, reject });
      port.postMessage({ kind: "request", id, name, input });
    });
  return {
    call,
    /** The replica's process died: what was asked of it is not answered any more. */
    close(): void {
      port.close();
      const error = { code: "unavailable", reason: "app.replicaRestarted", message: "The replica was started again." };
      for (const { reject } of waiting.values()) reject(new CommandFailed(error));
      waiting.clear();
    },
  };
}
export type Commands = ReturnType<typeof createCommands>;
