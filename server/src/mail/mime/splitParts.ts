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

interface Frame {
  readonly part: OpenPart;
  readonly boundary: Buffer;
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
      this.#frames.push({ part, boundary });
      this.#leaf = undefined;
    } else {
      if (boundary) this.#oddities.add("depth");
      this.#leaf = part;
    }
    return part;
  }

  #boundaryOf(part: OpenPart): Buffer | undefined {
    const named = part.type.params.get("boundary");
    if (named !== undefined && named !== "") return Buffer.from(named.slice(0, MAX_BOUNDARY_CHARS));
    this.#oddities.add("boundary");
    // It was forgotten or damaged: the first line that looks like one is one.
    const head = this.#raw.toString("latin1", part.bodyStart, part.bodyStart + 65_536);
    const guessed = /^--(?<boundary>[!-~][ -~]{0,199}?)[ \t\r]*$/m.exec(head)?.groups?.["boundary"];
    return guessed === undefined ? undefined : Buffer.from(guessed);
  }

  /** Takes what ends here, opens what begins here, and says where reading goes on. */
  #pass({ at, end, frame, isLast }: Delimiter): number {
    const bodyEnd = beforeNewline(this.#raw, at);
    if (this.#leaf) this.#leaf.bodyEnd = Math.max(bodyEnd, this.#leaf.bodyStart);
    this.#leaf = undefined;
    while (this.#frames.length > frame + 1) {
      const inner = this.#frames.pop();
      if (inner) inner.part.bodyEnd = Math.max(bodyEnd, inner.part.bodyStart);
      this.#oddities.add("boundary");
    }
    const { part } = this.#frames[frame] as Frame;
    if (isLast) {
      part.bodyEnd = end;
      this.#frames.pop();
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
    for (let at = from; at < this.#raw.length;) {
      const candidate =
        this.#isLineStart(at) && this.#raw[at] === 0x2d && this.#raw[at + 1] === 0x2d
          ? at
          : this.#raw.indexOf("\n--", at, "latin1") + 1;
      if (candidate <= 0) return undefined;
      const found = this.#frameAt(candidate);
      if (found) return found;
      at = candidate + 1;
    }
    return undefined;
  }

  #isLineStart(at: number): boolean {
    return at === 0 || this.#raw[at - 1] === 0x0a;
  }

  /** Whether a delimiter of an open multipart stands here, at the start of a line; the innermost one first. */
  #frameAt(at: number): Delimiter | undefined {
    if (this.#raw[at] !== 0x2d || this.#raw[at + 1] !== 0x2d) return undefined;
    for (let frame = this.#frames.length - 1; frame >= 0; frame--) {
      const found = this.#matches(at, frame);
      if (found) return found;
    }
    return undefined;
  }

  #matches(at: number, frame: number): Delimiter | undefined {
    const { boundary } = this.#frames[frame] as Frame;
    const raw = this.#raw;
    let end = at + 2 + boundary.length;
    // The last byte differs most between boundaries that programs count up.
    if (raw[end - 1] !== boundary[boundary.length - 1] || raw[at + 2] !== boundary[0]) return undefined;
    if (raw.compare(boundary, 0, boundary.length, at + 2, end) !== 0) return undefined;
    const isLast = raw[end] === 0x2d && raw[end + 1] === 0x2d;
    if (isLast) end += 2;
    while (raw[end] === 0x20 || raw[end] === 0x09 || raw[end] === 0x0d) end++;
    if (end < raw.length && raw[end] !== 0x0a) return undefined;
    return { at, end: Math.min(end + 1, raw.length), frame, isLast };
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
