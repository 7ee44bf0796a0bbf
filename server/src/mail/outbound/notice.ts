import MimeNode from "nodemailer/lib/mime-node";
import { labelIn, type Locale } from "@kontor/shared/base";
import { deliveryReasonWords, readAnswer } from "@kontor/shared/mail";
import { noticeWords } from "./notice.words.ts";
import { GIVE_UP_AFTER_MS } from "./retrySchedule.ts";

/** What became of some recipients of a message, for its sender. */
export interface Notice {
  readonly kind: "failed" | "delayed";
  readonly locale: Locale;
  readonly timeZone: string;
  /** This server (RFC 3464 Reporting-MTA). */
  readonly ownName: string;
  /** Whom it is for. */
  readonly to: string;
  readonly message: {
    readonly messageId: string;
    readonly envelopeId: string;
    readonly subject: string;
    readonly queuedAt: string;
    /** Its header, as it left. */
    readonly header: string;
  };
  readonly recipients: readonly NoticeRecipient[];
  readonly now: string;
  /** Without brackets. */
  readonly id: string;
}

export interface NoticeRecipient {
  readonly address: string;
  /** The far server's last answer; empty: there was none. */
  readonly reply: string;
  readonly lastAttemptAt: string;
  readonly expired: boolean;
}

/** A delivery status notification (RFC 3464), as other servers send them, in words that people read. */
export async function buildNotice(notice: Notice): Promise<Buffer> {
  const { kind, locale, ownName, message, now } = notice;
  const words = noticeWords[locale];
  const report = new MimeNode("multipart/report; report-type=delivery-status", {
    baseBoundary: notice.id.split("@", 1).join(""), // RFC 2046 §5.1.1: at most 70 characters
  });
  const subject = kind === "failed" ? words.subjectFailed(message.subject) : words.subjectDelayed(message.subject);
  report.setHeader([
    { key: "From", value: { name: words.from, address: `mailer-daemon@${ownName}` } },
    { key: "To", value: notice.to },
    { key: "Subject", value: subject },
    { key: "Date", value: new Date(now).toUTCString().replace("GMT", "+0000") },
    { key: "Message-ID", value: `<${notice.id}>` },
    // Threads are made of these: it comes to lie beside the message that it is about.
    { key: "In-Reply-To", value: `<${message.messageId}>` },
    { key: "References", value: `<${message.messageId}>` },
    // RFC 3834: nobody's holiday reply answers it.
    { key: "Auto-Submitted", value: "auto-replied" },
  ]);
  report.createChild("text/plain; charset=utf-8").setContent(textOf(notice));
  report
    .createChild("message/delivery-status")
    .setHeader("Content-Transfer-Encoding", "7bit")
    .setContent(statusOf(notice));
  report
    .createChild("text/rfc822-headers; charset=utf-8")
    .setHeader("Content-Disposition", "inline")
    .setContent(message.header);
  return report.build();
}

function textOf({ kind, locale, timeZone, message, recipients }: Notice): string {
  const words = noticeWords[locale];
  const time = new Intl.DateTimeFormat(locale, { dateStyle: "long", timeStyle: "short", timeZone });
  const until = time.format(Date.parse(message.queuedAt) + GIVE_UP_AFTER_MS);
  const each = recipients.flatMap(({ address, reply }) => {
    const { reason, said } = readAnswer(reply, { isOver: kind === "failed" });
    const answer = said === undefined ? [] : [`  ${words.said(said)}`];
    return [
      "",
      `  ${address}`,
      `  ${labelIn(deliveryReasonWords[reason], locale)}`,
      ...(reply === "" ? [`  ${words.silence}`] : answer),
    ];
  });
  return [
    kind === "failed" ? words.failed : words.delayed(until),
    ...each,
    "",
    words.about(message.subject, time.format(Date.parse(message.queuedAt))),
    "",
  ].join("\r\n");
}

/** RFC 3464 §2: a block about the message, and one about each recipient. ASCII: what is beyond it is written as RFC 6533 does. */
function statusOf({ kind, ownName, message, recipients }: Notice): string {
  const blocks = [
    [
      `Reporting-MTA: dns; ${ownName}`,
      `Original-Envelope-Id: ${message.envelopeId}`,
      `Arrival-Date: ${rfcDate(message.queuedAt)}`,
    ],
    ...recipients.map(({ address, reply, lastAttemptAt, expired }) => [
      `Final-Recipient: ${typedAddress(address)}`,
      `Action: ${kind}`,
      `Status: ${statusCode(kind, reply, expired)}`,
      ...(reply === "" ? [] : [`Diagnostic-Code: smtp; ${asciiLine(reply)}`]),
      `Last-Attempt-Date: ${rfcDate(lastAttemptAt)}`,
      ...(kind === "delayed" ? [`Will-Retry-Until: ${rfcDate(Date.parse(message.queuedAt) + GIVE_UP_AFTER_MS)}`] : []),
    ]),
  ];
  return `${blocks.map((lines) => lines.join("\r\n")).join("\r\n\r\n")}\r\n`;
}

const rfcDate = (at: string | number): string => new Date(at).toUTCString().replace("GMT", "+0000");

// oxlint-disable-next-line no-control-regex -- all of ASCII that is printed
const asciiLine = (text: string): string => text.replaceAll(/[^\u0020-\u007e]+/g, "?");

/** RFC 6533 §3: `utf-8; \x{444}` for each character beyond ASCII. */
function typedAddress(address: string): string {
  const escaped = [...address]
    .map((char) => (/[\u0021-\u007e]/.test(char) && char !== "\\" ? char : `\\x{${char.codePointAt(0)?.toString(16)}}`))
    .join("");
  return escaped === address ? `rfc822; ${address}` : `utf-8; ${escaped}`;
}

function statusCode(kind: Notice["kind"], reply: string, expired: boolean): string {
  const [, said] = /^\d{3} (\d\.\d{1,3}\.\d{1,3})\b/.exec(reply) ?? [];
  const leading = kind === "failed" ? "5" : "4";
  if (expired) return said?.startsWith("4") ? `5${said.slice(1)}` : "5.4.7"; // delivery time expired
  return said?.startsWith(leading) ? said : `${leading}.0.0`;
}

const MAX_HEADER_BYTES = 32 * 1024; // ours are a few kilobytes; what is sent on from elsewhere may be anything

/** The header of a message, of its first bytes. */
export async function readHeader(raw: AsyncIterable<Buffer>): Promise<string> {
  let head = Buffer.alloc(0);
  for await (const chunk of raw) {
    head = Buffer.concat([head, chunk]);
    if (head.length >= MAX_HEADER_BYTES || head.includes("\r\n\r\n") || head.includes("\n\n")) break;
  }
  const text = head.toString("utf8");
  const end = /\r?\n\r?\n/.exec(text)?.index ?? text.length;
  return `${text.slice(0, end)}\r\n`;
}
