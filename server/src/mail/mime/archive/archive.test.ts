import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { noFlags, type ArchiveEntry, type ArchiveMessage } from "./archiveMessage.ts";
import { readMaildir, writeMaildir, type MaildirFile } from "./maildir.ts";
import { readMbox, writeMbox } from "./mbox.ts";

async function* each<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items;
}

/** In pieces of any size, as disks and networks give them. */
async function* inPieces(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

const message = (raw: string, more: Partial<ArchiveMessage> = {}): ArchiveMessage => ({
  raw: Buffer.from(raw),
  flags: noFlags,
  folder: [],
  ...more,
});
const rawOf = (entry: ArchiveEntry): string =>
  entry.kind === "message" ? Buffer.from(entry.message.raw).toString("latin1") : `too large: ${entry.bytes}`;
const mbox = (text: string, size = 7, options = {}) => collect(readMbox(inPieces(Buffer.from(text), size), options));

describe("mbox", () => {
  it("[MBX-1] what was written is read again byte for byte", async () => {
    const line = fc.oneof(
      fc.constantFrom("From anna Mon Jan  5 10:00:00 2026", ">From x", ">>From x", "From here on", "", "--", ">"),
      fc.string(),
    );
    const raws = fc.array(
      fc
        .array(line, { minLength: 1, maxLength: 12 })
        .map((lines) => `Subject: x\r\n\r\n${lines.join("\r\n").replaceAll(/\r(?!\n)|(?<!\r)\n/g, "")}\r\n`),
      { maxLength: 6 },
    );
    await fc.assert(
      fc.asyncProperty(raws, fc.integer({ min: 1, max: 60 }), async (given, size) => {
        const written = Buffer.concat(await collect(writeMbox(each(given.map((raw) => message(raw))))));
        const read = await collect(readMbox(inPieces(written, size)));
        expect(
          read.map((entry) => (entry.kind === "message" ? Buffer.from(entry.message.raw).toString() : "?")),
        ).toEqual(given.map((raw) => Buffer.from(raw).toString()));
      }),
      { numRuns: 300 },
    );
  });

  it("tells a separator from a sentence, and knows when it came", async () => {
    const found = await mbox(
      "From anna@example.com Mon Jan  5 10:00:00 2026\nSubject: a\n\nFrom here on,\n\nFrom there off.\n\nFrom - Tue Jan 06 10:00:00 2026\nSubject: b\n\nx\n",
    );
    expect(found.map(rawOf)).toEqual(["Subject: a\n\nFrom here on,\n\nFrom there off.\n", "Subject: b\n\nx\n"]);
    expect(found.map((entry) => entry.kind === "message" && entry.message.receivedAt?.toISOString())).toEqual([
      "2026-01-05T10:00:00.000Z",
      "2026-01-06T10:00:00.000Z",
    ]);
  });

  it("reads the flags of mutt and of Thunderbird", async () => {
    const found = await mbox(
      "From a Mon Jan  5 10:00:00 2026\nStatus: RO\nX-Status: AF\n\nx\n\nFrom a Mon Jan  5 10:00:00 2026\nX-Mozilla-Status: 0005\n\nx\n",
    );
    expect(found.map((entry) => entry.kind === "message" && entry.message.flags)).toEqual([
      { ...noFlags, seen: true, answered: true, flagged: true },
      { ...noFlags, seen: true, flagged: true },
    ]);
  });

  it("[MBX-2] passes over what is too large, and reads the next", async () => {
    const large = `Subject: large\n\n${"x".repeat(5_000)}\n${"y".repeat(50)}\n`;
    const found = await mbox(
      `From a Mon Jan  5 10:00:00 2026\n${large}\nFrom a Mon Jan  5 10:00:00 2026\nSubject: b\n\nx\n`,
      100,
      { maxBytes: 1_000 },
    );
    expect(found.map(rawOf)).toEqual([`too large: ${large.length}`, "Subject: b\n\nx\n"]);
  });

  it.each([
    ["an empty file", "", []],
    ["no separator", "Subject: x\n\ny\n", []],
    [
      "text before the first separator",
      "junk\n\nFrom a Mon Jan  5 10:00:00 2026\nSubject: x\n\ny\n",
      ["Subject: x\n\ny\n"],
    ],
    [
      "a separator without an empty line before it",
      "From a Mon Jan  5 10:00:00 2026\nSubject: x\n\ny\nFrom a Mon Jan  5 10:00:00 2026\n",
      ["Subject: x\n\ny\nFrom a Mon Jan  5 10:00:00 2026\n"],
    ],
    ["no line end at the end", "From a Mon Jan  5 10:00:00 2026\nSubject: x\n\ny", ["Subject: x\n\ny"]],
  ])("%s", async (_what, text, expected) => {
    expect((await mbox(text)).map(rawOf)).toEqual(expected);
  });
});

describe("Maildir", () => {
  const file = (path: string, raw = "Subject: x\n\ny\n"): MaildirFile => ({
    path,
    size: raw.length,
    read: async () => Buffer.from(raw),
  });

  it("what was written is read again, with flags, folder and moment", async () => {
    const messages = [
      message("Subject: a\r\n\r\nx", {
        receivedAt: new Date("2026-01-05T10:00:00Z"),
        flags: { ...noFlags, seen: true, flagged: true },
      }),
      message("Subject: a\r\n\r\nx", {
        receivedAt: new Date("2026-01-05T10:00:00Z"),
        folder: ["Проекты", "2026. Q1/Q2"],
      }),
      message("Subject: a\r\n\r\nx", {
        receivedAt: new Date("2026-01-05T10:00:00Z"),
        folder: ["Проекты", "2026. Q1/Q2"],
        flags: { ...noFlags, draft: true, answered: true, trashed: true },
      }),
    ];
    const written = await collect(writeMaildir(each(messages)));
    expect(new Set(written.map(({ path }) => path)).size).toBe(3);
    expect(written.map(({ path }) => path.split("/").length)).toEqual([2, 3, 3]);
    const files = written.map(({ path, raw }) => ({ path, size: raw.length, read: async () => raw }));
    const read = await collect(readMaildir(each(files)));
    expect(read).toEqual(messages.map((each) => ({ kind: "message", message: each })));
  });

  it("passes over what is no message, and says what is too large", async () => {
    const files = [
      file("tmp/1767607200.a"),
      file("dovecot.index"),
      file(".Sent/dovecot-uidlist"),
      file("cur/.hidden"),
      file("new/1767607200.a"),
      file("cur/large", "x".repeat(99)),
    ];
    const read = await collect(readMaildir(each(files), { maxBytes: 50 }));
    expect(read.map(({ kind }) => kind)).toEqual(["message", "tooLarge"]);
  });

  it("reads names that Windows could write", async () => {
    const read = await collect(readMaildir(each([file(".Sent/cur/1767607200.a;2,S"), file("cur/odd-name")])));
    expect(read).toMatchObject([
      { message: { flags: { seen: true }, folder: ["Sent"] } },
      { message: { flags: noFlags, folder: [] } },
    ]);
  });
});
