import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import MailComposer from "nodemailer/lib/mail-composer";
import { DomainError } from "@kontor/shared/base";
import { cleanName, isMailAddress, type MailAddress } from "@kontor/shared/mail";
import { fitsSevenBit } from "./fitsSevenBit.ts";

/** A message that leaves: everything that its raw bytes are made of. There is no Bcc: who is hidden is in no header, ever. */
export interface OutgoingMessage {
  /** Without brackets, as are `inReplyTo` and `references`. */
  readonly messageId: string;
  readonly date: Date;
  readonly from: MailAddress;
  /** Who wrote it in the name of `from`. */
  readonly sender?: MailAddress | undefined;
  readonly replyTo?: readonly MailAddress[] | undefined;
  readonly to: readonly MailAddress[];
  readonly cc: readonly MailAddress[];
  readonly subject: string;
  readonly inReplyTo?: string | undefined;
  /** The oldest first. */
  readonly references?: readonly string[] | undefined;
  readonly text: string;
  /** Pictures as `cid:…` of an attachment that is `inline`. */
  readonly html?: string | undefined;
  readonly attachments: readonly OutgoingAttachment[];
  /** Further fields, unstructured: Importance, Auto-Submitted, List-Unsubscribe … Their values are encoded where they must be. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

export interface OutgoingAttachment {
  readonly name: string;
  readonly mime: string;
  /** Content-ID without its brackets. */
  readonly cid?: string | undefined;
  /** The HTML shows it. */
  readonly inline: boolean;
  /** Called when its turn has come; a message twice, since what it holds decides how it travels. */
  open(): Promise<AsyncIterable<Uint8Array>>;
}

/**
 * The message as it travels (RFC 5322, MIME): seven-bit but for addresses that are not, lines of 76. Streams: an attachment is read
 * while it is written, so that its size costs no memory; `blobs.put(buildMessage(…))` has size and SHA-256 of it.
 *
 * - **BLD-1** The same message is the same bytes each time, boundaries, too: a dispatch that was killed and runs again stores one blob.
 * - **BLD-2** No value ends its field: line ends are white space in unstructured ones, and refused in names, ids and addresses.
 * - **BLD-3** `parseMessage` reads back what was given.
 */
export function buildMessage(message: OutgoingMessage): Readable {
  requireFields(message);
  return Readable.from(compose(message), { objectMode: false });
}

