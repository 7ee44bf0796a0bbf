import iconv from "iconv-lite";
import type { ParsedMessage, UnreadableReason } from "../../../src/mail/mime/parsedMessage.ts";

/** A message such as nobody should write and somebody does, and what is to be read of it. */
export interface OddMessage {
  readonly name: string;
  readonly raw: Buffer;
  readonly expected: Expected;
}

export type Expected = Partial<Omit<ParsedMessage, "attachments" | "people">> & {
  readonly people?: Partial<ParsedMessage["people"]>;
  /** All of them, in order: name, type, and the text of their bytes where it matters. */
  readonly attachments?: readonly {
    readonly name?: string;
    readonly mime?: string;
    readonly text?: string;
    readonly size?: number;
    readonly inline?: boolean;
    readonly cid?: string;
  }[];
  /** These are among the oddities. */
  readonly odd?: readonly string[];
  readonly unreadable?: UnreadableReason;
  /** The text holds this. */
  readonly says?: string;
};

export type Piece = string | Uint8Array;

/** Lines as they travel: text as UTF-8, line ends as CRLF; bytes as they are. */
export function bytes(...pieces: readonly Piece[]): Buffer {
  return Buffer.concat(
    pieces.map((piece) => (typeof piece === "string" ? Buffer.from(piece.replaceAll(/\r?\n/g, "\r\n")) : piece)),
  );
}

/** A message with what every message has, so that only what is odd is odd. */
export const message = (...pieces: readonly Piece[]): Buffer =>
  bytes(
    "From: Anna <anna@example.com>\nTo: bert@example.com\nDate: Mon, 05 Jan 2026 10:00:00 +0000\nMessage-ID: <odd@example.com>\n",
    ...pieces,
  );

export const odd = (name: string, raw: Buffer, expected: Expected): OddMessage => ({ name, raw, expected });

export const encode = (text: string, charset: string): Buffer =>
  charset === "iso-2022-jp" ? encodeIso2022(text) : iconv.encode(text, charset);

/** ISO-2022-JP is EUC-JP without its high bits, between escapes; no library here writes it. */
function encodeIso2022(text: string): Buffer {
  const parts: Buffer[] = [];
  for (const [run] of text.matchAll(/\p{ASCII}+|\P{ASCII}+/gu)) {
    const isAscii = /^\p{ASCII}/u.test(run);
    const encoded = iconv.encode(run, isAscii ? "ascii" : "eucjp");
    parts.push(
      isAscii
        ? encoded
        : Buffer.concat([Buffer.from("\u001b$B"), encoded.map((byte) => byte & 0x7f), Buffer.from("\u001b(B")]),
    );
  }
  return Buffer.concat(parts);
}

/** All bytes but letters and digits as escapes, 24 in a line. */
export const quotedPrintable = (raw: Uint8Array): string =>
  [...raw]
    .map((byte, index) => {
      const char = String.fromCharCode(byte);
      const text = /[a-z0-9]/i.test(char) ? char : `=${byte.toString(16).toUpperCase().padStart(2, "0")}`;
      return index % 24 === 23 ? `${text}=\n` : text;
    })
    .join("");

export const base64 = (raw: Uint8Array | string): string =>
  Buffer.from(raw).toString("base64").replaceAll(/.{76}/g, "$&\n");
export const percent = (raw: Uint8Array): string =>
  [...raw].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, "0")}`).join("");
export const qWord = (raw: Uint8Array, charset: string): string =>
  `=?${charset}?Q?${[...raw].map((byte) => `=${byte.toString(16).toUpperCase().padStart(2, "0")}`).join("")}?=`;
export const bWord = (raw: Uint8Array, charset: string): string =>
  `=?${charset}?B?${Buffer.from(raw).toString("base64")}?=`;
