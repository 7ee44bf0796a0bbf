import { mailLimits } from "@kontor/shared/mail";
import { decodeText, isAscii, isKnownCharset, isValidUtf8, latin1 } from "./charset.ts";
import { decodeWords } from "./encodedWords.ts";

/** A header field as it stood there: the name in lower case, the bytes behind the colon with their folding. */
export interface HeaderField {
  readonly name: string;
  readonly raw: Uint8Array;
}

/** The fields of a part, in order. Read by the charset of the message where somebody wrote eight-bit text into them. */
export class HeaderFields {
  readonly fields: readonly HeaderField[];
  readonly #charset: string | undefined;

  constructor(fields: readonly HeaderField[], charset?: string) {
    this.fields = fields;
    this.#charset = isKnownCharset(charset) ? charset : undefined;
  }

  has(name: string): boolean {
    return this.fields.some((field) => field.name === name);
  }

  count(name: string): number {
    return this.fields.filter((field) => field.name === name).length;
  }

  /** Unfolded, its encoded words as they stand. The first one counts. */
  plain(name: string): string | undefined {
    const field = this.fields.find((each) => each.name === name);
    return field && this.#unfold(field.raw);
  }

  plainAll(name: string): readonly string[] {
    return this.fields.filter((field) => field.name === name).map(({ raw }) => this.#unfold(raw));
  }

  /** Unstructured text, decoded. */
  text(name: string): string | undefined {
    const plain = this.plain(name);
    return plain === undefined ? undefined : decodeWords(plain.slice(0, MAX_TEXT_CHARS));
  }

  #unfold(raw: Uint8Array): string {
    const text = decodeHeaderBytes(raw, this.#charset);
    return text
      .replaceAll(/[\r\n]+/g, "")
      .replaceAll(CONTROL, " ")
      .trim();
  }
}

/** A subject of 998 characters, each an escape of its own, with what parts its words. */
const MAX_TEXT_CHARS = 32_768;

// oxlint-disable-next-line no-control-regex -- naming control characters is the point
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f]/g;

/** RFC 6532 says UTF-8; before it, people wrote what their computer spoke. ISO-2022-JP is seven-bit and is seen by its escapes. */
function decodeHeaderBytes(raw: Uint8Array, charset: string | undefined): string {
  if (isAscii(raw)) return raw.includes(0x1b) ? decodeText(raw).text : latin1(raw);
  return decodeText(raw, isValidUtf8(raw) ? "utf-8" : charset).text;
}

/** `text/plain; charset="utf-8"`: a value and its parameters (RFC 2045 §5.1, RFC 2231). */
export interface StructuredField {
  /** In lower case. */
  readonly value: string;
  readonly params: ReadonlyMap<string, string>;
}

const MAX_PARAMS = 100;
const MAX_STRUCTURED_CHARS = 32_768;

export function parseStructured(field: string): StructuredField {
  const raw = new Map<string, string>();
  const parts = splitParams(field.slice(0, MAX_STRUCTURED_CHARS));
  for (const part of parts.slice(1, MAX_PARAMS)) {
    const at = part.indexOf("=");
    const name = part.slice(0, Math.max(at, 0)).trim().toLowerCase();
    // The first one counts: a scanner that looked at it and a reader here must see the same.
    if (name !== "" && !raw.has(name)) raw.set(name, unquote(part.slice(at + 1)));
  }
  return {
    value: stripComments(parts[0] ?? "")
      .trim()
      .toLowerCase(),
    params: joinContinuations(raw),
  };
}

/** At semicolons outside of quotation marks and comments. */
function splitParams(text: string): readonly string[] {
  const parts: string[] = [];
  let part = "";
  let isQuoted = false;
  for (let at = 0; at < text.length; at++) {
    const char = text[at] ?? "";
    if (isQuoted && char === "\\") part += char + (text[++at] ?? "");
    else if (char === ";" && !isQuoted) {
      parts.push(part);
      part = "";
    } else {
      // Within a value an inch sign is just that: `size=17" screen`.
      if (char === '"' && (isQuoted || /=\s*$/.test(part.slice(-200)))) isQuoted = !isQuoted;
      part += char;
    }
  }
  // A quotation mark without a second one would swallow all that follows.
  if (isQuoted) return [...parts, ...part.split(";")];
  return [...parts, part];
}

const stripComments = (text: string): string => text.replaceAll(/\([^()]*\)/g, " ");