async function* compose(message: OutgoingMessage): AsyncGenerator<Buffer> {
  const attachments = await Promise.all(message.attachments.map(toComposerAttachment));
  const composer = new MailComposer({
    from: toComposerAddress(message.from),
    ...(message.sender && { sender: toComposerAddress(message.sender) }),
    ...(message.replyTo && { replyTo: message.replyTo.map(toComposerAddress) }),
    to: message.to.length > 0 || message.cc.length > 0 ? message.to.map(toComposerAddress) : NOBODY_NAMED,
    cc: message.cc.map(toComposerAddress),
    subject: oneLine(message.subject),
    messageId: `<${message.messageId}>`,
    date: message.date,
    ...(message.inReplyTo && { inReplyTo: `<${message.inReplyTo}>` }),
    references: boundReferencesForHeader(message.references ?? []).map((id) => `<${id}>`),
    text: withCrlf(message.text),
    ...(message.html !== undefined && message.html !== "" && { html: withCrlf(message.html) }),
    attachments,
    headers: Object.entries(message.headers ?? {}).map(([key, value]) => ({ key, value: oneLine(value) })),
    baseBoundary: createHash("sha256").update(message.messageId).digest("hex").slice(0, 24),
    boundaryPrefix: "--_k",
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  yield* composer.compile().createReadStream() as AsyncIterable<Buffer>;
}

/** RFC 5322 §3.6.3 wants one destination field; the group without members is what everybody writes for those who are hidden. */
const NOBODY_NAMED = "undisclosed-recipients:;";

export const toComposerAddress = ({ address, name }: MailAddress) => ({ address, name: cleanName(name ?? "") });

async function toComposerAttachment(attachment: OutgoingAttachment) {
  const { name, mime, cid, inline } = attachment;
  const type = /^(?!multipart\/)[\w!#$&^.+-]{1,100}\/[\w!#$&^.+-]{1,100}$/i.test(mime)
    ? mime.toLowerCase()
    : "application/octet-stream";
  // A message within a message may not be encoded (RFC 2046 §5.2.1): what is not seven-bit goes as a file, which every program opens.
  const isMessage = type.startsWith("message/");
  const isPlain = isMessage && (await fitsSevenBit(await attachment.open()));
  return {
    filename: name,
    contentType: isMessage && !isPlain ? "application/octet-stream" : type,
    contentTransferEncoding: isPlain ? "7bit" : "base64",
    contentDisposition: inline ? "inline" : "attachment",
    ...(cid !== undefined && inline && { cid }),
    ...(cid !== undefined && !inline && { headers: { "Content-Id": `<${cid}>` } }),
    content: Readable.from(whenRead(attachment), { objectMode: false }),
  };
}

/** Opened when the bytes are asked for: 200 attachments are not 200 open files. */
async function* whenRead(attachment: OutgoingAttachment): AsyncGenerator<Uint8Array> {
  yield* await attachment.open();
}

/** 80 ids are 6 kB; some servers refuse larger fields. The first message and the last ones are what threads are made by. */
const MAX_REFERENCES = 80;

const boundReferencesForHeader = (ids: readonly string[]): readonly string[] =>
  ids.length <= MAX_REFERENCES ? ids : [...ids.slice(0, 1), ...ids.slice(1 - MAX_REFERENCES)];

// oxlint-disable-next-line no-control-regex -- naming control characters is the point
const CONTROL = /[\u0000-\u001f\u007f\u0085\u2028\u2029]+/g;
const oneLine = (text: string): string => text.replaceAll(CONTROL, " ").toWellFormed().trim();

const withCrlf = (text: string): string =>
  text
    .toWellFormed()
    .replaceAll("\u0000", "")
    .replaceAll(/\r\n?|\n/g, "\r\n");

/* ---------- what may stand in a header ---------- */

const ID = /^[^\s<>\p{Cc}]{1,500}$/u;
const FIELD_NAME = /^[A-Za-z][A-Za-z0-9-]{0,76}$/;
/** Made from the fields of `OutgoingMessage`, or by whoever transports it. */
const OWN_FIELDS =
  /^(?:from|sender|reply-to|to|cc|bcc|subject|message-id|date|in-reply-to|references|mime-version|content-.*|received|return-path|dkim-signature|arc-.*|authentication-results|resent-.*)$/i;

function requireFields(message: OutgoingMessage): void {
  const { from, sender, replyTo = [], to, cc, attachments } = message;
  requireAddresses([from, ...(sender ? [sender] : []), ...replyTo, ...to, ...cc]);
  requireIds([message.messageId, ...(message.inReplyTo ? [message.inReplyTo] : []), ...(message.references ?? [])]);
  requireIds(attachments.flatMap(({ cid }) => (cid === undefined ? [] : [cid])));
  for (const name of Object.keys(message.headers ?? {})) {
    if (!FIELD_NAME.test(name) || OWN_FIELDS.test(name)) {
      throw invalid("field", `The field ${JSON.stringify(name.slice(0, 80))} cannot be set.`);
    }
  }
}

export function requireAddresses(list: readonly MailAddress[]): void {
  if (list.every(({ address }) => isMailAddress(address))) return;
  throw invalid("address", "An address of the message is none that mail could be sent to.");
}

/** Message-IDs and Content-IDs. */
export function requireIds(ids: readonly string[]): void {
  if (ids.every((id) => ID.test(id))) return;
  throw invalid(
    "id",
    "An id of the message has white space, brackets or control characters, or more than 500 characters.",
  );
}

const invalid = (what: string, message: string) =>
  new DomainError("invalid", message, { reason: `mail.build.${what}` });
