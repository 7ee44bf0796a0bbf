import { commandInputs, type CommandName, type CommandReply, type CommandRequest, type ReplicaStatus } from "#contract";
import { DomainError, type Json } from "@kontor/shared/base";
import { createAccessCommands } from "./access.commands.ts";
import { createCommandQueue } from "./command.queue.ts";
import { toCommandError } from "./commandError.ts";
import type { Commands } from "./commandTable.ts";
import { createFileCommands } from "./files.commands.ts";
import type { ReplicaFiles } from "./files/index.ts";
import type { ReplicaMail } from "./mail/index.ts";
import { createOutboxCommands, uploadsOnTheirOwn } from "./outbox.commands.ts";
import { createRecordCommands } from "./records.commands.ts";
import type { Replica } from "./replica.ts";
import { searchRecords } from "./searchRecords.ts";

export interface CommandsDeps {
  readonly replica: Replica;
  readonly files: ReplicaFiles;
  readonly mail: Pick<ReplicaMail, "commands" | "attachmentOf" | "attaching">;
  readonly user: ReplicaStatus["user"];
  readonly server: ReplicaStatus["server"];
}

export interface ReplicaCommands {
  status(): ReplicaStatus;
  answer(request: CommandRequest): Promise<CommandReply>;
}

/** The one table of what windows may ask for, each feature's part from its own file, and how a request is answered. */
export function createReplicaCommands(deps: CommandsDeps): ReplicaCommands {
  const { files, mail, replica, server, user } = deps;
  const { outbox, rows } = replica;
  const queue = createCommandQueue(replica);

  const status = (): ReplicaStatus => {
    const state = replica.state();
    return { ...state, pending: state.pending + uploadsOnTheirOwn(deps).length, user, server };
  };

  const commands: Commands = {
    "status.get": status,
    ...createRecordCommands(replica, queue),
    ...createFileCommands(deps, queue),
    ...createAccessCommands(replica, server.url, queue),
    ...mail.commands,
    ...createOutboxCommands(deps, queue),
    "search.query": (input) => searchRecords(rows, queue.viewOf, input),
    "sync.tryNow": () => {
      replica.tryNow();
      files.uploads.retry();
      return {};
    },
    "draft.get": ({ key }) => ({ value: outbox.draft(key) as Json }),
    "draft.set": ({ key, value }) => {
      outbox.setDraft(key, value);
      return {};
    },
  };

  async function answer({ id, name, input }: CommandRequest): Promise<CommandReply> {
    try {
      return { kind: "reply", id, ok: true, value: await run(name, input) };
    } catch (error) {
      return { kind: "reply", id, ok: false, error: toCommandError(error) };
    }
  }

  async function run(name: CommandName, input: unknown): Promise<unknown> {
    // From a window of ours, yet parsed like anything else from outside: the port cannot tell who writes into it.
    if (!Object.hasOwn(commandInputs, name))
      throw new DomainError("invalid", "There is no such command.", { reason: "command.unknown" });
    if (replica.isLocked && name !== "status.get")
      throw new DomainError("forbidden", "This device is locked.", { reason: "replica.locked" });
    const parsed = commandInputs[name].safeParse(input);
    if (!parsed.success)
      throw new DomainError("invalid", "The command is not in the form that it should have.", {
        reason: "command.invalid",
        problems: parsed.error.issues.map((issue) => ({
          field: issue.path.join("."),
          reason: issue.code ?? "invalid",
          message: issue.message,
        })),
      });
    return await (commands[name] as (input: unknown) => unknown)(parsed.data);
  }

  return { status, answer };
}