function unquote(value: string): string {
  const trimmed = value.trim();
  const quoted = /^"(?<inner>(?:[^"\\]|\\.)*)"/s.exec(trimmed)?.groups?.["inner"];
  if (quoted !== undefined) return quoted.replaceAll(/\\(?=["\\])/g, "");
  return trimmed
    .replace(/^"/, "")
    .replace(/\s\([^()]*\)$/, "")
    .trim();
}

/** `filename*0*=utf-8''a%20; filename*1=b` (RFC 2231 §4), and encoded words, which have no place in parameters and are everywhere. */
function joinContinuations(raw: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  const params = new Map<string, string>();
  const pieces = new Map<string, { index: number; value: string; isEncoded: boolean }[]>();
  for (const [key, value] of raw) {
    const match = /^(?<name>[^*]+)\*(?:(?<index>\d{1,3})(?<star>\*)?)?$/.exec(key);
    const name = match?.groups?.["name"];
    if (name === undefined) {
      params.set(key, decodeWords(value));
      continue;
    }
    const index = match?.groups?.["index"];
    const piece = {
      index: Number(index ?? 0),
      value,
      isEncoded: index === undefined || match?.groups?.["star"] !== undefined,
    };
    pieces.set(name, [...(pieces.get(name) ?? []), piece]);
  }
  for (const [name, list] of pieces) {
    // Where both forms are there, this one is for who can read it (RFC 6266 §4.3).
    params.set(name, joinPieces(list.toSorted((a, b) => a.index - b.index)));
  }
  return params;
}

function joinPieces(pieces: readonly { readonly value: string; readonly isEncoded: boolean }[]): string {
  const label = /^(?<charset>[^']*)'[^']*'(?<rest>.*)$/s.exec(pieces[0]?.isEncoded ? pieces[0].value : "")?.groups;
  const bytes = pieces.map(({ value, isEncoded }, index) => {
    const text = index === 0 && label ? (label["rest"] ?? "") : value;
    return isEncoded ? percentBytes(text) : Buffer.from(text);
  });
  return decodeText(Buffer.concat(bytes), label?.["charset"] || "utf-8").text;
}

function percentBytes(text: string): Buffer {
  const parts = text.split(/(?<escape>%[0-9a-f]{2})/i);
  return Buffer.concat(
    parts.map((part) =>
      /^%[0-9a-f]{2}$/i.test(part) ? Buffer.from([Number.parseInt(part.slice(1), 16)]) : Buffer.from(part),
    ),
  );
}

/* ---------- reading the block ---------- */

export interface HeaderBlock {
  readonly fields: readonly HeaderField[];
  /** Where the body begins. */
  readonly bodyStart: number;
  readonly isOdd: boolean;
}

/** Bytes that all headers of a message may still take. */
export interface HeaderBudget {
  bytes: number;
  fields: number;
}

export const newHeaderBudget = (): HeaderBudget => ({ bytes: mailLimits.maxHeaderBytes, fields: 10_000 });

/** A field's name (RFC 5322 §2.2), with the white space before the colon that old programs put there. */
const FIELD = /^(?<name>[!-9;-~]{1,200})[ \t]*:/;

/**
 * The fields from `start` on, up to the empty line. A line that is neither a field nor the rest of one ends them, too, as in sendmail:
 * so what is meant to be read is read, and is not taken for a header. `isDelimiter` tells a part's end that comes too early.
 */
export function readHeaderBlock(
  raw: Buffer,
  start: number,
  end: number,
  budget: HeaderBudget,
  isDelimiter: (at: number) => boolean,
): HeaderBlock {
  const fields: HeaderField[] = [];
  let isOdd = false;
  let field: { name: string; from: number; to: number } | undefined;
  const keep = () => {
    if (!field) return;
    budget.bytes -= field.to - field.from + field.name.length;
    if (budget.bytes >= 0 && budget.fields-- > 0)
      fields.push({ name: field.name, raw: raw.subarray(field.from, field.to) });
    else isOdd = true;
    field = undefined;
  };
  for (let at = start; at < end;) {
    const newline = raw.indexOf(0x0a, at);
    const next = newline < 0 || newline >= end ? end : newline + 1;
    const first = raw[at];
    if (first === 0x0a || (first === 0x0d && next - at <= 2)) {
      keep();
      return { fields, bodyStart: next, isOdd };
    }
    if (first === 0x2d && isDelimiter(at)) {
      keep();
      return { fields, bodyStart: at, isOdd: true };
    }
    if ((first === 0x20 || first === 0x09) && field) field.to = next;
    else {
      keep();
      const head = raw.toString("latin1", at, Math.min(next, at + 220));
      const name = FIELD.exec(head);
      if (name) field = { name: (name.groups?.["name"] ?? "").toLowerCase(), from: at + name[0].length, to: next };
      else if (!/^>?From /.test(head)) {
        return { fields, bodyStart: at, isOdd: true };
      }
    }
    at = next;
  }
  keep();
  return { fields, bodyStart: end, isOdd };
}
