import type { Clock } from "@kontor/shared/base";
import { DomainError } from "@kontor/shared/base";
import { divideAttachments, linksEndAt, mailLimits } from "@kontor/shared/mail";
import { fileTables, type BlobStore, type FileRow } from "#files";
import type { Transaction } from "#kernel";
import type { RecordSheet } from "#objects";
import type { OutgoingAttachment, OutgoingMessage } from "../mime/buildMessage.ts";
import { escapeAttribute, escapeText } from "../mime/html/escape.ts";
import { textOfHtml } from "../mime/html/textOfHtml.ts";
import { cardBlock } from "./cards.ts";
import type { LeavingRow } from "./drafts.repo.ts";
import { attachmentRefused } from "./sendDraft.ts";

/** What people outside get in place of what only people inside can open. */
export interface OutgoingDeps {
  readonly blobs: Pick<BlobStore, "get">;
  /** Under which the world reaches this server; undefined: it does not, and everything goes along in the message. */
  readonly publicUrl: string | undefined;
  readonly clock: Clock;
  /** The path of a signed address that gives one file until then, as long as the sender's copy is there. */
  sharedPath(share: { readonly fileId: string; readonly messageId: string; readonly expires: number }): string;
}

export interface OutgoingParts {
  readonly row: LeavingRow;
  readonly files: readonly FileRow[];
  /** Its cards, for whoever cannot open them. */
  readonly sheets: readonly RecordSheet[];
  /** PDFs of cards. */
  readonly papers: readonly OutgoingAttachment[];
  /** When its author sent it: the same in every attempt, so that the bytes are, too (BLD-1). */
  readonly date: Date;
  readonly goesOutside: boolean;
}

/** Attachments of what leaves, all of them stored. */
export async function findAttachments(trx: Transaction, contentId: string): Promise<readonly FileRow[]> {
  const files = await fileTables(trx)
    .selectFrom("file")
    .selectAll()
    .where("mail_content_id", "=", contentId)
    .where("deleted_at", "is", null)
    .orderBy("part_position")
    .orderBy("id")
    .execute();
  const refused = files.find(({ state }) => state === "refused");
  if (refused) throw attachmentRefused(refused.name);
  const missing = files.find(({ state }) => state === "awaiting");
  if (missing) {
    throw new DomainError("invalid", `The attachment "${missing.name}" never arrived. Attach it once more.`, {
      reason: "send.attachmentMissing",
      params: { name: missing.name },
    });
  }
  return files;
}

/** Everything that the raw message is made of. Whoever is inside reads its parts from the database instead. */
export function composeOutgoing(parts: OutgoingParts, deps: OutgoingDeps): OutgoingMessage {
  const { row, date, goesOutside } = parts;
  const { people, extras } = row;
  const [from] = people.from;
  if (!from) throw new Error(`message ${row.id} has no author`);
  const { inside: enclosed, apart } = divideAttachments(parts.files, (file) => goesOutside && file.as_link);
  const blocks = [
    ...parts.sheets.map(cardBlock),
    ...apart.map((file) => (goesOutside ? linkBlock(file, row.id, date, deps) : noteBlock(file))),
  ];
  const html = [withRemoteSources(row.body_html ?? ""), ...blocks].join("");
  return {
    messageId: row.message_id,
    date,
    from,
    sender: people.sender?.[0],
    replyTo: people.replyTo,
    to: people.to,
    cc: people.cc,
    subject: row.subject,
    inReplyTo: row.in_reply_to[0],
    references: row.refs,
    text: blocks.length === 0 ? row.body_text : textOfHtml(html),
    html: html === "" ? undefined : html,
    attachments: [...enclosed.map((file) => toOutgoingAttachment(file, deps)), ...parts.papers],
    headers: importanceOf(extras.importance),
  };
}

const toOutgoingAttachment = (
  { name, mime, content_id, inline, sha256 }: FileRow,
  { blobs }: OutgoingDeps,
): OutgoingAttachment => ({
  name,
  mime,
  cid: content_id ?? undefined,
  inline,
  open: () => blobs.get(sha256),
});

const importanceOf = (importance: "high" | "low" | undefined): Readonly<Record<string, string>> =>
  importance === undefined ? {} : { Importance: importance, "X-Priority": importance === "high" ? "1" : "5" };

/* ---------- attachments that stay here ---------- */

function linkBlock(file: FileRow, messageId: string, date: Date, { publicUrl, sharedPath }: OutgoingDeps): string {
  if (publicUrl === undefined) throw file.as_link ? noLink(file) : tooLarge(file);
  const expires = linksEndAt(date.getTime());
  const url = new URL(sharedPath({ fileId: file.id, messageId, expires }), publicUrl).href;
  const until = new Date(expires).toISOString().slice(0, 10);
  const link = `<a href="${escapeAttribute(url)}">${escapeText(file.name)}</a>`;
  return block(`${link}<br>${escapeText(sizeWords(file.size))}, ${until}`);
}

const tooLarge = ({ name, size }: FileRow) =>
  new DomainError(
    "tooLarge",
    `"${name}" has ${sizeWords(size)}, which is too much for a message, and this server has no public address for a link to it.`,
    { reason: "send.tooLarge", params: { name, bytes: size, maxBytes: mailLimits.linkFromBytes } },
  );

const noLink = ({ name }: FileRow) =>
  new DomainError("invalid", `This server has no public address, so nobody outside could follow a link to "${name}".`, {
    reason: "send.noLink",
    params: { name },
  });

/** In the raw message of one that stays inside: its readers have the file itself. */
const noteBlock = ({ name, size }: FileRow): string => block(`${escapeText(name)}<br>${escapeText(sizeWords(size))}`);

const sizeWords = (bytes: number): string => `${(bytes / 1024 ** 2).toFixed(1)} MB`;

/** A table, because that is what every mail program draws alike. */
const block = (inner: string): string =>
  `<table role="presentation" cellpadding="12" style="border:1px solid #d0d5dd;margin:12px 0"><tr><td>${inner}</td></tr></table>`;

/* ---------- pictures from elsewhere ---------- */

/** Cleaning took their addresses off for readers here (HTM-2); whoever gets the message decides for themselves. */
const withRemoteSources = (html: string): string =>
  html.replaceAll(/<[a-z][^>]*>/g, (tag) =>
    tag.replaceAll(' data-remote-src="', ' src="').replaceAll(' data-remote-background="', ' background="'),
  );
