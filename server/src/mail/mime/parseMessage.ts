import { createHash } from "node:crypto";
import { mailLimits, type MailAddress } from "@kontor/shared/mail";
import { assembleBody } from "./assembleBody.ts";
import { cleanFileName, nameForType, numberedName } from "./attachmentName.ts";
import { contentIdOf } from "./contentId.ts";
import { HeaderFields } from "./headerFields.ts";
import { storable } from "./html/escape.ts";
import { parseMailDate } from "./mailDate.ts";
import { boundReferences, readExtras, readMessageIds } from "./messageExtras.ts";
import type {
  MessagePeople,
  ParsedAttachment,
  ParsedMessage,
  ParseOutcome,
  UnreadableReason,
} from "./parsedMessage.ts";
import { readAddresses } from "./readAddresses.ts";
import { messageSnippet } from "./messageSnippet.ts";
import { splitParts, type MimePart } from "./splitParts.ts";
import { decodeTransfer, type Uuencoded } from "./transfer.ts";

/**
 * Reads a message from outside, in bounds of time and space that grow with its length only (measured: 50 MB of whatever kind take
 * below 2 s and 256 MB). Throws for no bytes whatever. Attachments are views of `raw` where they travelled undecoded.
 */
export function parseMessage(raw: Uint8Array): ParseOutcome {
  if (raw.length > mailLimits.maxMessageBytes) {
    return unreadable(
      "tooLarge",
      `The message has ${raw.length} bytes; ${mailLimits.maxMessageBytes} are taken at most.`,
    );
  }
  if (isBlank(raw)) return unreadable("empty", "The message holds nothing.");
  try {
    return readMessage(raw);
  } catch (error) {
    // A fault of ours must not stop what else arrives; the message waits in quarantine for the version that reads it.
    return unreadable("failed", error instanceof Error ? error.message : String(error));
  }
}

const unreadable = (reason: UnreadableReason, message: string): ParseOutcome => ({
  kind: "unreadable",
  reason,
  message,
});

/** Where the first megabyte is blank there is no message behind it. */
const isBlank = (raw: Uint8Array): boolean => raw.subarray(0, 1024 ** 2).every((byte) => byte <= 0x20);

function readMessage(raw: Uint8Array): ParseOutcome {
  const { root, oddities: splitOddities } = splitParts(raw);
  const { headers } = root;
  if (headers.fields.length === 0) return unreadable("notAMessage", "The message has no header.");
  const body = assembleBody(root);
  const oddities = new Set([...splitOddities, ...body.oddities]);
  const people = readPeople(headers, oddities);
  const attachments = readAttachments(body.attached, body.cids, oddities);
  const references = readMessageIds(headers.plainAll("references").join(" "));
  const inReplyTo = readMessageIds(headers.plainAll("in-reply-to").join(" "));
  const message: ParsedMessage = {
    messageId: readMessageId(headers, raw, oddities),
    inReplyTo: boundReferences(inReplyTo.map(shortId)),
    refs: boundReferences(references.map(shortId)),
    subject: readSubject(headers),
    people,
    sentAt: readDate(headers, oddities),
    snippet: messageSnippet(body.text),
    text: body.text,
    html: body.html,
    isCut: body.isCut,
    hasRemote: body.hasRemote,
    attachments,
    extras: readExtras(headers, people.from, body.sealed),
    oddities: [...oddities].toSorted(),
  };
  return { kind: "parsed", message };
}

function readSubject(headers: HeaderFields): string {
  const subject = storable(headers.text("subject") ?? "")
    .replaceAll(/\s+/g, " ")
    .trim();
  return subject.slice(0, mailLimits.maxSubjectChars).toWellFormed();
}

/* ---------- ids ---------- */

/** A B-tree takes keys of 2,700 bytes; Message-IDs of people's mail have below 200. */
const MAX_ID_CHARS = 500;

/** One that is longer is told by its hash, here and wherever it is referred to. */
const shortId = (id: string): string => (id.length <= MAX_ID_CHARS ? id : `${sha256(id)}@long.invalid`);

const sha256 = (bytes: Uint8Array | string): string => createHash("sha256").update(bytes).digest("hex");

function readMessageId(headers: HeaderFields, raw: Uint8Array, oddities: Set<string>): string {
  const field = headers.plain("message-id");
  const [id] = readMessageIds(field);
  if (id !== undefined) return shortId(id);
  oddities.add("messageId");
  // Some have no at sign and no brackets, and are answered under that name.
  const loose = storable(field ?? "").replaceAll(/[\s<>\p{Cc}]/gu, "");
  return loose === "" ? `${sha256(raw)}@missing.invalid` : shortId(loose);
}

function readDate(headers: HeaderFields, oddities: Set<string>): string | undefined {
  const date = parseMailDate(headers.plain("date") ?? "");
  if (!date) oddities.add("date");
  return date?.toISOString();
}

/* ---------- people ---------- */

function readPeople(headers: HeaderFields, oddities: Set<string>): MessagePeople {
  const read = (name: string, fields = headers.plainAll(name)): readonly MailAddress[] => {
    const { found, isCut } = readAddresses(fields);
    if (isCut) oddities.add("recipients");
    if (found.some(({ address }) => address === "")) oddities.add("address");
    return found;
  };
  // RFC 5322 §3.6 allows one From; of two, the first is what most programs show, and somebody may want us to see the other.
  if (headers.count("from") > 1) oddities.add("from");
  const from = read("from", [headers.plain("from") ?? ""]);
  const [sender, replyTo, bcc] = [read("sender"), read("reply-to"), read("bcc")];
  return {
    from,
    to: read("to"),
    cc: read("cc"),
    ...(sender.length > 0 && { sender }),
    ...(replyTo.length > 0 && { replyTo }),
    ...(bcc.length > 0 && { bcc }),
  };
}

/* ---------- attachments ---------- */

function readAttachments(
  attached: readonly (MimePart | Uuencoded)[],
  cids: ReadonlySet<string>,
  oddities: Set<string>,
): readonly ParsedAttachment[] {
  const taken = new Set<string>();
  if (attached.length > mailLimits.maxAttachments) oddities.add("attachments");
  return attached.slice(0, mailLimits.maxAttachments).map((part) => {
    const attachment = "headers" in part ? fromPart(part, cids) : fromUuencoded(part);
    return { ...attachment, name: numberedName(attachment.name, taken) };
  });
}

const fromUuencoded = ({ name, bytes }: Uuencoded): ParsedAttachment => ({
  name: cleanFileName(name) || "attachment.bin",
  mime: "application/octet-stream",
  bytes,
  inline: false,
});

function fromPart(part: MimePart, cids: ReadonlySet<string>): ParsedAttachment {
  const mime = part.type.value;
  const cid = contentIdOf(part);
  const bytes = decodeTransfer(part.body, part.encoding);
  const name = cleanFileName(part.disposition.params.get("filename") ?? part.type.params.get("name") ?? "");
  return {
    name: name || cleanFileName(nameOfMessage(mime, bytes)) || nameForType(mime),
    mime,
    bytes,
    inline: cid !== undefined && cids.has(cid),
    ...(cid !== undefined && { cid }),
  };
}

/** A message that is attached is named by its subject. */
function nameOfMessage(mime: string, bytes: Uint8Array): string {
  if (mime !== "message/rfc822" && mime !== "message/global") return "";
  const subject = readSubject(splitParts(bytes.subarray(0, 65_536)).root.headers);
  return subject === "" ? "" : `${subject.slice(0, 100).toWellFormed().replaceAll(/[\\/]/g, "_")}.eml`;
}
