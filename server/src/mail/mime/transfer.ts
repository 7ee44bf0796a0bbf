/**
 * Content-Transfer-Encoding (RFC 2045 §6). Every form is read as far as it makes sense: junk between is passed over, an end in the
 * middle ends nothing. Output is never longer than input.
 */
export function decodeTransfer(body: Uint8Array, encoding: string): Uint8Array {
  switch (encoding) {
    case "base64":
      return decodeBase64(body);
    case "quoted-printable":
      return decodeQuotedPrintable(body);
    case "x-uuencode":
    case "x-uue":
    case "uuencode":
    case "uue":
      return findUuencoded(body)[0]?.bytes ?? body;
    default:
      return body;
  }
}

const BASE64 = new Int8Array(256).fill(-1);
for (const [value, char] of [..."ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"].entries()) {
  BASE64[char.charCodeAt(0)] = value;
}
// base64url, which some programs send where base64 belongs.
BASE64["-".charCodeAt(0)] = 62;
BASE64["_".charCodeAt(0)] = 63;

/** Above it, the body as a string beside its bytes is too much; below it, the platform is five times as fast. */
const MAX_NATIVE_BYTES = 1024 ** 2;

/** The platform stops at the first padding; some programs pad every line, some lists append their footer, and large bodies are many strings. */
export function decodeBase64(body: Uint8Array): Uint8Array {
  const padding = body.indexOf(0x3d);
  const isPlain = padding < 0 || padding >= body.length - 4;
  if (!isPlain || body.length > MAX_NATIVE_BYTES) return decodeBase64ByHand(body);
  return Buffer.from(Buffer.from(body.buffer, body.byteOffset, body.length).toString("latin1"), "base64");
}

function decodeBase64ByHand(body: Uint8Array): Uint8Array {
  const out = Buffer.allocUnsafe(Math.ceil((body.length * 3) / 4));
  let length = 0;
  let bits = 0;
  let held = 0;
  let isPadded = false;
  for (let at = 0; at < body.length; at++) {
    const byte = body[at] as number;
    const value = BASE64[byte] as number;
    if (value < 0) {
      // Padding ends a group; the next one starts with clean bits.
      if (byte === 0x3d) {
        held = 0;
        isPadded = true;
      } else if (byte === 0x0a && isPadded && isTextLine(body, at + 1)) break;
      continue;
    }
    bits = ((bits << 6) | value) & 0xffffff;
    held += 6;
    if (held >= 8) {
      held -= 8;
      out[length++] = (bits >> held) & 0xff;
    }
  }
  return out.subarray(0, length);
}

/** Lists append their footers as text to what is base64. Behind the padding, a line that is no base64 is one. */
function isTextLine(body: Uint8Array, start: number): boolean {
  for (let at = start; at < start + 1_000; at++) {
    const byte = body[at];
    if (byte === undefined || byte === 0x0a || byte === 0x0d) return false;
    if (byte === 0x2d || (BASE64[byte] === -1 && byte !== 0x3d)) return true;
  }
  return false;
}

const HEX = new Int8Array(256).fill(-1);
for (let value = 0; value < 16; value++) {
  HEX[value.toString(16).charCodeAt(0)] = value;
  HEX[value.toString(16).toUpperCase().charCodeAt(0)] = value;
}

function decodeQuotedPrintable(body: Uint8Array): Uint8Array {
  const out = Buffer.allocUnsafe(body.length);
  let length = 0;
  for (let at = 0; at < body.length; at++) {
    const byte = body[at] as number;
    if (byte !== 0x3d) {
      out[length++] = byte;
      continue;
    }
    const high = HEX[body[at + 1] ?? 0] as number;
    const low = HEX[body[at + 2] ?? 0] as number;
    if (high >= 0 && low >= 0) {
      out[length++] = (high << 4) | low;
      at += 2;
      continue;
    }
    const end = softBreakEnd(body, at + 1);
    if (end < 0) out[length++] = byte;
    else at = end;
  }
  return out.subarray(0, length);
}

