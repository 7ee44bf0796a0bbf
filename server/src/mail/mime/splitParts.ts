import { mailLimits } from "@kontor/shared/mail";
import { latin1 } from "./charset.ts";
import {
  HeaderFields,
  newHeaderBudget,
  parseStructured,
  readHeaderBlock,
  type HeaderBudget,
  type HeaderField,
  type StructuredField,
} from "./headerFields.ts";

/**
 * The parts of a message (RFC 2046), as views of its bytes: nothing is copied and nothing decoded, so that 50 MB cost what finding
 * the boundaries in them costs. Bounded in depth, parts and header bytes; what is beyond stays in the last part that was opened.
 *
 * - **MIM-1** Every byte of a body belongs to a part, or lies before the first or behind the last boundary of a multipart.
 * - **MIM-2** A part ends where its own multipart or any one around it says so: a boundary that never comes hides nothing.
 * - **MIM-3** A multipart in which no boundary is found is text: what was sent is seen.
 */
export interface MimePart {
  readonly headers: HeaderFields;
  readonly type: StructuredField;
  readonly disposition: StructuredField;
  /** Content-Transfer-Encoding, in lower case. */
  readonly encoding: string;
  /** As it travels, not decoded. */
  readonly body: Uint8Array;
  /** Of a multipart; a leaf has none. */
  readonly children: readonly MimePart[];
}

export interface SplitMessage {
  readonly root: MimePart;
  readonly oddities: ReadonlySet<string>;
}

export function splitParts(message: Uint8Array): SplitMessage {
  const raw = withNewlines(Buffer.from(message.buffer, message.byteOffset, message.byteLength));
  return new Splitter(raw).split();
}

/** Classic Macs and broken gateways end lines with CR alone. */
function withNewlines(raw: Buffer): Buffer {
  if (raw.includes(0x0a) || !raw.includes(0x0d)) return raw;
  const copy = Buffer.from(raw);
  for (let at = copy.indexOf(0x0d); at >= 0; at = copy.indexOf(0x0d, at + 1)) copy[at] = 0x0a;
  return copy;
}

interface OpenPart {
  readonly fields: readonly HeaderField[];
  readonly type: StructuredField;
  readonly bodyStart: number;
  bodyEnd: number;
  readonly children: OpenPart[];
  readonly depth: number;
}

/** A multipart that is open. */
interface Frame {
  readonly part: OpenPart;
  /** Its bytes, as characters. */
  readonly boundary: string;
}

class Splitter {
  readonly #raw: Buffer;
  readonly #frames: Frame[] = [];
  readonly #oddities = new Set<string>();
  readonly #budget: HeaderBudget = newHeaderBudget();
  #parts = 0;
  /** The leaf that the bytes now read belong to; none before and behind the parts of a multipart. */
  #leaf: OpenPart | undefined;

  constructor(raw: Buffer) {
    this.#raw = raw;
  }

