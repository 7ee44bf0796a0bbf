import { Readable } from "node:stream";
import { foldLines } from "nodemailer/lib/mime-funcs";
import MimeNode from "nodemailer/lib/mime-node";
import type { MailAddress } from "@kontor/shared/mail";
import { requireAddresses, requireIds, toComposerAddress } from "./buildMessage.ts";

/** Who sends an existing message on, and to whom (RFC 5322 §3.6.6). */
export interface Resent {
  readonly messageId: string;
  readonly date: Date;
  readonly from: MailAddress;
  readonly to: readonly MailAddress[];
  readonly cc: readonly MailAddress[];
}

/** The message byte for byte, so that what signed it still does, behind the fields that say who sent it on. */
export function redirectMessage(raw: AsyncIterable<Uint8Array>, resent: Resent): Readable {
  const { messageId, date, from, to, cc } = resent;
  requireAddresses([from, ...to, ...cc]);
  requireIds([messageId]);
  const fields = [
    field("Resent-Date", MimeNode.encodeHeaderValue("Date", date)),
    field("Resent-From", addresses([from])),
    field("Resent-To", to.length > 0 ? addresses(to) : "undisclosed-recipients:;"),
    ...(cc.length > 0 ? [field("Resent-Cc", addresses(cc))] : []),
    field("Resent-Message-ID", `<${messageId}>`),
  ];
  return Readable.from(prepended(Buffer.from(fields.join("")), raw), { objectMode: false });
}

async function* prepended(head: Buffer, raw: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield head;
  yield* raw;
}

const field = (name: string, value: string): string => `${foldLines(`${name}: ${value}`, 76)}\r\n`;

const addresses = (list: readonly MailAddress[]): string =>
  MimeNode.encodeHeaderValue("To", list.map(toComposerAddress));
