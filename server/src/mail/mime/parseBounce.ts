import { isMailAddress } from "@kontor/shared/mail";
import { decodeText } from "./charset.ts";
import type { HeaderFields } from "./headerFields.ts";
import { readMessageIds } from "./messageExtras.ts";
import { readAddresses } from "./readAddresses.ts";
import { splitParts, type MimePart } from "./splitParts.ts";
import { decodeTransfer } from "./transfer.ts";

/**
 * What a mail server tells of a message that it could not, or could at last, hand on: reports after RFC 3464, and the letters that
 * servers without it write. What it says is somebody's word: whoever changes a delivery's state matches it by envelope id or
 * Message-ID with what was sent, and by recipient.
 */
export interface Bounce {
  /** ENVID of RFC 3461, as it was given with the message. */
  readonly envelopeId: string | undefined;
  /** Of the message that it is about, without brackets. */
  readonly originalMessageId: string | undefined;
  readonly recipients: readonly BouncedRecipient[];
}

export interface BouncedRecipient {
  readonly address: string;
  readonly action: BounceAction;
  /** RFC 3463, `5.1.1`. */
  readonly status: string | undefined;
  /** The far server's words. */
  readonly diagnostic: string | undefined;
}

export const bounceActions = ["failed", "delayed", "delivered", "relayed", "expanded"] as const;
export type BounceAction = (typeof bounceActions)[number];

/** As many as a message has recipients, at most; the rest is an attack on the reader. */
const MAX_RECIPIENTS = 500;
const MAX_DIAGNOSTIC_CHARS = 1_000;
/** A report is short; behind this lies the returned message. */
const MAX_REPORT_BYTES = 262_144;

/** In front of everything that is a report; what has none of it need not be taken apart, and that is nearly all mail. */
const HINTS = /delivery-status|x-failed-recipients|mailer-?daemon|postmaster|mail-daemon|mail\.?delivery|mdaemon/i;
const MAX_HINT_BYTES = 1024 ** 2;

/** Undefined: this is no such report. */
export function parseBounce(raw: Uint8Array): Bounce | undefined {
  const start = Buffer.from(raw.buffer, raw.byteOffset, Math.min(raw.length, MAX_HINT_BYTES));
  if (!HINTS.test(start.toString("latin1"))) return undefined;
  const { root } = splitParts(raw);
  const parts = [...walk(root)];
  const report = parts.find(
    ({ type }) => type.value === "message/delivery-status" || type.value === "message/global-delivery-status",
  );
  const found = report ? parseReport(textOf(report)) : parseLetter(root, parts);
  if (!found || found.recipients.length === 0) return undefined;
  return { ...found, originalMessageId: originalIdOf(parts) };
}

function* walk(part: MimePart): Generator<MimePart> {
  yield part;
  for (const child of part.children) yield* walk(child);
}

const textOf = ({ body, encoding, type }: MimePart): string =>
  decodeText(decodeTransfer(body.subarray(0, MAX_REPORT_BYTES), encoding), type.params.get("charset")).text;

/* ---------- RFC 3464 ---------- */

type Found = Omit<Bounce, "originalMessageId">;

/** Groups of fields parted by empty lines: the first one about the message, each further one about a recipient. */
function parseReport(text: string): Found {
  const groups = text
    .replaceAll(/\r\n?/g, "\n")
    .split(/\n[ \t]*\n/)
    .map(fieldsOf)
    .filter((fields) => fields.size > 0);
  const recipients = groups.slice(0, MAX_RECIPIENTS + 1).flatMap((fields) => recipientOf(fields) ?? []);
  const envelopeId = groups[0]?.get("original-envelope-id");
  return { envelopeId: envelopeId === undefined ? undefined : fromXtext(envelopeId).slice(0, 200), recipients };
}

function fieldsOf(group: string): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  for (const line of group.replaceAll(/\n[ \t]+/g, " ").split("\n")) {
    const at = line.indexOf(":");
    const name = line.slice(0, Math.max(at, 0)).trim().toLowerCase();
    if (/^[a-z-]+$/.test(name) && !fields.has(name)) fields.set(name, line.slice(at + 1).trim());
  }
  return fields;
}

function recipientOf(fields: ReadonlyMap<string, string>): BouncedRecipient | undefined {
  // The original one is what we sent to; the final one may be where somebody's forwarding led.
  const address = addressOf(fields.get("original-recipient")) ?? addressOf(fields.get("final-recipient"));
  if (address === undefined) return undefined;
  const said = /[a-z]+/.exec(fields.get("action")?.toLowerCase() ?? "")?.[0];
  const status = STATUS.exec(fields.get("status") ?? "")?.[0];
  const action = bounceActions.find((known) => known === said) ?? actionOf(status);
  return { address, action, status, diagnostic: diagnosticOf(fields.get("diagnostic-code")) };
}

const STATUS = /\b[245]\.\d{1,3}\.\d{1,3}\b/;

const actionOf = (status: string | undefined): BounceAction =>
  status?.startsWith("2") ? "delivered" : status?.startsWith("4") ? "delayed" : "failed";

