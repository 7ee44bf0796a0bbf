import type { z } from "zod";
import type { commandInputs, CommandName, CommandResults } from "#contract";

export type CommandInputs = { readonly [Name in CommandName]: z.output<(typeof commandInputs)[Name]> };

/** What a window asks of the replica. Input is parsed before it touches anything; a write is durable when it resolves. */
export type Commands = {
  readonly [Name in CommandName]: (input: CommandInputs[Name]) => CommandResults[Name] | Promise<CommandResults[Name]>;
};

/** Those that begin with one of these nouns. */
export type CommandsOf<Noun extends string> = Pick<Commands, Extract<CommandName, `${Noun}.${string}`>>;
