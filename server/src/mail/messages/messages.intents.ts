import type { AnyIntent } from "#kernel";
import { mailIntent } from "../mail.intent.ts";
import { createFolder, deleteFolder, moveFolder, renameFolder } from "./changeFolder.ts";
import { deleteMessage } from "./deleteMessages.ts";
import { linkRecord, unlinkRecord, type LinkDeps } from "./linkRecord.ts";
import { regroupMessage } from "./regroupMessage.ts";
import { updateMessage } from "./updateMessage.ts";

/** The ways in which what lies in mailboxes is sorted, from the desktop and over REST alike. */
export function messageIntents(deps: LinkDeps): readonly AnyIntent[] {
  const messages = { collection: "messages", action: "edit" };
  const folders = { collection: "mailFolders", action: "edit" };
  const links = { collection: "mailLinks", action: "edit" };
  return [
    mailIntent("mail.update", messages, updateMessage),
    mailIntent("mail.delete", messages, deleteMessage),
    mailIntent("mail.regroup", messages, regroupMessage),
    mailIntent("folder.create", folders, createFolder),
    mailIntent("folder.rename", folders, renameFolder),
    mailIntent("folder.move", folders, moveFolder),
    mailIntent("folder.delete", folders, deleteFolder),
    mailIntent("mail.link", links, (trx, intent, actor) => linkRecord(trx, intent, actor, deps)),
    mailIntent("mail.unlink", links, unlinkRecord),
  ];
}
