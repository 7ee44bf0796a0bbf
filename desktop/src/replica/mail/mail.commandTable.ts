import type { CommandResults, ReplicaMessage } from "#contract";
import type { CommandInputs } from "../commands.ts";
import type { FolderRole } from "@kontor/shared/mail";
import type { ReplicaFile } from "#replica/storage";
import type { ReplicaFiles } from "../files/index.ts";
import type { Replica } from "../replica.ts";
import type { MailLists } from "./mail.lists.ts";
import type { MailSearcher } from "./mail.search.ts";
import type { MailServer } from "./mail.server.ts";

/** What a window asks of mail: each change becomes intents, many at once one write. */
type MailCommandName = Extract<
  keyof CommandResults,
  `mail.${string}` | `folder.${string}` | `rule.${string}` | `contact.${string}`
>;
export type MailCommands = {
  readonly [Name in MailCommandName]: (
    input: CommandInputs[Name],
  ) => CommandResults[Name] | Promise<CommandResults[Name]>;
};

export interface MailCommandsDeps {
  readonly replica: Replica;
  readonly files: ReplicaFiles;
  readonly lists: MailLists;
  readonly searcher: MailSearcher;
  readonly server: MailServer;
  readonly userId: string;
  readonly file: ReplicaFile;
  folderOf(mailboxId: string, role: FolderRole): string | undefined;
  roleOf(folderId: string): FolderRole | undefined;
  mailboxOf(folderId: string): string | undefined;
  messagesOf(ids: readonly string[]): readonly ReplicaMessage[];
}