  split(): SplitMessage {
    const root = this.#open(firstLine(this.#raw), "text/plain", 0);
    let at = root.bodyStart;
    while (this.#frames.length > 0) {
      const delimiter = this.#nextDelimiter(at);
      if (!delimiter) break;
      at = this.#pass(delimiter);
    }
    for (const { part } of this.#frames) {
      part.bodyEnd = this.#raw.length;
      this.#oddities.add("boundary");
    }
    if (this.#leaf) this.#leaf.bodyEnd = this.#raw.length;
    return { root: this.#close(root, charsetHint(root)), oddities: this.#oddities };
  }

  #open(start: number, defaultType: string, depth: number): OpenPart {
    this.#parts++;
    const block = readHeaderBlock(
      this.#raw,
      start,
      this.#raw.length,
      this.#budget,
      (at) => this.#frameAt(at) !== undefined,
    );
    if (block.isOdd) this.#oddities.add("header");
    const { fields } = block;
    const type = typeOf(new HeaderFields(fields).plain("content-type"), defaultType);
    const part: OpenPart = { fields, type, bodyStart: block.bodyStart, bodyEnd: this.#raw.length, children: [], depth };
    const boundary = type.value.startsWith("multipart/") ? this.#boundaryOf(part) : undefined;
    if (boundary && depth < mailLimits.maxMimeDepth) {
      this.#pushFrame({ part, boundary });
      this.#leaf = undefined;
    } else {
      if (boundary) this.#oddities.add("depth");
      this.#leaf = part;
    }
    return part;
  }

  #boundaryOf(part: OpenPart): string | undefined {
    const named = part.type.params.get("boundary");
    if (named !== undefined && named !== "") return Buffer.from(named.slice(0, MAX_BOUNDARY_CHARS)).toString("latin1");
    this.#oddities.add("boundary");
    // It was forgotten or damaged: the first line that looks like one is one.
    const head = this.#raw.toString("latin1", part.bodyStart, part.bodyStart + 65_536);
    const guessed = /^--(?<boundary>[!-~][ -~]{0,199}?)[ \t\r]*$/m.exec(head)?.groups?.["boundary"];
    return guessed;
  }

  /** Takes what ends here, opens what begins here, and says where reading goes on. */
  #pass({ at, end, frame, isLast }: Delimiter): number {
    const bodyEnd = beforeNewline(this.#raw, at);
    if (this.#leaf) this.#leaf.bodyEnd = Math.max(bodyEnd, this.#leaf.bodyStart);
    this.#leaf = undefined;
    while (this.#frames.length > frame + 1) {
      const inner = this.#popFrame();
      if (inner) inner.part.bodyEnd = Math.max(bodyEnd, inner.part.bodyStart);
      this.#oddities.add("boundary");
    }
    const { part } = this.#frames[frame] as Frame;
    if (isLast) {
      part.bodyEnd = end;
      this.#popFrame();
      return end;
    }
    if (this.#parts >= mailLimits.maxMimeParts) {
      this.#oddities.add("parts");
      this.#frames.length = 0;
      this.#leaf = part.children.at(-1);
      return end;
    }
    const child = this.#open(
      end,
      part.type.value === "multipart/digest" ? "message/rfc822" : "text/plain",
      part.depth + 1,
    );
    part.children.push(child);
    return child.bodyStart;
  }

  #nextDelimiter(from: number): Delimiter | undefined {
    const raw = this.#raw;
    for (let at = from; at < raw.length;) {
      if (raw[at] === 0x2d && raw[at + 1] === 0x2d && (at === 0 || raw[at - 1] === 0x0a)) {
        const found = this.#frameAt(at);
        if (found) return found;
      }
      at = nextDashes(raw, at + 1);
    }
    return undefined;
  }

  /**
   * Whether a delimiter of an open multipart stands here, at the start of a line; of two with the same boundary the inner one. By looking
   * the line up and not by comparing it with each: 50 MB of lines that are nearly one of 50 boundaries took 5 s.
   */
  #frameAt(at: number): Delimiter | undefined {
    const raw = this.#raw;
    if (raw[at + 1] !== 0x2d) return undefined;
    let end = at + 2;
    const furthest = end + this.#longest + 2;
    while (end < furthest && end < raw.length && !isBlank(raw[end])) end++;
    // Within a boundary a space may stand.
    if (this.#hasSpaces) while (end < furthest && end < raw.length && raw[end] !== 0x0a && raw[end] !== 0x0d) end++;
    while (end > at + 2 && isBlank(raw[end - 1])) end--;
    let next = end;
    while (raw[next] === 0x20 || raw[next] === 0x09 || raw[next] === 0x0d) next++;
    if (next < raw.length && raw[next] !== 0x0a) return undefined;
    if (!this.#mayEnd(end - at - 2, raw[end - 1])) return undefined;
    const text = raw.toString("latin1", at + 2, end);
    const open = this.#byBoundary.get(text)?.at(-1);
    if (open !== undefined) return { at, end: Math.min(next + 1, raw.length), frame: open, isLast: false };
    const closed = text.endsWith("--") ? this.#byBoundary.get(text.slice(0, -2))?.at(-1) : undefined;
    return closed === undefined ? undefined : { at, end: Math.min(next + 1, raw.length), frame: closed, isLast: true };
  }

  /** By length and last byte, which tell nearly all lines that only begin like one; a text of their own costs most. */
  #mayEnd(length: number, last: number | undefined): boolean {
    if (this.#lengths[length] === 1 && this.#lastBytes[last ?? 0] === 1) return true;
    return last === 0x2d && length >= 2 && this.#lengths[length - 2] === 1;
  }

  readonly #lengths = new Uint8Array(MAX_BOUNDARY_CHARS * 4 + 1);
  readonly #lastBytes = new Uint8Array(256);
  readonly #byBoundary = new Map<string, number[]>();
  /** Characters of the longest boundary there was. */
  #longest = 0;
  #hasSpaces = false;

  #pushFrame(frame: Frame): void {
    const { boundary } = frame;
    this.#byBoundary.set(boundary, [...(this.#byBoundary.get(boundary) ?? []), this.#frames.length]);
    this.#frames.push(frame);
    this.#longest = Math.max(this.#longest, boundary.length);
    this.#lengths[boundary.length] = 1;
    this.#lastBytes[boundary.charCodeAt(boundary.length - 1)] = 1;
    this.#hasSpaces ||= boundary.includes(" ");
  }

