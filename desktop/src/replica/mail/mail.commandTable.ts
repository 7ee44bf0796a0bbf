import type { ReplicaMessage } from "#contract";
import type { CommandsOf } from "../commandTable.ts";
import type { FolderRole } from "@kontor/shared/mail";
import type { ReplicaFile } from "#replica/storage";
import type { ReplicaFiles } from "../files/index.ts";
import type { Replica } from "../replica.ts";
import type { MailForms } from "./mail.forms.ts";
import type { MailLists } from "./mail.lists.ts";
import type { MailSearcher } from "./mail.search.ts";
import type { MailServer } from "./mail.server.ts";

/** What a window asks of mail: each change becomes intents, many at once one write. */
export type MailCommands = CommandsOf<"mail" | "folder" | "rule" | "contact">;

export interface MailCommandsDeps {
  readonly replica: Replica;
  readonly files: ReplicaFiles;
  readonly lists: MailLists;
  readonly searcher: MailSearcher;
  readonly server: MailServer;
  readonly userId: string;
  readonly file: ReplicaFile;
  readonly forms: MailForms;
  folderOf(mailboxId: string, role: FolderRole): string | undefined;
  roleOf(folderId: string): FolderRole | undefined;
  isInTrash(folderId: string): boolean;
  mailboxOf(folderId: string): string | undefined;
  messagesOf(ids: readonly string[]): readonly ReplicaMessage[];
}
