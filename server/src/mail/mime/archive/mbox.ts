import { mailLimits } from "@kontor/shared/mail";
import { parseMailDate } from "../mailDate.ts";
import { splitParts } from "../splitParts.ts";
import { noFlags, type ArchiveEntry, type ArchiveFlags, type ArchiveMessage } from "./archiveMessage.ts";

/**
 * mbox as `mboxrd` has it: a line `From sender date` before each message, an empty line behind it, and one `>` in front of each line of
 * a message that would look like the first. Read and written as streams: an archive of years costs the memory of its largest message.
 *
 * - **MBX-1** What was written is read again byte for byte, for messages that end with a line end.
 * - **MBX-2** A message above the limit is passed over and said, and the next one is read.
 */
export async function* readMbox(
  source: AsyncIterable<Uint8Array>,
  { maxBytes = mailLimits.maxMessageBytes }: { readonly maxBytes?: number } = {},
): AsyncGenerator<ArchiveEntry> {
  let open: OpenMessage | undefined;
  let isAfterBlank = true;
  for await (const line of linesOf(source, maxBytes)) {
    const separator = isAfterBlank ? separatorOf(line) : undefined;
    if (separator) {
      if (open) yield open.close();
      open = new OpenMessage(separator.receivedAt, maxBytes);
      isAfterBlank = false;
      continue;
    }
    isAfterBlank = line.length <= 2 && /^\r?\n?$/.test(line.toString("latin1"));
    // What stands before the first separator belongs to no message.
    open?.add(isQuoted(line) ? line.subarray(1) : line);
  }
  if (open) yield open.close();
}

class OpenMessage {
  readonly #lines: Buffer[] = [];
  readonly #receivedAt: Date | undefined;
  readonly #maxBytes: number;
  #bytes = 0;
  /** Of the last line, where it is an empty one. */
  #lastBytes = 0;

  constructor(receivedAt: Date | undefined, maxBytes: number) {
    this.#receivedAt = receivedAt;
    this.#maxBytes = maxBytes;
  }

  add(line: Buffer): void {
    this.#bytes += line.length;
    this.#lastBytes = line.length <= 2 && /^\r?\n$/.test(line.toString("latin1")) ? line.length : 0;
    if (this.#bytes <= this.#maxBytes + 2) this.#lines.push(line);
    else this.#lines.length = 0;
  }

  close(): ArchiveEntry {
    // The empty line before the next separator is the archive's.
    this.#bytes -= this.#lastBytes;
    if (this.#lastBytes > 0) this.#lines.pop();
    if (this.#bytes > this.#maxBytes) return { kind: "tooLarge", bytes: this.#bytes, folder: [] };
    const raw = Buffer.concat(this.#lines);
    const receivedAt = this.#receivedAt;
    return { kind: "message", message: { raw, flags: flagsOf(raw), ...(receivedAt && { receivedAt }), folder: [] } };
  }
}

/** A line longer than a message may be is cut into pieces: they belong together, and to a message that is too large. */
async function* linesOf(source: AsyncIterable<Uint8Array>, maxBytes: number): AsyncGenerator<Buffer> {
  let pieces: Buffer[] = [];
  let held = 0;
  for await (const chunk of source) {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    let start = 0;
    for (let end = bytes.indexOf(0x0a); end >= 0; end = bytes.indexOf(0x0a, start)) {
      yield Buffer.concat([...pieces, bytes.subarray(start, end + 1)]);
      pieces = [];
      held = 0;
      start = end + 1;
    }
    if (start === bytes.length) continue;
    pieces.push(bytes.subarray(start));
    held += bytes.length - start;
    if (held > maxBytes) {
      yield Buffer.concat(pieces);
      pieces = [];
      held = 0;
    }
  }
  if (held > 0) yield Buffer.concat(pieces);
}

/** `From anna@example.com Mon Jan  5 10:00:00 2026`: the time tells it from a sentence that begins with this word. */
function separatorOf(line: Buffer): { readonly receivedAt: Date | undefined } | undefined {
  if (line.length > 500 || line.toString("latin1", 0, 5) !== "From ") return undefined;
  const date = /^From (?:.*? )?(?<date>[A-Z][a-z]{2},? .*\d{1,2}:\d\d.*)$/m.exec(line.toString("latin1"))?.groups?.[
    "date"
  ];
  return date === undefined ? undefined : { receivedAt: parseMailDate(date) };
}

/** `>From `, `>>From ` …, and what would be taken for a separator itself. */
function isQuoted(line: Buffer): boolean {
  return line[0] === 0x3e && isFromLine(line);
}

function isFromLine(line: Uint8Array): boolean {
  let at = 0;
  while (line[at] === 0x3e) at++;
  return FROM.every((byte, index) => line[at + index] === byte);
}

const FROM = [...Buffer.from("From ")];

/** `Status: RO` and `X-Status: AF` of mutt and pine, `X-Mozilla-Status: 0005` of Thunderbird. */
function flagsOf(raw: Uint8Array): ArchiveFlags {
  const { headers } = splitParts(raw.subarray(0, 65_536)).root;
  const letters = `${headers.plain("status") ?? ""}${headers.plain("x-status") ?? ""}`.toUpperCase();
  const mozilla = Number.parseInt(headers.plain("x-mozilla-status") ?? "0", 16) || 0;
  const hasBit = (bit: number) => (mozilla & bit) !== 0;
  return {
    ...noFlags,
    seen: letters.includes("R") || hasBit(0x1),
    answered: letters.includes("A") || hasBit(0x2),
    flagged: letters.includes("F") || hasBit(0x4),
    draft: letters.includes("T"),
    trashed: letters.includes("D") || hasBit(0x8),
  };
}

/** The messages as one archive. Flags are not written: they would change what the messages say. */
export async function* writeMbox(
  messages: AsyncIterable<Pick<ArchiveMessage, "raw" | "receivedAt">>,
): AsyncGenerator<Buffer> {
  for await (const { raw, receivedAt = new Date(0) } of messages) {
    yield Buffer.from(`From MAILER-DAEMON ${asctime(receivedAt)}\n`);
    yield* quoted(Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength));
    yield Buffer.from(raw.at(-1) === 0x0a ? "\n" : "\n\n");
  }
}

function* quoted(raw: Buffer): Generator<Buffer> {
  let start = 0;
  for (let at = 0; at < raw.length;) {
    if (isFromLine(raw.subarray(at, at + MAX_QUOTES + FROM.length))) {
      yield raw.subarray(start, at);
      yield Buffer.from(">");
      start = at;
    }
    const newline = raw.indexOf(0x0a, at);
    at = newline < 0 ? raw.length : newline + 1;
  }
  yield raw.subarray(start);
}

const MAX_QUOTES = 1_000;

/** C's format, in UTC, which archives have always had. */
function asctime(date: Date): string {
  const [weekday, day, month, year, time] = date.toUTCString().replace(",", "").split(" ");
  return `${weekday} ${month} ${String(Number(day)).padStart(2)} ${time} ${year}`;
}
