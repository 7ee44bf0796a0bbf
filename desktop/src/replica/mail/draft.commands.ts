import type { Queued, ReplicaMessage } from "#contract";
import type { CommandInputs } from "../commandTable.ts";
import { DomainError, type JsonObject } from "@kontor/shared/base";
import { mailLimits } from "@kontor/shared/mail";
import type { MailCommands, MailCommandsDeps } from "./mail.commandTable.ts";
import type { MailQueue } from "./mail.queue.ts";

/** What is typed in this time is one save; whoever reads along elsewhere is behind by as much. */
const DRAFT_RESTS_MS = 2_000;

type DraftCommandName =
  `mail.${"saveDraft" | "attach" | "attachStored" | "attachAs" | "detach" | "send" | "cancelSend" | "discardDraft"}`;

/** A draft, from its first save until it has left. */
export function createDraftCommands(
  { files, replica }: Pick<MailCommandsDeps, "files" | "replica">,
  { draftOf, messageOf, queue, queueMessage, unsentOf, viewOf }: MailQueue,
): Pick<MailCommands, DraftCommandName> {
  const { outbox, rows } = replica;

  /** What is amended stands where it stood: a revision that came meanwhile was not what its author had before them. */
  function saveDraft({ id, mailboxId, draft, base }: CommandInputs["mail.saveDraft"]): Queued {
    if (viewOf<ReplicaMessage>("messages", id)) draftOf(id);
    const before = unsentOf("messages", id, "mail.saveDraft");
    const args = { mailboxId, draft, base: before?.args["base"] ?? base } as unknown as JsonObject;
    refuseTooLong(args);
    if (before && replica.amend(before.mid, args, draft.subject)) return { mid: before.mid };
    return queue({
      collection: "messages",
      id,
      name: "mail.saveDraft",
      args,
      title: draft.subject,
      restMs: DRAFT_RESTS_MS,
    });
  }

  /** Told before it is too late to say it shorter; the server would take it from nobody. */
  function refuseTooLong(args: JsonObject): void {
    const bytes = Buffer.byteLength(JSON.stringify(args));
    if (bytes > mailLimits.maxDraftBytes)
      throw new DomainError("tooLarge", "This text is too long to be sent as a message.", {
        reason: "mail.draftTooLong",
        params: { bytes, maxBytes: mailLimits.maxDraftBytes },
      });
  }

  const attach: MailCommands["mail.attach"] = async ({ cid, fileId, id, mime, name, source }) => {
    draftOf(id);
    const { size, sha256 } = await files.stage(fileId, source);
    const title = draftOf(id).subject; // it may have left meanwhile
    const { mid } = replica.enqueue({
      name: "mail.attach",
      collection: "messages",
      id,
      args: {
        fileId,
        name,
        size,
        sha256,
        mime: mime ?? "application/octet-stream",
        ...(cid === undefined ? {} : { cid }),
      },
      title,
      alongside: (at) => files.uploads.plan({ fileId, recordId: id, name, size, sha256, at }),
    });
    files.uploads.planned(fileId);
    return { mid };
  };

  /** What rests goes first: sending must not wait for it. */
  const send: MailCommands["mail.send"] = ({ id, ...args }) => {
    const { subject } = draftOf(id);
    forgetRefused(id);
    const queued = queueMessage(id, "mail.send", args, subject);
    for (const { mid } of outbox.pendingOf("messages", id)) replica.release(mid);
    return queued;
  };

  /** Its author has answered what was refused: by sending it anew, or by letting it go. */
  function forgetRefused(id: string): void {
    for (const { id: about, mid, name } of outbox.issues())
      if (about === id && name === "mail.send") replica.discardIssue(mid);
  }

  /** One that has not left this device is simply not sent. */
  const cancelSend: MailCommands["mail.cancelSend"] = ({ id }) => {
    const { subject } = messageOf(id);
    const own = outbox.pendingOf("messages", id).findLast(({ name }) => name === "mail.send");
    if (own && replica.discard(own.mid)) return { mid: own.mid };
    return queueMessage(id, "mail.cancelSend", {}, subject);
  };

  const discardDraft: MailCommands["mail.discardDraft"] = ({ id }) => {
    const { subject } = draftOf(id);
    forgetRefused(id);
    for (const { mid } of outbox.pendingOf("messages", id).toReversed()) replica.discard(mid);
    const isElsewhere = rows.hasServerRow("messages", id) || outbox.pendingOf("messages", id).length > 0;
    if (isElsewhere) queueMessage(id, "mail.discardDraft", {}, subject);
    return {};
  };

  return {
    "mail.saveDraft": saveDraft,
    "mail.attach": attach,
    "mail.attachStored": ({ id, ...args }) => queueMessage(id, "mail.attachStored", args, draftOf(id).subject),
    "mail.attachAs": ({ id, ...args }) => queueMessage(id, "mail.attachAs", args, draftOf(id).subject),
    "mail.detach": ({ id, fileId }) => queueMessage(id, "mail.detach", { fileId }, draftOf(id).subject),
    "mail.send": send,
    "mail.cancelSend": cancelSend,
    "mail.discardDraft": discardDraft,
  };
}