  #popFrame(): Frame | undefined {
    const frame = this.#frames.pop();
    if (frame) this.#byBoundary.get(frame.boundary)?.pop();
    return frame;
  }

  #close(open: OpenPart, hint: string | undefined): MimePart {
    const headers = new HeaderFields(open.fields, open.type.params.get("charset") ?? hint);
    const children = open.children.map((child) => this.#close(child, hint));
    const isMultipart = open.type.value.startsWith("multipart/");
    if (isMultipart && children.length === 0) this.#oddities.add("boundary");
    const { params } = parseStructured(headers.plain("content-type") ?? "");
    const encoding = (headers.plain("content-transfer-encoding") ?? "").toLowerCase().replaceAll(/\([^()]*\)/g, "");
    return {
      headers,
      type: { value: isMultipart && children.length === 0 ? "text/plain" : open.type.value, params },
      disposition: parseStructured(headers.plain("content-disposition") ?? ""),
      encoding: /[\w-]+/.exec(encoding)?.[0] ?? "",
      body: this.#raw.subarray(open.bodyStart, open.bodyEnd),
      children,
    };
  }
}

/** What the message says of its text is the best hint for its headers and the names of its attachments. */
function charsetHint({ type, children }: OpenPart): string | undefined {
  const own = type.params.get("charset");
  if (own !== undefined) return own;
  for (const child of children) {
    const found = charsetHint(child);
    if (found !== undefined) return found;
  }
  return undefined;
}

interface Delimiter {
  readonly at: number;
  /** Behind its line. */
  readonly end: number;
  readonly frame: number;
  readonly isLast: boolean;
}

/** RFC 2046 §5.1.1 allows 70 characters; longer ones were seen, and work. */
const MAX_BOUNDARY_CHARS = 1_000;

/** Before native search is worth its call, in bytes. */
const NEAR = 32;

/** The next `--` at the start of a line; the length where there is none. */
function nextDashes(raw: Buffer, from: number): number {
  const near = Math.min(from + NEAR, raw.length);
  for (let at = from; at < near; at++) if (raw[at] === 0x2d && raw[at - 1] === 0x0a && raw[at + 1] === 0x2d) return at;
  const found = raw.indexOf("\n--", near - 1, "latin1");
  return found < 0 ? raw.length : found + 1;
}

const isBlank = (byte: number | undefined): boolean => byte === 0x20 || byte === 0x09 || byte === 0x0d || byte === 0x0a;

/** The line end before a delimiter belongs to it. */
function beforeNewline(raw: Buffer, at: number): number {
  if (at > 0 && raw[at - 1] === 0x0a) return at > 1 && raw[at - 2] === 0x0d ? at - 2 : at - 1;
  return at;
}

/** Empty lines before the header, and the line that mbox files put there, are of whoever kept the message. */
function firstLine(raw: Buffer): number {
  let at = 0;
  while (raw[at] === 0x0d || raw[at] === 0x0a) at++;
  // A byte order mark of an editor's.
  if (raw[at] === 0xef && raw[at + 1] === 0xbb && raw[at + 2] === 0xbf) at += 3;
  if (/^>?From /.test(latin1(raw.subarray(at, at + 6)))) {
    const newline = raw.indexOf(0x0a, at);
    return newline < 0 ? raw.length : newline + 1;
  }
  return at;
}

/** RFC 2045 §5.2: what cannot be read is plain text. */
function typeOf(field: string | undefined, defaultType: string): StructuredField {
  const parsed = parseStructured(field ?? defaultType);
  const value = parsed.value.replaceAll(/\s/g, "");
  if (TYPE.test(value)) return { value, params: parsed.params };
  const known = LAX[value];
  return { value: known ?? (field === undefined || field === "" ? defaultType : "text/plain"), params: parsed.params };
}

const TYPE = /^[\w!#$&^.+-]{1,100}\/[\w!#$&^.+-]{1,100}$/;
/** What programs before RFC 2045, and some after it, wrote. */
const LAX: Readonly<Record<string, string>> = {
  text: "text/plain",
  html: "text/html",
  "text/": "text/plain",
  multipart: "multipart/mixed",
  "multipart/": "multipart/mixed",
  pdf: "application/pdf",
};
