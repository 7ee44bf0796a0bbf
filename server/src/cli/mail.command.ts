import { join } from "node:path";
import { Option, type Command } from "commander";
import { DomainError } from "@kontor/shared/base";
import { downloadMaildir, downloadMbox, type FolderToDownload } from "./mail/downloadMail.ts";
import { createMailClient, findMailbox, readFolders, type Folders } from "./mail/mailClient.ts";
import { openSource } from "./mail/openSource.ts";
import { uploadMail } from "./mail/uploadMail.ts";

interface Options {
  readonly mailbox: string;
  readonly folder?: string;
  readonly server: string;
  readonly json?: boolean;
}

export interface MailCommandDeps {
  jsonOption(): Option;
  print(options: { readonly json?: boolean }, value: unknown, text: string): void;
}

/**
 * `kontor mail …`: mail of other programs, in and out. Unlike the other commands these go through a server's API, with somebody's own
 * rights, so they work from anywhere and see what that person sees.
 */
export function addMailCommands(program: Command, { jsonOption, print }: MailCommandDeps): void {
  const mail = program
    .command("mail")
    .description("mail of other programs, in and out of a running server; the token stands in KONTOR_TOKEN");
  const command = (name: string, description: string) =>
    mail
      .command(name)
      .description(description)
      .requiredOption("--mailbox <address>", "the mailbox: its address, name or id")
      .option(
        "--folder <path>",
        "a folder in it, such as Archive/2015; inbox, sent, archive, junk and trash by these names",
      )
      .addOption(
        new Option("--server <url>", "address of the server").env("KONTOR_URL").default("http://127.0.0.1:7480"),
      )
      .addOption(jsonOption());

  command(
    "import <path>",
    "put a Maildir, an .mbox, an .eml or a folder of these into a mailbox, as they are; begun again, it goes on where it stopped",
  ).action(async (path: string, options: Options) => {
    const { format, entries } = await openSource(path);
    const { client, mailboxId, folders } = await open(options);
    const done = await uploadMail({
      client,
      mailboxId,
      folders,
      target: pathOf(options.folder),
      entries,
      onProgress: ({ imported, known }) => progress(`${imported} imported, ${known} there already`),
    });
    const { imported, known, deleted, tooLarge, unreadable } = done;
    for (const where of tooLarge) console.error(`too large: ${where}`);
    for (const where of unreadable) console.error(`no message: ${where}`);
    const words = [
      `${imported} messages imported from ${format}`,
      `${known} were there already`,
      ...(deleted > 0 ? [`${deleted} marked as deleted were left out`] : []),
      ...(tooLarge.length + unreadable.length > 0 ? [`${tooLarge.length + unreadable.length} could not be taken`] : []),
    ];
    print(options, { format, ...done }, `${words.join(", ")}.`);
    if (tooLarge.length + unreadable.length > 0) process.exitCode = 1;
  });

  command("export <path>", "write a mailbox, or a folder with what lies below it, into a folder: byte for byte")
    .addOption(
      new Option("--format <format>", "maildir, with flags, or mbox, a file for each folder")
        .choices(["maildir", "mbox"])
        .default("maildir"),
    )
    .action(async (path: string, options: Options & { readonly format: "maildir" | "mbox" }) => {
      const { client, folders } = await open(options);
      const chosen = foldersOf(folders, pathOf(options.folder));
      if (options.format === "mbox") {
        for (const { id, path: names } of chosen)
          await downloadMbox(client, id, join(path, ...fileNames(names, "inbox.mbox")));
        print(options, { folders: chosen.length }, `${chosen.length} folders exported into ${path}.`);
        return;
      }
      const done = await downloadMaildir(client, {
        folders: chosen,
        into: path,
        onProgress: ({ exported, known }) => progress(`${exported} exported, ${known} there already`),
      });
      print(options, done, `${done.exported} messages exported into ${path}, ${done.known} were there already.`);
    });
}

async function open({ server, mailbox }: Options) {
  const token = process.env["KONTOR_TOKEN"];
  // Never as an argument: arguments stand in the process list and in the shell's history.
  if (!token)
    throw new DomainError("unauthenticated", "Set KONTOR_TOKEN to a token of yours (`kontor token`).", {
      reason: "token.missing",
    });
  const client = createMailClient({ server, token });
  const { id: mailboxId } = await findMailbox(client, mailbox);
  return { client, mailboxId, folders: await readFolders(client, mailboxId) };
}

const pathOf = (folder: string | undefined): readonly string[] | undefined =>
  folder?.split("/").filter((name) => name !== "");

/** Drafts and what waits to leave are no messages yet. */
const UNSENT: readonly (string | undefined)[] = ["drafts", "outbox"];

/** All of them, the inbox at the top of the Maildir; or one, which is then at the top, with those below it. */
function foldersOf(folders: Folders, wanted: readonly string[] | undefined): readonly FolderToDownload[] {
  if (wanted === undefined)
    return folders
      .all()
      .filter(({ folder }) => !UNSENT.includes(folder.role))
      .map(({ folder, path }) => ({ id: folder.id, path: folder.role === "inbox" ? [] : path }));
  const top = folders.find(wanted);
  const all = folders.all();
  const at = all.find(({ folder }) => folder.id === top?.id)?.path;
  if (!at)
    throw new DomainError("notFound", `There is no folder ${wanted.join("/")} in this mailbox.`, {
      reason: "folder.notFound",
    });
  return all
    .filter(({ path }) => at.every((name, index) => path[index] === name))
    .map(({ folder, path }) => ({ id: folder.id, path: path.slice(at.length) }));
}

/** `Projects/2026.mbox`; what cannot stand in a file's name on every system becomes a line. */
const fileNames = (path: readonly string[], top: string): readonly string[] => {
  const names = path.map((name) => name.replaceAll(/[/\\:*?"<>|\p{Cc}]|^\.+/gu, "_"));
  const last = names.pop();
  return last === undefined ? [top] : [...names, `${last}.mbox`];
};

/** On the same line of a terminal; a log gets the end only. */
function progress(words: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r${words}\u001b[K`);
}
