import type { MailAddress, MessageDoc } from "@kontor/shared/mail";

/**
 * What became of bytes from outside. Nothing is thrown for odd input: what is no message, or too large to be read in bounds, is
 * `unreadable` and goes to quarantine with its reason.
 */
export type ParseOutcome =
  | { readonly kind: "parsed"; readonly message: ParsedMessage }
  | { readonly kind: "unreadable"; readonly reason: UnreadableReason; readonly message: string };

/**
 * `empty`: no byte but white space. `tooLarge`: above `maxMessageBytes`. `notAMessage`: no header field at all. `tooCostly`: it takes
 * more time or memory than any message needs. `failed`: a fault of ours.
 */
export type UnreadableReason = "empty" | "tooLarge" | "notAMessage" | "tooCostly" | "failed";

/** A message from outside, read: bounded, decoded and cleaned. Nothing in it is trusted; what was too much is cut and said. */
export interface ParsedMessage {
  /** Without brackets. One that lacks it is given one made of its own bytes, so that it stays the same each time. */
  readonly messageId: string;
  readonly inReplyTo: readonly string[];
  /** In the order of the header, the oldest first. */
  readonly refs: readonly string[];
  readonly subject: string;
  readonly people: MessagePeople;
  /** The author's clock; undefined where there is no date that can be read. ISO 8601. */
  readonly sentAt: string | undefined;
  readonly snippet: string;
  readonly text: string;
  /** Cleaned by `cleanHtml`. */
  readonly html: string | undefined;
  readonly isCut: boolean;
  readonly hasRemote: boolean;
  readonly attachments: readonly ParsedAttachment[];
  readonly extras: MessageExtras;
  /** What was odd about it, as stable keys, for whoever looks into it: `depth`, `charset`, `boundary`, `header` … */
  readonly oddities: readonly string[];
}

export interface MessagePeople {
  readonly from: readonly MailAddress[];
  readonly sender?: readonly MailAddress[];
  readonly replyTo?: readonly MailAddress[];
  readonly to: readonly MailAddress[];
  readonly cc: readonly MailAddress[];
  /** Of a message that is still a draft, or of one imported from its sender's own folder. */
  readonly bcc?: readonly MailAddress[];
}

export interface ParsedAttachment {
  /** Fit for `fileNameSchema`. */
  readonly name: string;
  readonly mime: string;
  readonly bytes: Uint8Array;
  /** Content-ID without its brackets. */
  readonly cid?: string;
  /** The text shows it. */
  readonly inline: boolean;
}

export interface MessageExtras {
  readonly list?: MessageDoc["list"];
  readonly importance?: MessageDoc["importance"];
  readonly sealed?: MessageDoc["sealed"];
  /** RFC 3834: answers nobody should answer by itself. */
  readonly autoSubmitted?: boolean;
  readonly cards?: MessageDoc["cards"];
}
