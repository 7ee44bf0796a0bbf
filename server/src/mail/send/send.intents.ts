import { mailLimits } from "@kontor/shared/mail";
import type { AnyIntent } from "#kernel";
import { mailIntent } from "../mail.intent.ts";
import { attach, attachAs, attachStored, detachFile, type AttachmentDeps } from "./attachments.ts";
import { saveDraft } from "./saveDraft.ts";
import { cancelSend, discardDraft, sendDraft } from "./sendDraft.ts";

/** What happens to a message before it leaves, from the desktop and over REST alike. */
export function sendIntents(deps: AttachmentDeps): readonly AnyIntent[] {
  const messages = { collection: "messages", action: "send" };
  return [
    mailIntent("mail.saveDraft", { ...messages, maxBytes: mailLimits.maxDraftBytes }, (trx, intent, actor) =>
      saveDraft(trx, intent, actor, deps),
    ),
    mailIntent("mail.attach", messages, (trx, intent, actor) => attach(trx, intent, actor, deps)),
    mailIntent("mail.attachStored", messages, (trx, intent, actor) => attachStored(trx, intent, actor, deps)),
    mailIntent("mail.attachAs", messages, (trx, intent, actor) => attachAs(trx, intent, actor, deps)),
    mailIntent("mail.detach", messages, (trx, intent, actor) => detachFile(trx, intent, actor, deps)),
    mailIntent("mail.send", messages, sendDraft),
    mailIntent("mail.cancelSend", messages, (trx, { id }, actor) => cancelSend(trx, id, actor)),
    mailIntent("mail.discardDraft", messages, (trx, { id }, actor) => discardDraft(trx, id, actor)),
  ];
}
