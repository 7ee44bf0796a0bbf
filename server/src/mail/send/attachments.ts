import { DomainError } from "@kontor/shared/base";
import { mailLimits, type MailIntentArgs } from "@kontor/shared/mail";
import {
  announceFile,
  detachFile as detach,
  fileTables,
  readableFile,
  type FilePlaces,
  type FileRow,
  type FileRows,
} from "#files";
import { auditActor, recordAudit, sensitiveReads, type Actor, type IntentOutcome, type Transaction } from "#kernel";
import type { KeepFilesDeps } from "./copyAttachments.ts";
import { messageNotFound } from "../messages/message.access.ts";
import { holdDraft } from "./draft.access.ts";

export interface AttachmentDeps extends KeepFilesDeps {
  readonly places: FilePlaces;
  readonly rows: FileRows;
  /** Of one upload, as this server is configured. */
  readonly maxBytes: number;
}

interface Intent<Name extends "mail.attach" | "mail.attachStored" | "mail.attachAs" | "mail.detach"> {
  readonly id: string;
  readonly args: MailIntentArgs<Name>;
}

/** Announces an attachment; the body follows by tus under the file's id. */
export async function attach(
  trx: Transaction,
  { id, args }: Intent<"mail.attach">,
  actor: Actor,
  deps: AttachmentDeps,
): Promise<IntentOutcome> {
  const { row } = await holdDraft(trx, id, actor);
  const { as, fileId, cid, ...file } = args;
  await announceFile(trx, deps, {
    ...file,
    ...(await nextPart(trx, row.content_id)),
    id: fileId,
    content_id: cid ?? null,
    inline: cid !== undefined,
    as_link: as === "link" && cid === undefined,
    created_at: actor.now,
    created_by: actor.subject.id,
  });
  return { status: "applied" };
}

/** Hangs a file that is here already in the draft, too; its body is not copied. */
export async function attachStored(
  trx: Transaction,
  { id, args }: Intent<"mail.attachStored">,
  actor: Actor,
  deps: AttachmentDeps,
): Promise<IntentOutcome> {
  const { row } = await holdDraft(trx, id, actor);
  const source = await readableFile(trx, deps.places, actor, args.sourceFileId);
  if (source.state === "refused")
    throw new DomainError("conflict", "This file was refused.", { reason: "file.refused" });
  if (source.state === "awaiting") {
    // Its sender's own upload may be a moment behind: the change is kept and sent again.
    throw new DomainError("unavailable", "The body of this file is not here yet.", {
      reason: "file.awaiting",
      retryAfterMs: AWAITING_RETRY_MS,
    });
  }
  await noteSensitiveRead(trx, source, actor, deps);
  await deps.keepFiles(trx, [
    {
      ...(await nextPart(trx, row.content_id)),
      id: args.fileId,
      name: args.name ?? source.name,
      mime: source.mime,
      size: source.size,
      sha256: source.sha256,
      content_id: args.cid ?? null,
      inline: args.cid !== undefined,
      as_link: args.as === "link" && args.cid === undefined,
      created_at: actor.now,
      created_by: actor.subject.id,
    },
  ]);
  return { status: "applied" };
}

const AWAITING_RETRY_MS = 5_000;

/** Whoever attaches a file has its body: where it hangs in a sensitive section, that is written down (POL-12). */
async function noteSensitiveRead(trx: Transaction, file: FileRow, actor: Actor, { places }: AttachmentDeps) {
  const parts = await places.sensitiveOf(trx, [file]);
  await recordAudit(trx, actor.now, sensitiveReads(parts, auditActor(actor.principal, actor.context.ip), "file"));
}

/** A picture that the text shows stays in the message: fetched from elsewhere, it would be blocked. */
export async function attachAs(
  trx: Transaction,
  { id, args }: Intent<"mail.attachAs">,
  actor: Actor,
  { rows }: Pick<AttachmentDeps, "rows">,
): Promise<IntentOutcome> {
  const file = await holdAttachment(trx, id, args.fileId, actor);
  if (!file.inline) await rows.update(trx, { ids: [file.id] }, { as_link: args.as === "link" });
  return { status: "applied" };
}

export async function detachFile(
  trx: Transaction,
  { id, args }: Intent<"mail.detach">,
  actor: Actor,
  deps: AttachmentDeps,
): Promise<IntentOutcome> {
  const file = await holdAttachment(trx, id, args.fileId, actor);
  await detach(trx, deps, { id: file.id, actor });
  return { status: "applied" };
}

async function holdAttachment(trx: Transaction, draftId: string, fileId: string, actor: Actor) {
  const { row } = await holdDraft(trx, draftId, actor);
  const file = await fileTables(trx)
    .selectFrom("file")
    .select(["id", "inline"])
    .where("id", "=", fileId)
    .where("mail_content_id", "=", row.content_id)
    .executeTakeFirst();
  if (!file) throw messageNotFound();
  return file;
}

async function nextPart(trx: Transaction, contentId: string) {
  const { count, last } = await fileTables(trx)
    .selectFrom("file")
    .select(({ fn }) => [
      fn.count<number>("id").filterWhere("deleted_at", "is", null).as("count"),
      fn.max("part_position").as("last"),
    ])
    .where("mail_content_id", "=", contentId)
    .executeTakeFirstOrThrow();
  if (count >= mailLimits.maxAttachments) {
    throw new DomainError("invalid", `A message has at most ${mailLimits.maxAttachments} attachments.`, {
      reason: "draft.tooManyAttachments",
      params: { max: mailLimits.maxAttachments },
    });
  }
  return { mail_content_id: contentId, part_position: (last ?? -1) + 1 };
}