/** Spaces that a gateway added, and the line end; -1 when the equals sign stands for itself. */
function softBreakEnd(body: Uint8Array, from: number): number {
  let at = from;
  while (at < from + 80 && (body[at] === 0x20 || body[at] === 0x09)) at++;
  if (body[at] === 0x0d) at++;
  if (body[at] === 0x0a) return at;
  if (at >= body.length) return body.length - 1;
  return -1;
}

export interface Uuencoded {
  readonly name: string;
  readonly bytes: Uint8Array;
  /** Where it lies in the body. */
  readonly start: number;
  readonly end: number;
}

/** As many as a message has attachments; behind them it is text. */
const MAX_FILES = 200;
/** Lines that begin like one; each is looked at. */
const MAX_BEGINS = 10_000;
const BEGIN = /^begin [0-7]{3,4} (?<name>[^\r\n]{1,255})\r?\n/;

/** Files as they were put into texts before MIME: `begin 644 name`, lines, `end`. What has no end is no file. */
export function findUuencoded(body: Uint8Array): readonly Uuencoded[] {
  const raw = Buffer.from(body.buffer, body.byteOffset, body.length);
  const found: Uuencoded[] = [];
  let at = raw.indexOf("begin ");
  for (let begins = 0; at >= 0 && found.length < MAX_FILES && begins < MAX_BEGINS; begins++) {
    const isLineStart = at === 0 || raw[at - 1] === 0x0a;
    const begin = isLineStart ? BEGIN.exec(raw.toString("latin1", at, at + 300)) : null;
    const file = begin ? uuencodedAt(raw, at + begin[0].length) : undefined;
    if (file) found.push({ ...file, name: (begin?.groups?.["name"] ?? "").trim(), start: at });
    at = raw.indexOf("begin ", file?.end ?? at + 6);
  }
  return found;
}

/** 45 bytes in a line of 61 characters; some programs write longer ones. */
const MAX_LINE_CHARS = 90;

function uuencodedAt(raw: Buffer, start: number): { readonly bytes: Uint8Array; readonly end: number } | undefined {
  const to = endOfUuencoded(raw, start);
  if (to === undefined) return undefined;
  const out = Buffer.allocUnsafe(to - start);
  let length = 0;
  for (let at = start; at < to;) {
    const newline = raw.indexOf(0x0a, at);
    const count = ((raw[at] as number) - 32) & 63;
    for (let done = 0, from = at + 1; done < count; done += 3, from += 4) {
      const [a, b, c, d] = [
        sixBits(raw, from, newline),
        sixBits(raw, from + 1, newline),
        sixBits(raw, from + 2, newline),
        sixBits(raw, from + 3, newline),
      ];
      out[length + done] = (a << 2) | (b >> 4);
      out[length + done + 1] = (b << 4) | (c >> 2);
      out[length + done + 2] = (c << 6) | d;
    }
    length += Math.min(count, newline - at);
    at = newline + 1;
  }
  const newline = raw.indexOf(0x0a, to);
  return { bytes: out.subarray(0, length), end: newline < 0 ? raw.length : newline + 1 };
}

/** Gateways took spaces off the ends of lines; they are zeros. */
const sixBits = (raw: Buffer, at: number, end: number): number => {
  const byte = at < end ? (raw[at] as number) : 0x20;
  return byte < 0x20 ? 0 : (byte - 32) & 63;
};

/** Where the line `end` begins; undefined where a line comes before it that is none of such a file. */
function endOfUuencoded(raw: Buffer, start: number): number | undefined {
  for (let at = start; at < raw.length;) {
    const newline = raw.indexOf(0x0a, at);
    if (raw.toString("latin1", at, at + 3) === "end" && (newline < 0 || newline - at <= 4)) return at;
    if (newline < 0 || newline - at > MAX_LINE_CHARS) return undefined;
    for (let index = at; index < newline; index++) {
      const byte = raw[index] as number;
      if ((byte < 0x20 || byte > 0x60) && byte !== 0x0d) return undefined;
    }
    at = newline + 1;
  }
  return undefined;
}