/** `rfc822; anna@example.com`, `utf-8; …` (RFC 6533), and without the type, as some write it. */
function addressOf(field: string | undefined): string | undefined {
  const value = (field ?? "")
    .replace(/^[^;]*;/, "")
    .trim()
    .replaceAll(/^<|>$/g, "");
  const address = fromXtext(value);
  return isMailAddress(address) ? address : isMailAddress(value) ? value : undefined;
}

const diagnosticOf = (field: string | undefined): string | undefined => {
  const text = (field ?? "")
    .replace(/^(?:smtp|x-[\w-]+|dns)\s*;/i, "")
    .replaceAll(/\s+/g, " ")
    .trim();
  return text === "" ? undefined : text.slice(0, MAX_DIAGNOSTIC_CHARS).toWellFormed();
};

/** RFC 3461 §4: `+3D` is an equals sign. */
const fromXtext = (text: string): string =>
  text.replaceAll(/\+(?<hex>[0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));

/* ---------- letters of servers that know no RFC 3464 ---------- */

const SENDERS = /^(?:mailer-daemon|postmaster|mail-daemon|mail\.?delivery|maildelivery|mdaemon)/i;
const SUBJECTS =
  /undeliver|delivery (?:status|failure|failed|notification|has failed)|returned mail|failure notice|mail delivery|delivery problem|nondeliverable|не доставлено|недоставлен|unzustellbar|nicht zugestellt|non remis|delayed|rejected/i;
const DELAYED =
  /(?:has been|is) delayed|not yet been delivered|will (?:continue|be retried)|still being retried|warning: message/i;

function parseLetter(root: MimePart, parts: readonly MimePart[]): Found | undefined {
  if (!isLetter(root.headers)) return undefined;
  const part = parts.find(({ type, children }) => children.length === 0 && type.value === "text/plain");
  const text = part ? textOf(part).replaceAll(/\r\n?/g, "\n") : "";
  const own = beforeReturned(text);
  const named = namedIn(root.headers, own);
  const action = DELAYED.test(own) ? "delayed" : "failed";
  const recipients = named.slice(0, MAX_RECIPIENTS).map((address): BouncedRecipient => {
    const behind = own.slice(Math.max(own.indexOf(address), 0), Math.max(own.indexOf(address), 0) + 2_000);
    const paragraph = behind.split(/\n\s*\n/)[0] ?? "";
    const words = diagnosticOf(paragraph.slice(address.length).replace(/^[>:\s()]+/, ""));
    return { address, action, status: STATUS.exec(behind)?.[0], diagnostic: words };
  });
  return { envelopeId: undefined, recipients };
}

/** Behind such a line stands what is returned; addresses in it are other people's. */
const RULE = /original|returned|copy of|begin|headers|undelivered/i;

function beforeReturned(text: string): string {
  const lines = text.split("\n");
  const rule = lines.findIndex((line) => line.startsWith("--") && RULE.test(line));
  return rule < 0 ? text : lines.slice(0, rule).join("\n");
}

function isLetter(headers: HeaderFields): boolean {
  const from = readAddresses([headers.plain("from") ?? ""]).found[0];
  const isDaemon = SENDERS.test(from?.address || (from?.name ?? "")) || headers.has("x-failed-recipients");
  return isDaemon && (SUBJECTS.test(headers.text("subject") ?? "") || headers.has("x-failed-recipients"));
}

/** Exim names them in a field, qmail and others at the start of a line. */
function namedIn(headers: HeaderFields, text: string): readonly string[] {
  const field = headers
    .plainAll("x-failed-recipients")
    .join(",")
    .split(/[\s,]+/)
    .filter(isMailAddress);
  if (field.length > 0) return [...new Set(field)];
  const found = [
    ...text.matchAll(
      /^[ \t]*(?:[*>-] )?(?:(?:to|recipient|address|получатель)\s*:\s*)?<?(?<address>[^\s<>:;,"']{1,64}@[^\s<>:;,"']{1,255})>?[:.]?(?=\s|$)/gim,
    ),
  ];
  return [...new Set(found.map(({ groups }) => (groups?.["address"] ?? "").replace(/\.$/, "")).filter(isMailAddress))];
}

/* ---------- which message it is about ---------- */

/** Of what was returned: the message, its headers alone, or its beginning as text. */
function originalIdOf(parts: readonly MimePart[]): string | undefined {
  const returned = parts.find(({ type }) => RETURNED.has(type.value));
  if (returned) {
    const bytes = decodeTransfer(returned.body.subarray(0, MAX_REPORT_BYTES), returned.encoding);
    return readMessageIds(splitParts(bytes).root.headers.plain("message-id"))[0];
  }
  const text = parts
    .filter(({ children, type }) => children.length === 0 && type.value === "text/plain")
    .map(textOf)
    .join("\n");
  return readMessageIds(/^[ \t>]*Message-ID:[ \t]*(?<id><[^<>\s]+>)/im.exec(text)?.groups?.["id"])[0];
}

const RETURNED = new Set([
  "message/rfc822",
  "message/global",
  "text/rfc822-headers",
  "message/rfc822-headers",
  "message/global-headers",
]);
