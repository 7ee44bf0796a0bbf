import { latin1 } from "./charset.ts";

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
      return findUuencoded(latin1(body))[0]?.bytes ?? body;
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

/**
 * By hand and not by `Buffer.from(…, "base64")`: that wants the whole body as a string beside the bytes, stops at the first padding
 * (some programs pad every line), and reads 50 MB no faster.
 */
export function decodeBase64(body: Uint8Array): Uint8Array {
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
  /** Where it lies in the text. */
  readonly start: number;
  readonly end: number;
}

/** Files as they were put into texts before MIME: `begin 644 name`, lines, `end`. What has no end is no file. */
export function findUuencoded(text: string): readonly Uuencoded[] {
  const found: Uuencoded[] = [];
  const begin = /^begin [0-7]{3,4} (?<name>[^\r\n]{1,255})\r?\n/gm;
  for (let match = begin.exec(text); match; match = begin.exec(text)) {
    const from = begin.lastIndex;
    const end = endOfUuencoded(text, from);
    if (end === undefined) continue;
    found.push({
      name: (match.groups?.["name"] ?? "").trim(),
      bytes: decodeUuencoded(text.slice(from, end.from)),
      start: match.index,
      end: end.to,
    });
    begin.lastIndex = end.to;
  }
  return found;
}

function endOfUuencoded(text: string, start: number): { readonly from: number; readonly to: number } | undefined {
  for (let at = start; at < text.length;) {
    const next = text.indexOf("\n", at);
    const to = next < 0 ? text.length : next + 1;
    const line = text.slice(at, to).trimEnd();
    if (line === "end") return { from: at, to };
    if (line.length > 90 || !/^[ -`]*$/.test(line)) return undefined;
    at = to;
  }
  return undefined;
}

function decodeUuencoded(text: string): Uint8Array {
  const bytes: number[] = [];
  for (const line of text.split(/\r?\n/)) {
    const count = line === "" ? 0 : (line.charCodeAt(0) - 32) & 63;
    const start = bytes.length;
    for (let at = 1; bytes.length < start + count && at < line.length + 4; at += 4) {
      const [a = 0, b = 0, c = 0, d = 0] = [0, 1, 2, 3].map((step) => ((line.charCodeAt(at + step) || 32) - 32) & 63);
      bytes.push((a << 2) | (b >> 4), ((b & 15) << 4) | (c >> 2), ((c & 3) << 6) | d);
    }
    bytes.length = Math.min(bytes.length, start + count);
  }
  return Uint8Array.from(bytes);
}
