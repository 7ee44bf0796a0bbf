import { Readable } from "node:stream";
import { wholeToCrLf } from "#mail";

/**
 * A message that is in memory, for nodemailer, which looks at each byte of what it is given in JavaScript: a fifth of the processor
 * time of a message. Here line ends and dots are found by the machine's own search, and what travels is put behind nodemailer's
 * look, into the stream from which the connection is fed (TRN-6).
 */
export class EscapedMessage extends Readable {
  readonly #data: Buffer;
  readonly #onHandedOver: () => void;

  /** `onHandedOver`: all of it is on its way, the final dot as well. */
  constructor(message: Buffer, onHandedOver: () => void) {
    super();
    this.#data = escaped(message);
    this.#onHandedOver = onHandedOver;
  }

  override pipe<Destination extends NodeJS.WritableStream>(destination: Destination): Destination {
    if (!(destination instanceof Readable)) throw new Error("nodemailer feeds its connection in another way");
    destination.push(this.#data);
    destination.push(null);
    this.#onHandedOver();
    return destination;
  }
}

const DOT = 0x2e;
const LF = 0x0a;
const LINE_WITH_DOT = Buffer.from("\n.");

/** What follows `354`: each line ended by CR LF, a second dot before one that begins a line, and the final dot (RFC 5321 §4.5.2). */
export function escaped(message: Buffer): Buffer {
  const text = wholeToCrLf(message);
  const parts: Buffer[] = [];
  let from = 0;
  const dotAt = (at: number) => {
    parts.push(text.subarray(from, at), Buffer.from("."));
    from = at;
  };
  if (text[0] === DOT) dotAt(0);
  for (let at = text.indexOf(LINE_WITH_DOT); at >= 0; at = text.indexOf(LINE_WITH_DOT, at + 1)) dotAt(at + 1);
  parts.push(text.subarray(from), Buffer.from(text.at(-1) === LF ? ".\r\n" : "\r\n.\r\n"));
  return Buffer.concat(parts);
}
